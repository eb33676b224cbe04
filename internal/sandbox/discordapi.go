package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type discordTokenKey struct{}

// hideToken takes the token out of a request's path before it is recorded.
func (d *Discord) hideToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		token := req.PathValue("token")
		hidden := req.Clone(context.WithValue(req.Context(), discordTokenKey{}, token))
		hidden.URL.Path = strings.Replace(req.URL.Path, "/"+token, "/TOKEN", 1)
		hidden.URL.RawPath = ""
		next.ServeHTTP(rw, hidden)
	})
}

// discordError is one of Discord's refusals.
type discordError struct {
	status int
	code   int
	text   string
}

// admit checks faults, the rate limit and the webhook, and answers itself if the call goes no further; the lock is held.
func (d *Discord) admit(rw http.ResponseWriter, req *http.Request) bool {
	call := callOf(req.Context())
	token, _ := req.Context().Value(discordTokenKey{}).(string)
	switch {
	case d.faults.Down:
		call.Fault = "down"
		http.Error(rw, "<html>upstream connect error</html>", http.StatusServiceUnavailable)
		return false
	case d.faults.RetryAfter > 0:
		call.Fault = "limited"
		discordLimited(rw, d.faults.RetryAfter)
		return false
	case d.faults.Deleted || req.PathValue("id") != discordWebhook:
		discordRefuse(rw, discordError{http.StatusNotFound, 10015, "Unknown Webhook"})
		return false
	case token != d.opt.Token:
		discordRefuse(rw, discordError{http.StatusUnauthorized, 50027, "Invalid Webhook Token"})
		return false
	}
	call.As = "discord:" + d.opt.BotName
	return d.count(rw)
}

// count keeps the webhook's bucket and tells of it in headers.
func (d *Discord) count(rw http.ResponseWriter) bool {
	now := d.w.clock.Now()
	if now.Sub(d.window) >= discordWindow {
		d.window, d.used = now, 0
	}
	left := d.window.Add(discordWindow).Sub(now)
	if d.used >= d.opt.Limit {
		discordLimited(rw, left)
		return false
	}
	d.used++
	h := rw.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(d.opt.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(d.opt.Limit-d.used))
	h.Set("X-RateLimit-Reset-After", strconv.FormatFloat(left.Seconds(), 'f', 3, 64))
	h.Set("X-RateLimit-Bucket", "sandbox")
	return true
}

func discordLimited(rw http.ResponseWriter, pause time.Duration) {
	rw.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(pause.Seconds()))))
	rw.Header().Set("X-RateLimit-Scope", "user")
	discordWrite(rw, http.StatusTooManyRequests, obj{"message": "You are being rate limited.", "retry_after": pause.Seconds(), "global": false})
}

func discordRefuse(rw http.ResponseWriter, e discordError) {
	discordWrite(rw, e.status, obj{"message": e.text, "code": e.code})
}

func discordWrite(rw http.ResponseWriter, status int, body obj) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(mustJSON(body)) // the answer is buffered, so this cannot fail
}

// What the record calls the two paths of a webhook.
const (
	routeDiscord        = "/discord/webhooks/{id}/{token}"
	routeDiscordMessage = routeDiscord + "/messages/{message}"
)

// serveWebhook executes the webhook.
func (d *Discord) serveWebhook(rw http.ResponseWriter, req *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.admit(rw, req) {
		return
	}
	if req.Method != http.MethodPost {
		discordRefuse(rw, discordError{http.StatusMethodNotAllowed, 0, "405: Method Not Allowed"})
		return
	}
	m := &DiscordMessage{Thread: req.URL.Query().Get("thread_id"), At: d.w.clock.Now()}
	if refused := m.fill(req); refused != nil {
		discordRefuse(rw, *refused)
		return
	}
	m.ID = d.newID()
	d.messages = append(d.messages, m)
	if req.URL.Query().Get("wait") != "true" {
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	discordWrite(rw, http.StatusOK, d.json(m))
}

// serveMessage edits or reads one message of the webhook.
func (d *Discord) serveMessage(rw http.ResponseWriter, req *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.admit(rw, req) {
		return
	}
	m := d.message(req.PathValue("message"))
	switch {
	case m == nil || m.Thread != req.URL.Query().Get("thread_id"):
		discordRefuse(rw, discordError{http.StatusNotFound, 10008, "Unknown Message"})
		return
	case req.Method == http.MethodGet:
		discordWrite(rw, http.StatusOK, d.json(m))
		return
	case req.Method != http.MethodPatch:
		discordRefuse(rw, discordError{http.StatusMethodNotAllowed, 0, "405: Method Not Allowed"})
		return
	case d.faults.OldEdits:
		discordRefuse(rw, discordError{http.StatusBadRequest, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later"})
		return
	}
	changed := *m
	if refused := changed.fill(req); refused != nil {
		discordRefuse(rw, *refused)
		return
	}
	*m = changed
	m.Edits++
	discordWrite(rw, http.StatusOK, d.json(m))
}

func (d *Discord) json(m *DiscordMessage) obj {
	out := obj{
		"id": m.ID, "type": 0, "channel_id": discordChannel, "webhook_id": discordWebhook, "content": m.Content, "embeds": m.Embeds,
		"timestamp": m.At.UTC().Format(time.RFC3339), "edited_timestamp": nil, "mention_everyone": len(m.Pings) > 0,
		"author": obj{"id": discordWebhook, "username": d.opt.BotName, "bot": true},
	}
	if m.Edits > 0 {
		out["edited_timestamp"] = d.w.clock.Now().UTC().Format(time.RFC3339)
	}
	return out
}

// discordPing matches what notifies people unless allowed_mentions says otherwise.
var discordPing = regexp.MustCompile(`@everyone|@here|<@[!&]?\d+>`)

// fill takes content and embeds, and refuses what Discord refuses. What is absent stays as it is.
func (m *DiscordMessage) fill(req *http.Request) *discordError {
	var in struct {
		Content *string         `json:"content"`
		Embeds  *[]DiscordEmbed `json:"embeds"`
		Allowed *struct {
			Parse []string `json:"parse"`
		} `json:"allowed_mentions"`
	}
	if err := json.NewDecoder(req.Body).Decode(&in); err != nil {
		return &discordError{http.StatusBadRequest, 50109, "The request body contains invalid JSON."}
	}
	if in.Content != nil {
		m.Content = *in.Content
	}
	if in.Embeds != nil {
		m.Embeds = *in.Embeds
	}
	if m.Content == "" && len(m.Embeds) == 0 {
		return &discordError{http.StatusBadRequest, 50006, "Cannot send an empty message"}
	}
	if wrong := m.wrong(); wrong != "" {
		return &discordError{http.StatusBadRequest, 50035, "Invalid Form Body: " + wrong}
	}
	m.Pings = discordPing.FindAllString(m.Content, -1)
	if in.Allowed != nil && !slices.Contains(in.Allowed.Parse, "everyone") {
		m.Pings = nil
	}
	return nil
}

// wrong says what is over a limit; lengths are counted in characters.
func (m *DiscordMessage) wrong() string {
	total, wrong := 0, ""
	check := func(what, text string, least, most int) {
		n := utf8.RuneCountInString(strings.TrimSpace(text))
		total += n
		if n < least || n > most {
			wrong = fmt.Sprintf("%s must be between %d and %d in length.", what, least, most)
		}
	}
	check("content", m.Content, 0, 2000)
	total = 0
	if len(m.Embeds) > 10 {
		wrong = "embeds must be 10 or fewer in length."
	}
	for _, e := range m.Embeds {
		check("title", e.Title, 0, 256)
		check("description", e.Description, 0, 4096)
		check("footer.text", e.Footer.Text, 0, 2048)
		if len(e.Fields) > 25 {
			wrong = "fields must be 25 or fewer in length."
		}
		for _, f := range e.Fields {
			check("name", f.Name, 1, 256)
			check("value", f.Value, 1, 1024)
		}
		if e.URL != "" && !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") {
			wrong = "url: Scheme must be one of ('http', 'https')."
		}
	}
	if total > 6000 {
		wrong = "Embed size exceeds maximum size of 6000."
	}
	return wrong
}

package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// slackError is one of Slack's error codes, with what else the answer holds.
type slackError struct {
	code  string
	extra obj
}

func slackNo(code string) *slackError { return &slackError{code: code} }

// slackMethod is one method of the Web API; the workspace's lock is held.
type slackMethod struct {
	scope string
	call  func(*Slack, url.Values) (obj, *slackError)
}

// slackMethods maps names to methods.
func slackMethods() map[string]slackMethod {
	return map[string]slackMethod{
		"auth.test":             {"", (*Slack).authTest},
		"chat.postMessage":      {"chat:write", (*Slack).postMessage},
		"chat.update":           {"chat:write", (*Slack).updateMessage},
		"chat.postEphemeral":    {"chat:write", (*Slack).postEphemeral},
		"chat.delete":           {"chat:write", (*Slack).deleteMessage},
		"chat.getPermalink":     {"", (*Slack).getPermalink},
		"conversations.list":    {"channels:read", (*Slack).listChannels},
		"conversations.info":    {"channels:read", (*Slack).channelInfo},
		"conversations.join":    {"channels:join", (*Slack).joinChannel},
		"conversations.history": {"channels:history", (*Slack).history},
		"conversations.replies": {"channels:history", (*Slack).replies},
		"conversations.open":    {"im:write", (*Slack).openConversation},
		"reactions.add":         {"reactions:write", (*Slack).addReaction},
		"users.info":            {"users:read", (*Slack).userInfo},
		"views.open":            {"", (*Slack).openView},
	}
}

type slackTokenKey struct{}

// hideToken takes the token out of a request before it is recorded, from the form or the header.
func hideToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
		body, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, 4<<20))
		if err != nil {
			return
		}
		form, err := url.ParseQuery(string(body))
		if err == nil && strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			if form.Has("token") {
				token = form.Get("token")
				form.Del("token")
			}
			body = []byte(form.Encode())
		}
		query := req.URL.Query()
		if query.Has("token") {
			token = query.Get("token")
			query.Del("token")
			req.URL.RawQuery = query.Encode()
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(rw, req.WithContext(context.WithValue(req.Context(), slackTokenKey{}, token)))
	})
}

// slackRoute names a call by its method.
func slackRoute(req *http.Request) string { return "/slack/api/" + req.PathValue("method") }

// serveAPI answers one call.
func (s *Slack) serveAPI(rw http.ResponseWriter, req *http.Request) {
	name := req.PathValue("method")
	call := callOf(req.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.Down {
		call.Fault = "down"
		http.Error(rw, "<html>Slack is having trouble.</html>", http.StatusServiceUnavailable)
		return
	}
	if s.faults.RetryAfter > 0 {
		call.Fault = "limited"
		rw.Header().Set("Retry-After", strconv.Itoa(int(s.faults.RetryAfter/time.Second)))
		slackWrite(rw, http.StatusTooManyRequests, obj{"ok": false, "error": "ratelimited"})
		return
	}
	token, _ := req.Context().Value(slackTokenKey{}).(string)
	if refused := s.authorize(token, name); refused != nil {
		slackWrite(rw, http.StatusOK, refused.answer())
		return
	}
	call.As = "slack:" + s.opt.BotName
	args, err := slackArgs(req)
	if err != nil {
		slackWrite(rw, http.StatusOK, obj{"ok": false, "error": "invalid_form_data"})
		return
	}
	answer, failed := slackMethods()[name].call(s, args)
	if failed != nil {
		answer = failed.answer()
	} else {
		answer["ok"] = true
	}
	slackWrite(rw, http.StatusOK, answer)
}

// authorize checks token, method and scope, in Slack's order.
func (s *Slack) authorize(token, name string) *slackError {
	method, known := slackMethods()[name]
	switch {
	case !known:
		return slackNo("unknown_method")
	case token == "":
		return slackNo("not_authed")
	case token != s.opt.Token:
		return slackNo("invalid_auth")
	case method.scope != "" && s.faults.Scopes != nil && !slices.Contains(s.faults.Scopes, method.scope):
		return &slackError{code: "missing_scope", extra: obj{"needed": method.scope, "provided": strings.Join(s.faults.Scopes, ",")}}
	}
	return nil
}

func (e *slackError) answer() obj {
	out := obj{"ok": false, "error": e.code}
	for k, v := range e.extra {
		out[k] = v
	}
	return out
}

// slackArgs reads the arguments from query, form or JSON; nested JSON stays text, as in a form.
func slackArgs(req *http.Request) (url.Values, error) {
	if !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
		err := req.ParseForm()
		return req.Form, err
	}
	var fields map[string]json.RawMessage
	if err := json.NewDecoder(req.Body).Decode(&fields); err != nil {
		return nil, err
	}
	args := url.Values{}
	for k, raw := range fields {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		args.Set(k, text)
	}
	return args, nil
}

func slackWrite(rw http.ResponseWriter, status int, body obj) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(mustJSON(body)) // The answer is buffered, so this cannot fail.
}

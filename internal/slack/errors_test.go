package slack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/slack"
)

func TestRefusalsSayWhatToDo(t *testing.T) {
	p := newPlace(t)
	p.slack.AddChannel(sandbox.SlackChannel{Name: "closed", BotAbsent: true})
	p.slack.AddChannel(sandbox.SlackChannel{Name: "old", Archived: true})
	for channel, want := range map[string]struct {
		class slack.Class
		text  string
	}{
		"#closed":  {slack.NotInChannel, "slack: chat.postMessage: not_in_channel: invite the bot with /invite @gatehouse in #closed"},
		"#old":     {slack.NotFound, "#old is archived"},
		"#nowhere": {slack.NotFound, "check the name in notify.slack"},
		"":         {slack.Invalid, "set notify.slack"},
	} {
		m := message("r1")
		m.Channel = channel
		_, err := p.client().Post(t.Context(), m)
		wantClass(t, err, want.class)
		if e := classified(t, err); !strings.Contains(e.Error(), want.text) {
			t.Errorf("%q: %v does not say %q", channel, e, want.text)
		}
	}
	err := p.client().Update(t.Context(), p.channel.ID, "1.000000", message("r1"))
	wantClass(t, err, slack.NotFound)
}

// answering is a Slack that gives one answer to everything.
func answering(t *testing.T, status int, header, body string) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if k, v, ok := strings.Cut(header, ": "); ok {
			rw.Header().Set(k, v)
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// faults are answers of a hand-made Slack, with what each means for posting and for editing.
var faults = []struct {
	name, header, body string
	status             int
	post, update       slack.Class
}{
	{"bad token", "", `{"ok":false,"error":"invalid_auth"}`, 200, slack.Auth, slack.Auth},
	{"revoked", "", `{"ok":false,"error":"token_revoked"}`, 200, slack.Auth, slack.Auth},
	{"inactive", "", `{"ok":false,"error":"account_inactive"}`, 200, slack.Auth, slack.Auth},
	{"scope", "", `{"ok":false,"error":"missing_scope","needed":"chat:write"}`, 200, slack.Auth, slack.Auth},
	{"blocks", "", `{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] no"]}}`, 200, slack.Invalid, slack.Invalid},
	{"half way", "", `{"ok":false,"error":"fatal_error"}`, 200, slack.Ambiguous, slack.Unavailable},
	{"not serving", "", `{"ok":false,"error":"service_unavailable"}`, 200, slack.Unavailable, slack.Unavailable},
	{"new code", "", `{"ok":false,"error":"brand_new"}`, 200, slack.Unexpected, slack.Unexpected},
	{"no code", "", `{"ok":false}`, 200, slack.Ambiguous, slack.Unexpected},
	{"not JSON", "", `<html>`, 200, slack.Ambiguous, slack.Unexpected},
	{"cut short", "", `{"ok":true,"ts":5}`, 200, slack.Ambiguous, slack.Unexpected},
	{"nothing said", "", `{"ok":true}`, 200, slack.Ambiguous, ""},
	{"bad gateway", "", `<html>`, 502, slack.Ambiguous, slack.Unavailable},
	{"down", "", ``, 503, slack.Ambiguous, slack.Unavailable},
	{"limited", "Retry-After: 7", `{"ok":false,"error":"ratelimited"}`, 429, slack.RateLimited, slack.RateLimited},
	{"limited, vaguely", "", ``, 429, slack.RateLimited, slack.RateLimited},
	{"limited, politely", "", `{"ok":false,"error":"ratelimited"}`, 200, slack.RateLimited, slack.RateLimited},
	{"proxy", "", `not here`, 404, slack.Unexpected, slack.Unexpected},
	{"redirect", "Location: https://elsewhere.example/?token=" + token, ``, 307, slack.Unexpected, slack.Unexpected},
	{"echo", "", fmt.Sprintf(`{"ok":false,"error":"%s","response_metadata":{"messages":["%s"]}}`, token, token), 200, slack.Unexpected, slack.Unexpected},
}

func TestFaultsAreSorted(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			at := answering(t, f.status, f.header, f.body)
			c := slack.New(slack.Config{Token: token, APIURL: at}, slack.Options{Clock: fixed})
			_, err := c.Post(t.Context(), message("r1"))
			wantClass(t, err, f.post)
			err = c.Update(t.Context(), "C0000000001", "1.000000", message("r1"))
			if f.update == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantClass(t, err, f.update)
		})
	}
}

func fixed() time.Time { return time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC) }

func TestALimitedMethodIsNotCalledUntilItsTime(t *testing.T) {
	p := newPlace(t)
	c := p.client()
	p.slack.SetFaults(sandbox.SlackFaults{RetryAfter: 30 * time.Second})
	_, err := c.Post(t.Context(), message("r1"))
	wantClass(t, err, slack.RateLimited)
	if e := classified(t, err); !e.RetryAt.Equal(p.clock.now.Add(30 * time.Second)) {
		t.Errorf("RetryAt is %v", e.RetryAt)
	}
	p.slack.SetFaults(sandbox.SlackFaults{})
	before := len(p.world.Record())
	_, err = c.Post(t.Context(), message("r1"))
	wantClass(t, err, slack.RateLimited)
	if after := len(p.world.Record()); after != before {
		t.Errorf("%d calls were made while limited", after-before)
	}
	if _, _, err := c.Find(t.Context(), "#releases", time.Time{}, event, "run", "r1"); err != nil {
		t.Errorf("another method is limited too: %v", err)
	}
	p.clock.now = p.clock.now.Add(30 * time.Second)
	must(c.Post(t.Context(), message("r1")))(t)
}

func TestAnAppliedPostWithoutAnswerIsAmbiguousAndFound(t *testing.T) {
	p := newPlace(t)
	p.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Path: "/slack/api/chat.postMessage", Kind: sandbox.Status502, Ambiguous: true, Times: 1}}})
	c := p.client()
	_, err := c.Post(t.Context(), message("r1"))
	wantClass(t, err, slack.Ambiguous)
	if _, found, err := c.Find(t.Context(), "#releases", p.clock.now, event, "run", "r1"); !found || err != nil {
		t.Errorf("the message is not found: %v", err)
	}
}

func TestGivingUpAfterSendingIsAmbiguousAndBeforeItIsNot(t *testing.T) {
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		arrived <- struct{}{}
		<-req.Context().Done()
	}))
	defer server.Close()
	c := slack.New(slack.Config{Token: token, APIURL: server.URL}, slack.Options{Clock: fixed})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := c.Post(ctx, message("r1"))
	wantClass(t, err, slack.Ambiguous)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not unwrap to the context's error", err)
	}
	_, err = c.Post(ctx, message("r1"))
	wantClass(t, err, slack.Canceled)
}

func TestASlackThatCannotBeReachedIsUnavailable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	at := server.URL
	server.Close()
	_, err := slack.New(slack.Config{Token: token, APIURL: at}, slack.Options{Clock: fixed}).Post(t.Context(), message("r1"))
	wantClass(t, err, slack.Unavailable)
	if e := classified(t, err); e.Code != "connection_failed" {
		t.Errorf("code is %s", e.Code)
	}
}

func TestOnlyTheBotsOwnMessagesCount(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body := `{"ok":true,"bot_id":"BOURS","user_id":"UOURS","user":"gatehouse"}`
		if strings.HasSuffix(req.URL.Path, "conversations.history") {
			body = `{"ok":true,"messages":[{"ts":"2.000000","bot_id":"BOTHER","metadata":{"event_type":"gatehouse_run","event_payload":{"run":"r1"}}}]}`
		}
		_, _ = io.WriteString(rw, body)
	}))
	defer server.Close()
	c := slack.New(slack.Config{Token: token, APIURL: server.URL}, slack.Options{Clock: fixed})
	if _, found, err := c.Find(t.Context(), "C0000000001", time.Time{}, event, "run", "r1"); found || err != nil {
		t.Errorf("another app's message was taken for ours: %v %v", found, err)
	}
}

// TestNothingHoldsTheToken makes every operation fail in every way and reads errors and log lines.
func TestNothingHoldsTheToken(t *testing.T) {
	var seen bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
	urls := []string{"http://" + token + ":" + token + "@127.0.0.1:1/" + token, "http://127.0.0.1:1/?t=" + url.QueryEscape(token), "://" + token}
	for _, f := range faults {
		at := answering(t, f.status, f.header, f.body)
		urls = append(urls, at, at+"/xoxb-9-other-token")
	}
	for _, at := range urls {
		c := slack.New(slack.Config{Token: token, APIURL: at}, slack.Options{Clock: fixed, Logger: logger})
		m := message("r1")
		m.Channel = "#" + token
		_, err := c.Post(t.Context(), m)
		fmt.Fprintf(&seen, "%v %+v %#v\n", err, err, err)
		_, _, err = c.Find(t.Context(), m.Channel, time.Time{}, event, "run", token)
		fmt.Fprintf(&seen, "%v\n", err)
		_, _, err = c.FindReply(t.Context(), "C0000000001", "1.000000", event, "run", token)
		fmt.Fprintf(&seen, "%v\n", err)
		_, err = c.Permalink(t.Context(), "C0000000001", token)
		fmt.Fprintf(&seen, "%v\n", err)
		err = c.Update(t.Context(), m.Channel, token, m)
		fmt.Fprintf(&seen, "%v\n", err)
		fmt.Fprintf(&seen, "%v %+v %#v\n", c, c, c)
	}
	cfg := slack.Config{Token: token}
	logger.Info("config", "config", cfg)
	fmt.Fprintf(&seen, "%v %+v %#v\n", cfg, cfg, &cfg)
	for _, line := range strings.Split(seen.String(), "\n") {
		if strings.Contains(line, "secret-Token") || strings.Contains(strings.ToLower(line), "xoxb-") {
			t.Errorf("a token is shown: %s", line)
		}
	}
	if seen.Len() == 0 {
		t.Fatal("nothing was looked at")
	}
}

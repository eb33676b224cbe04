package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// AddWebhook adds an incoming webhook to a channel and returns the path of its URL, which is a secret.
func (s *Slack) AddWebhook(channel string) (path string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	if c == nil {
		return "", fmt.Errorf("add a webhook: the workspace has no channel %s: add it with AddChannel", channel)
	}
	token := fmt.Sprintf("T0SANDBOX-B%07d-webhook-token", len(s.webhooks)+1)
	s.webhooks[token] = c.ID
	return "/slack/services/" + token, nil
}

// RemoveWebhooks deletes every incoming webhook, as an owner of the workspace can.
func (s *Slack) RemoveWebhooks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.webhooks)
}

// hideWebhook takes the token out of a request's path before it is recorded.
func (s *Slack) hideWebhook(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		hidden := req.Clone(context.WithValue(req.Context(), slackTokenKey{}, req.PathValue("token")))
		hidden.URL.Path, hidden.URL.RawPath = "/slack/services/TOKEN", ""
		next.ServeHTTP(rw, hidden)
	})
}

// serveWebhook posts what an incoming webhook was given; its answers are words, not JSON.
func (s *Slack) serveWebhook(rw http.ResponseWriter, req *http.Request) {
	call := callOf(req.Context())
	call.As = "slack:webhook"
	token, _ := req.Context().Value(slackTokenKey{}).(string)
	s.mu.Lock()
	defer s.mu.Unlock()
	say := func(status int, text string) {
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text) // the answer is buffered, so this cannot fail
	}
	c := s.channel(s.webhooks[token])
	var in struct {
		Text string `json:"text"`
	}
	switch err := json.NewDecoder(req.Body).Decode(&in); {
	case s.faults.Down:
		call.Fault = "down"
		say(http.StatusServiceUnavailable, "<html>Slack is having trouble.</html>")
	case s.faults.RetryAfter > 0:
		call.Fault = "limited"
		rw.Header().Set("Retry-After", strconv.Itoa(int(s.faults.RetryAfter/time.Second)))
		say(http.StatusTooManyRequests, "rate_limited")
	case c == nil:
		say(http.StatusNotFound, "no_service")
	case c.Archived:
		say(http.StatusGone, "channel_is_archived")
	case err != nil:
		say(http.StatusBadRequest, "invalid_payload")
	case in.Text == "":
		say(http.StatusBadRequest, "no_text")
	default:
		c.messages = append(c.messages, &SlackMessage{TS: s.newTS(), Text: in.Text, Webhook: true})
		say(http.StatusOK, "ok")
	}
}

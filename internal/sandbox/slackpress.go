package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// answerTime is how long Slack waits for the app's answer to an interaction.
const answerTime = 3 * time.Second

// errRequired is what a person is shown on the modal itself.
var errRequired = errors.New("a required field is empty")

// SetInteractions sets where clicks are posted, for servers that learn their address late; empty posts none.
func (s *Slack) SetInteractions(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.InteractionsURL = address
}

// Press clicks a button of a message as a person and sends the app what Slack sends. The error is what the person is shown.
func (s *Slack) Press(by, channel, ts, actionID string) error {
	payload, err := s.press(by, channel, ts, actionID)
	if err != nil {
		return fmt.Errorf("press %s: %w", actionID, err)
	}
	_, err = s.interact(by, "block_actions", payload)
	return err
}

// press makes the payload of a click.
func (s *Slack) press(by, channel, ts, actionID string) (obj, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	if c == nil || !seenBy(c.With, by) {
		return nil, fmt.Errorf("the workspace has no channel %s that %s sees", channel, by)
	}
	m := c.message(ts)
	if m == nil || !seenBy(m.Only, by) {
		return nil, fmt.Errorf("%s has no message %s that %s sees", c.Name, ts, by)
	}
	block, e := m.button(actionID)
	if e == nil {
		return nil, fmt.Errorf("the message %s has no button %s", ts, actionID)
	}
	action := obj{
		"type": "button", "action_id": e.ActionID, "block_id": block, "text": obj{"type": "plain_text", "text": e.Text.Text, "emoji": true},
		"action_ts": s.newTS(),
	}
	if e.Value != "" {
		action["value"] = e.Value
	}
	if e.Style != "" {
		action["style"] = e.Style
	}
	payload := s.interaction(by, "block_actions")
	payload["container"] = obj{"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": m.Only != ""}
	payload["channel"] = obj{"id": c.ID, "name": c.kindName()}
	payload["message"] = s.messageJSON(c, m, false)
	payload["state"] = obj{"values": obj{}}
	payload["actions"] = []obj{action}
	s.w.act(by, "", "slack_press", c.Name+" "+actionID)
	return payload, nil
}

// kindName is the name that an interaction gives a channel.
func (c *slackChannel) kindName() string {
	if c.With != "" {
		return "directmessage"
	}
	return c.Name
}

// interaction is what every interaction begins with; the lock is held.
func (s *Slack) interaction(by, kind string) obj {
	user := SlackUserID(by)
	for id, old := range s.triggers {
		if s.w.clock.Now().Sub(old.at) > triggerLife {
			delete(s.triggers, id)
		}
	}
	s.lastTrigger++
	trigger := fmt.Sprintf("%d.%d.sandbox", s.lastTrigger, s.w.clock.Now().UnixMilli())
	s.triggers[trigger] = slackTrigger{user: user, at: s.w.clock.Now()}
	return obj{
		"type": kind, "api_app_id": slackAppID, "trigger_id": trigger, "enterprise": nil, "is_enterprise_install": false,
		"team": obj{"id": SlackTeamID, "domain": "sandbox"},
		"user": obj{"id": user, "username": by, "name": by, "team_id": SlackTeamID},
	}
}

// button finds a button by its action id, and its block.
func (m *SlackMessage) button(actionID string) (string, *slackElement) {
	var blocks []slackBlock
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return "", nil
	}
	for i := range blocks {
		for j := range blocks[i].Elements {
			if e := &blocks[i].Elements[j]; e.Type == "button" && e.ActionID == actionID {
				return blocks[i].BlockID, e
			}
		}
	}
	return "", nil
}

// Submit sends the modal that stands open before a person, with what he typed by block. It closes unless the app names errors.
func (s *Slack) Submit(by string, typed map[string]string) error {
	payload, v, err := s.submission(by, typed)
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	answer, err := s.interact(by, "view_submission", payload)
	if err != nil {
		return err
	}
	var said struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if len(bytes.TrimSpace(answer)) > 0 && json.Unmarshal(answer, &said) != nil {
		return fmt.Errorf("submit: the app's answer is no JSON")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if said.Action == "errors" {
		v.Errors = said.Errors
		return nil
	}
	if s.views[SlackUserID(by)] == v {
		delete(s.views, SlackUserID(by))
	}
	return nil
}

func (s *Slack) submission(by string, typed map[string]string) (obj, *SlackView, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[SlackUserID(by)]
	if v == nil {
		return nil, nil, fmt.Errorf("no modal stands open before %s", by)
	}
	var blocks []slackBlock
	var view obj
	if err := json.Unmarshal(v.Blocks, &blocks); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(v.raw, &view); err != nil {
		return nil, nil, err
	}
	values := obj{}
	v.Errors = map[string]string{}
	for i := range blocks {
		b := &blocks[i]
		if b.Type != "input" || b.Element == nil {
			continue
		}
		field := obj{"type": b.Element.Type, "value": nil}
		switch text := typed[b.BlockID]; {
		case text != "":
			field["value"] = text
		case !b.Optional:
			v.Errors[b.BlockID] = "Please complete this required field."
		}
		values[b.BlockID] = obj{b.Element.ActionID: field}
	}
	if len(v.Errors) > 0 {
		return nil, nil, errRequired
	}
	view["id"], view["team_id"], view["app_id"], view["bot_id"] = v.ID, SlackTeamID, slackAppID, slackBotID
	view["state"] = obj{"values": values}
	payload := s.interaction(by, "view_submission")
	payload["view"], payload["response_urls"] = view, []obj{}
	s.w.act(by, "", "slack_submit", v.CallbackID)
	return payload, v, nil
}

// interact posts an interaction, signed, and gives the app's answer. Faults may spoil the signature, its time, or send it twice.
func (s *Slack) interact(by, kind string, payload obj) ([]byte, error) {
	s.mu.Lock()
	address, secret, faults := s.opt.InteractionsURL, s.opt.SigningSecret, s.faults
	s.mu.Unlock()
	if address == "" {
		return nil, fmt.Errorf("the app is not configured to handle interactive responses")
	}
	body := []byte(url.Values{"payload": {string(mustJSON(payload))}}.Encode())
	stamp := strconv.FormatInt(s.w.clock.Now().Add(-faults.Stale).Unix(), 10)
	if faults.Forged {
		secret = "not-the-secret"
	}
	header := http.Header{}
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	header.Set("X-Slack-Request-Timestamp", stamp)
	header.Set("X-Slack-Signature", "v0="+sign(sha256.New, secret, []byte("v0:"+stamp+":"+string(body))))
	times := 1
	if faults.Doubled {
		times = 2
	}
	var answer []byte
	var err error
	for range times {
		answer, err = s.send(by, kind, address, header, body)
	}
	return answer, err
}

func (s *Slack) send(by, kind, address string, header http.Header, body []byte) ([]byte, error) {
	call := Call{At: s.w.clock.Now(), Kind: KindInteraction, Method: http.MethodPost, Path: address, Body: body, Event: kind, By: by}
	s.w.arrived(call)
	status, answer := s.post(address, header, body)
	call.Status, call.Answer = status, answer
	s.w.done(call)
	if status < 200 || status > 299 {
		return nil, fmt.Errorf("this app responded with status code %d", status)
	}
	return answer, nil
}

func (s *Slack) post(address string, header http.Header, body []byte) (status int, answer []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	req.Header = header.Clone()
	resp, err := s.w.opt.HTTPClient.Do(req)
	if err != nil {
		return http.StatusGatewayTimeout, nil
	}
	defer resp.Body.Close() //nolint:errcheck // the body was read; nothing is lost
	answer, _ = io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode, answer
}

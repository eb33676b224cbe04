package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// triggerLife is how long a trigger_id may be used.
const triggerLife = 3 * time.Second

// SlackView is a modal that stands open before a person.
type SlackView struct {
	ID         string
	CallbackID string
	Title      string
	Submit     string
	Close      string
	Metadata   string
	Blocks     json.RawMessage
	// Errors are what the app answered to the last submission, by block.
	Errors map[string]string
	raw    json.RawMessage
}

// slackTrigger lets an app open a modal in answer to an interaction, once and soon.
type slackTrigger struct {
	user string
	at   time.Time
}

// slackModal is the part of a view that is checked.
type slackModal struct {
	Type       string          `json:"type"`
	CallbackID string          `json:"callback_id"`
	Metadata   string          `json:"private_metadata"`
	Title      *slackText      `json:"title"`
	Submit     *slackText      `json:"submit"`
	Close      *slackText      `json:"close"`
	Blocks     json.RawMessage `json:"blocks"`
}

func (s *Slack) openView(args url.Values) (obj, *slackError) {
	id := args.Get("trigger_id")
	trigger, known := s.triggers[id]
	delete(s.triggers, id)
	switch {
	case id == "":
		return nil, slackNo("invalid_arguments")
	case !known:
		return nil, slackNo("exchanged_trigger_id")
	case s.w.clock.Now().Sub(trigger.at) > triggerLife:
		return nil, slackNo("expired_trigger_id")
	}
	raw := []byte(args.Get("view"))
	var m slackModal
	if err := json.Unmarshal(raw, &m); err != nil || m.Type != "modal" {
		return nil, slackNo("invalid_arguments")
	}
	if problems := m.check(); len(problems) > 0 {
		return nil, &slackError{code: "invalid_arguments", extra: obj{"response_metadata": obj{"messages": problems}}}
	}
	s.lastView++
	v := &SlackView{
		ID: fmt.Sprintf("V%010d", s.lastView), CallbackID: m.CallbackID, Title: m.Title.Text, Metadata: m.Metadata, Blocks: m.Blocks, raw: raw,
		Close: "Cancel",
	}
	if m.Submit != nil {
		v.Submit = m.Submit.Text
	}
	if m.Close != nil {
		v.Close = m.Close.Text
	}
	s.views[trigger.user] = v
	return obj{"view": obj{"id": v.ID, "type": "modal", "callback_id": v.CallbackID, "private_metadata": v.Metadata}}, nil
}

// check lists what Slack would refuse of a modal.
func (m *slackModal) check() []string {
	problems := checkText("/view/title", m.Title, 24, "plain_text")
	for at, t := range map[string]*slackText{"/view/submit": m.Submit, "/view/close": m.Close} {
		if t != nil {
			problems = append(problems, checkText(at, t, 24, "plain_text")...)
		}
	}
	problems = append(problems, tooLong("/view/private_metadata", m.Metadata, 3000)...)
	problems = append(problems, tooLong("/view/callback_id", m.CallbackID, 255)...)
	problems = append(problems, checkModalBlocks(m.Blocks)...)
	if m.Submit == nil && hasInput(m.Blocks) {
		problems = append(problems, blockProblem("/view/submit", "missing required field: submit"))
	}
	return problems
}

func hasInput(raw json.RawMessage) bool {
	var blocks []slackBlock
	if json.Unmarshal(raw, &blocks) != nil {
		return false
	}
	for i := range blocks {
		if blocks[i].Type == "input" {
			return true
		}
	}
	return false
}

// View is the modal that stands open before a person, or nil.
func (s *Slack) View(login string) *SlackView {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[SlackUserID(login)]
	if v == nil {
		return nil
	}
	c := *v
	return &c
}

// CloseView closes the modal that stands open before a person.
func (s *Slack) CloseView(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.views, SlackUserID(login))
}

package sandbox

import (
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strings"
)

type slackView struct {
	Team     string
	Channels []SlackChannel
	Channel  SlackChannel
	Messages []slackLine
	Here     string
	Modal    *modalView
}

// modalView is the modal that stands open before the person at the browser.
type modalView struct {
	SlackView
	Blocks []blockView
	Here   string
}

// slackLine is a message as people see it.
type slackLine struct {
	SlackMessage
	Name    string
	Bot     bool
	When    string
	Body    template.HTML
	Blocks  []blockView
	Replies []slackLine
}

// blockView is a block with its texts rendered.
type blockView struct {
	Type     string
	Text     template.HTML
	Fields   []template.HTML
	Elements []elementView
	// ID, Label, Hint, Problem, Multiline, Optional and Placeholder belong to an input.
	ID, Label, Hint, Problem, Placeholder string
	Multiline, Optional                   bool
}

type elementView struct {
	Type  string
	Text  template.HTML
	URL   string
	Style string
	// Channel, TS, ActionID and Here are what a click sends.
	Channel, TS, ActionID, Here string
}

func (s *Slack) mountPages(mux *http.ServeMux) {
	p := newPages(s.w)
	p.get(mux, "GET /slack", "slack", s.page)
	p.get(mux, "GET /slack/{channel}", "slack", s.page)
	inner := http.NewServeMux()
	for path, do := range map[string]deed{"press": s.pressForm, "submit": s.submitForm, "close": s.closeForm} {
		inner.HandleFunc("POST /slack/_do/"+path, func(rw http.ResponseWriter, req *http.Request) {
			if err := do(p.you(req), req); err != nil {
				p.fail(rw, req, http.StatusUnprocessableEntity, err)
				return
			}
			http.Redirect(rw, req, back(req), http.StatusSeeOther)
		})
	}
	mux.Handle("POST /slack/_do/", http.NewCrossOriginProtection().Handler(inner))
}

func (s *Slack) pressForm(you string, req *http.Request) error {
	return s.Press(you, req.PostFormValue("channel"), req.PostFormValue("ts"), req.PostFormValue("action"))
}

// submitForm sends the modal; what is wrong with it is shown on it.
func (s *Slack) submitForm(you string, req *http.Request) error {
	_ = req.PostFormValue("back") // parses the form
	typed := map[string]string{}
	for name := range req.PostForm {
		if block, ok := strings.CutPrefix(name, "input."); ok {
			typed[block] = strings.TrimSpace(req.PostForm.Get(name))
		}
	}
	if err := s.Submit(you, typed); err != nil && !errors.Is(err, errRequired) {
		return err
	}
	return nil
}

func (s *Slack) closeForm(you string, _ *http.Request) error {
	s.CloseView(you)
	return nil
}

// page shows the channels, and one of them with its messages and threads.
func (s *Slack) page(req *http.Request, you string) (pageResult, error) {
	v := slackView{Team: s.opt.Team, Here: req.URL.RequestURI(), Modal: s.modal(you, req.URL.RequestURI())}
	for _, c := range s.Channels() {
		if seenBy(c.With, you) {
			v.Channels = append(v.Channels, c)
		}
	}
	if req.PathValue("channel") == "" {
		return pageResult{title: "Slack", data: v}, nil
	}
	s.mu.Lock()
	c := s.channel(req.PathValue("channel"))
	if c != nil {
		v.Channel = c.SlackChannel
	}
	s.mu.Unlock()
	if c == nil || !seenBy(v.Channel.With, you) {
		return pageResult{}, errNoPage
	}
	replies := map[string][]slackLine{}
	all := s.Messages(v.Channel.ID)
	for _, m := range all {
		if m.Thread != "" {
			replies[m.Thread] = append(replies[m.Thread], s.line(m, v))
		}
	}
	for _, m := range all {
		if m.Thread == "" && seenBy(m.Only, you) {
			line := s.line(m, v)
			line.Replies = replies[m.TS]
			v.Messages = append(v.Messages, line)
		}
	}
	return pageResult{title: v.Channel.Label(), data: v, form: v.Modal != nil}, nil
}

func (s *Slack) line(m SlackMessage, on slackView) slackLine {
	line := slackLine{SlackMessage: m, Name: m.By, When: slackTime(m.TS), Body: mrkdwn(m.Text)}
	if m.By == "" {
		line.Name, line.Bot = s.opt.BotName, true
	}
	var blocks []slackBlock
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks, &blocks) == nil {
		for i := range blocks {
			view := blocks[i].view()
			for j := range view.Elements {
				e := &view.Elements[j]
				e.Channel, e.TS, e.Here = on.Channel.ID, m.TS, on.Here
			}
			line.Blocks = append(line.Blocks, view)
		}
	}
	return line
}

// modal is what stands open before a person.
func (s *Slack) modal(you, here string) *modalView {
	v := s.View(you)
	if v == nil {
		return nil
	}
	shown := &modalView{SlackView: *v, Here: here}
	var blocks []slackBlock
	if json.Unmarshal(v.Blocks, &blocks) != nil {
		return nil
	}
	for i := range blocks {
		b := blocks[i].view()
		b.Problem = v.Errors[b.ID]
		shown.Blocks = append(shown.Blocks, b)
	}
	return shown
}

// Label is the name that people see.
func (c SlackChannel) Label() string {
	if c.With != "" {
		return c.Name
	}
	return "#" + c.Name
}

func (b *slackBlock) view() blockView {
	v := blockView{Type: b.Type, ID: b.BlockID, Optional: b.Optional}
	if b.Label != nil {
		v.Label = b.Label.Text
	}
	if b.Hint != nil {
		v.Hint = b.Hint.Text
	}
	if b.Element != nil {
		v.Placeholder, v.Multiline = b.Element.Placeholder.Text, b.Element.Multiline
	}
	if b.Text != nil {
		v.Text = b.Text.html()
	}
	for i := range b.Fields {
		v.Fields = append(v.Fields, b.Fields[i].html())
	}
	elements := b.Elements
	if b.Accessory != nil {
		elements = append(elements, *b.Accessory)
	}
	for i := range elements {
		e := &elements[i]
		v.Elements = append(v.Elements, elementView{Type: e.Type, Text: e.Text.html(), URL: ownLink(e.URL), Style: e.Style, ActionID: e.ActionID})
	}
	return v
}

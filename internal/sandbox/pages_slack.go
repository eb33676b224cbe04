package sandbox

import (
	"encoding/json"
	"html/template"
	"net/http"
)

type slackView struct {
	Team     string
	Channels []SlackChannel
	Channel  SlackChannel
	Messages []slackLine
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
}

type elementView struct {
	Type  string
	Text  template.HTML
	URL   string
	Style string
}

func (s *Slack) mountPages(mux *http.ServeMux) {
	p := newPages(s.w)
	p.get(mux, "GET /slack", "slack", s.page)
	p.get(mux, "GET /slack/{channel}", "slack", s.page)
}

// page shows the channels, and one of them with its messages and threads.
func (s *Slack) page(req *http.Request, _ string) (pageResult, error) {
	v := slackView{Team: s.opt.Team, Channels: s.Channels()}
	if req.PathValue("channel") == "" {
		return pageResult{title: "Slack", data: v}, nil
	}
	s.mu.Lock()
	c := s.channel(req.PathValue("channel"))
	if c != nil {
		v.Channel = c.SlackChannel
	}
	s.mu.Unlock()
	if c == nil {
		return pageResult{}, errNoPage
	}
	replies := map[string][]slackLine{}
	all := s.Messages(v.Channel.ID)
	for _, m := range all {
		if m.Thread != "" {
			replies[m.Thread] = append(replies[m.Thread], s.line(m))
		}
	}
	for _, m := range all {
		if m.Thread == "" {
			line := s.line(m)
			line.Replies = replies[m.TS]
			v.Messages = append(v.Messages, line)
		}
	}
	return pageResult{title: "#" + v.Channel.Name, data: v}, nil
}

func (s *Slack) line(m SlackMessage) slackLine {
	line := slackLine{SlackMessage: m, Name: m.By, When: slackTime(m.TS), Body: mrkdwn(m.Text)}
	if m.By == "" {
		line.Name, line.Bot = s.opt.BotName, true
	}
	var blocks []slackBlock
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks, &blocks) == nil {
		for i := range blocks {
			line.Blocks = append(line.Blocks, blocks[i].view())
		}
	}
	return line
}

func (b *slackBlock) view() blockView {
	v := blockView{Type: b.Type}
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
		v.Elements = append(v.Elements, elementView{Type: e.Type, Text: e.Text.html(), URL: ownLink(e.URL), Style: e.Style})
	}
	return v
}

package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// Message is what is shown. Texts are already escaped. Content is what notifications read.
type Message struct {
	Content string
	Embeds  []Embed
}

// Embed is a card below the content.
type Embed struct {
	Title       string  `json:"title,omitempty"`
	URL         string  `json:"url,omitempty"` // URL is where the title leads.
	Description string  `json:"description,omitempty"`
	Color       int     `json:"color,omitempty"` // Color is 0xRRGGBB.
	Fields      []Field `json:"fields,omitempty"`
	Footer      *Footer `json:"footer,omitempty"`
}

// Field is a titled part of an embed.
type Field struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline,omitempty"`
}

// Footer is the small line at the end of an embed. Discord renders no markup in it.
type Footer struct {
	Text string `json:"text"`
}

// body is a message on the wire. Empty parts are sent too: an edit must take away what a former edit showed.
type body struct {
	Content  string   `json:"content"`
	Embeds   []Embed  `json:"embeds"`
	Mentions mentions `json:"allowed_mentions"`
	Flags    int      `json:"flags,omitempty"`
}

// mentions allows what it names; it names nothing.
type mentions struct {
	Parse []string `json:"parse"`
}

// suppressEmbeds keeps Discord from unfolding links of a message that has no embeds of its own.
const suppressEmbeds = 1 << 2

func bodyOf(m Message) body {
	b := body{Content: m.Content, Embeds: m.Embeds, Mentions: mentions{Parse: []string{}}}
	if len(m.Embeds) == 0 {
		b.Embeds, b.Flags = []Embed{}, suppressEmbeds
	}
	return b
}

const (
	opPost = "execute the webhook"
	opEdit = "edit the message"
)

// snowflake is Discord's form of an id.
var snowflake = regexp.MustCompile(`^\d{1,20}$`)

// Post writes a message and returns its id. After answer.Ambiguous it may be there, and nothing can find it.
func (c *Client) Post(ctx context.Context, m Message) (id string, err error) {
	if err := check(opPost, m); err != nil {
		return "", err
	}
	raw, err := c.sender.Send(ctx, answer.Request{Op: opPost, Method: http.MethodPost, URL: c.address(""), Body: bodyOf(m), Shows: true})
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &made) != nil || !snowflake.MatchString(made.ID) {
		return "", &answer.Error{
			Class: answer.Ambiguous, Surface: surface, Op: opPost, Status: http.StatusOK, Code: "unreadable_answer",
			Message: "the answer holds no message id, and the message may be there; check that DISCORD_WEBHOOK_URL is Discord's and no proxy answers in its place",
		}
	}
	return made.ID, nil
}

// Edit changes the message with that id. It may be repeated safely. IsMessageGone says of its error that somebody deleted it.
func (c *Client) Edit(ctx context.Context, id string, m Message) error {
	if err := check(opEdit, m); err != nil {
		return err
	}
	if !snowflake.MatchString(id) {
		return invalid(opEdit, "bad_message_id", "the id of the message is none of Discord's; report this as a bug")
	}
	_, err := c.sender.Send(ctx, answer.Request{Op: opEdit, Method: http.MethodPatch, URL: c.address(id), Body: bodyOf(m), Part: true})
	return err
}

// The limits of a message, in characters.
const (
	maxContent     = 2000
	maxEmbeds      = 10
	maxTitle       = 256
	maxDescription = 4096
	maxFields      = 25
	maxFieldName   = 256
	maxFieldValue  = 1024
	maxFooter      = 2048
	maxTotal       = 6000
)

const surface = "Discord"

func invalid(op, code, message string) error {
	return &answer.Error{Class: answer.Never, Surface: surface, Op: op, Code: code, Message: message}
}

// check refuses what Discord would refuse, without a call.
func check(op string, m Message) error {
	tooLong := func(what string, most int) error {
		return invalid(op, "too_long", "the "+what+" is over Discord's limit of "+strconv.Itoa(most)+"; report this as a bug")
	}
	total := 0
	over := func(s string, most int) bool {
		n := utf8.RuneCountInString(s)
		total += n
		return n > most
	}
	switch {
	case m.Content == "" && len(m.Embeds) == 0:
		return invalid(op, "empty_message", "a message needs a content or an embed; report this as a bug")
	case utf8.RuneCountInString(m.Content) > maxContent:
		return tooLong("content", maxContent)
	case len(m.Embeds) > maxEmbeds:
		return tooLong("number of embeds", maxEmbeds)
	}
	for _, e := range m.Embeds {
		switch {
		case over(e.Title, maxTitle):
			return tooLong("title", maxTitle)
		case over(e.Description, maxDescription):
			return tooLong("description", maxDescription)
		case len(e.Fields) > maxFields:
			return tooLong("number of fields", maxFields)
		case e.Footer != nil && over(e.Footer.Text, maxFooter):
			return tooLong("footer", maxFooter)
		}
		for _, f := range e.Fields {
			if over(f.Name, maxFieldName) || over(f.Value, maxFieldValue) {
				return tooLong("field", maxFieldValue)
			}
			if f.Name == "" || f.Value == "" {
				return invalid(op, "empty_field", "a field needs a name and a value; report this as a bug")
			}
		}
	}
	if total > maxTotal {
		return tooLong("sum of all embeds", maxTotal)
	}
	return nil
}

package sandbox

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// slackBlock is as much of Block Kit as is checked and shown.
type slackBlock struct {
	Type     string         `json:"type"`
	Text     *slackText     `json:"text"`
	Fields   []slackText    `json:"fields"`
	Elements []slackElement `json:"elements"`
	// Accessory is the element at the right of a section.
	Accessory *slackElement `json:"accessory"`
	BlockID   string        `json:"block_id"`
	// Label, Hint, Element and Optional belong to an input.
	Label    *slackText    `json:"label"`
	Hint     *slackText    `json:"hint"`
	Element  *slackElement `json:"element"`
	Optional bool          `json:"optional"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// slackElement is a button, or a text or image of a context.
type slackElement struct {
	Type     string
	Text     slackText
	URL      string
	Style    string
	ActionID string
	AltText  string
	Value    string
	// Placeholder and Multiline belong to a field of a modal.
	Placeholder slackText
	Multiline   bool
}

// UnmarshalJSON accepts both shapes of text: an object in a button, a string in a context.
func (e *slackElement) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type     string          `json:"type"`
		Text     json.RawMessage `json:"text"`
		URL      string          `json:"url"`
		Style    string          `json:"style"`
		ActionID string          `json:"action_id"`
		AltText  string          `json:"alt_text"`
		Value    string          `json:"value"`

		Placeholder slackText `json:"placeholder"`
		Multiline   bool      `json:"multiline"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*e = slackElement{
		Type: raw.Type, URL: raw.URL, Style: raw.Style, ActionID: raw.ActionID, AltText: raw.AltText,
		Value: raw.Value, Placeholder: raw.Placeholder, Multiline: raw.Multiline,
	}
	if len(raw.Text) == 0 {
		return nil
	}
	if raw.Text[0] == '"' {
		e.Text.Type = raw.Type
		return json.Unmarshal(raw.Text, &e.Text.Text)
	}
	return json.Unmarshal(raw.Text, &e.Text)
}

// checkBlocks lists what Slack would refuse in a message, after its reference of Block Kit.
func checkBlocks(raw []byte) []string { return checkAllBlocks(raw, false) }

// checkModalBlocks does so for a modal, which alone has inputs here.
func checkModalBlocks(raw []byte) []string { return checkAllBlocks(raw, true) }

func checkAllBlocks(raw []byte, modal bool) []string {
	var blocks []slackBlock
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return []string{blockProblem("/blocks", "must be an array of blocks")}
	}
	var problems []string
	if len(blocks) > 50 {
		problems = append(problems, blockProblem("/blocks", "no more than 50 items allowed"))
	}
	for i := range blocks {
		at := fmt.Sprintf("/blocks/%d", i)
		if blocks[i].Type == "input" && modal {
			problems = append(problems, blocks[i].checkInput(at)...)
			continue
		}
		problems = append(problems, blocks[i].check(at)...)
	}
	return problems
}

func (b *slackBlock) check(at string) []string {
	problems := tooLong(at+"/block_id", b.BlockID, 255)
	switch b.Type {
	case "divider":
	case "header":
		problems = append(problems, checkText(at+"/text", b.Text, 150, "plain_text")...)
	case "section":
		if b.Text == nil && len(b.Fields) == 0 {
			problems = append(problems, blockProblem(at, "missing required field: text or fields"))
		}
		if b.Text != nil {
			problems = append(problems, checkText(at+"/text", b.Text, 3000, "")...)
		}
		problems = append(problems, tooMany(at+"/fields", len(b.Fields), 10)...)
		for i := range b.Fields {
			problems = append(problems, checkText(fmt.Sprintf("%s/fields/%d", at, i), &b.Fields[i], 2000, "")...)
		}
	case "context", "actions":
		limit := map[string]int{"context": 10, "actions": 25}[b.Type]
		problems = append(problems, tooMany(at+"/elements", len(b.Elements), limit)...)
		if len(b.Elements) == 0 {
			problems = append(problems, blockProblem(at+"/elements", "must have at least 1 item"))
		}
		problems = append(problems, b.checkElements(at)...)
	default:
		problems = append(problems, blockProblem(at+"/type", "unsupported type: %s", b.Type))
	}
	return problems
}

func (b *slackBlock) checkInput(at string) []string {
	problems := append(tooLong(at+"/block_id", b.BlockID, 255), checkText(at+"/label", b.Label, 2000, "plain_text")...)
	if b.Hint != nil {
		problems = append(problems, checkText(at+"/hint", b.Hint, 2000, "plain_text")...)
	}
	switch {
	case b.Element == nil || b.Element.Type != "plain_text_input":
		problems = append(problems, blockProblem(at+"/element", "unsupported element"))
	default:
		problems = append(problems, tooLong(at+"/element/action_id", b.Element.ActionID, 255)...)
		problems = append(problems, tooLong(at+"/element/placeholder", b.Element.Placeholder.Text, 150)...)
	}
	return problems
}

func (b *slackBlock) checkElements(at string) []string {
	var problems []string
	seen := map[string]bool{}
	for i := range b.Elements {
		e, here := &b.Elements[i], fmt.Sprintf("%s/elements/%d", at, i)
		switch {
		case b.Type == "actions" && e.Type == "button":
			problems = append(problems, checkText(here+"/text", &e.Text, 75, "plain_text")...)
			problems = append(problems, tooLong(here+"/url", e.URL, 3000)...)
			problems = append(problems, tooLong(here+"/value", e.Value, 2000)...)
			problems = append(problems, tooLong(here+"/action_id", e.ActionID, 255)...)
			if e.ActionID != "" && seen[e.ActionID] {
				problems = append(problems, blockProblem(here+"/action_id", "action_id %s already exists", e.ActionID))
			}
			seen[e.ActionID] = true
			if e.Style != "" && e.Style != "primary" && e.Style != "danger" {
				problems = append(problems, blockProblem(here+"/style", "must be primary or danger"))
			}
		case b.Type == "context" && (e.Type == "mrkdwn" || e.Type == "plain_text"):
			problems = append(problems, checkText(here+"/text", &e.Text, 3000, "")...)
		case b.Type == "context" && e.Type == "image" && e.AltText != "":
		default:
			problems = append(problems, blockProblem(here+"/type", "unsupported element: %s", e.Type))
		}
	}
	return problems
}

// checkText checks a text object; kind is the only type allowed, or "" for both.
func checkText(at string, t *slackText, limit int, kind string) []string {
	switch {
	case t == nil || t.Text == "":
		return []string{blockProblem(at, "must be more than 0 characters")}
	case kind != "" && t.Type != kind, t.Type != "plain_text" && t.Type != "mrkdwn":
		return []string{blockProblem(at+"/type", "unsupported type: %s", t.Type)}
	}
	return tooLong(at+"/text", t.Text, limit)
}

func tooLong(at, s string, limit int) []string {
	if utf8.RuneCountInString(s) > limit {
		return []string{blockProblem(at, "must be less than %d characters", limit+1)}
	}
	return nil
}

func tooMany(at string, n, limit int) []string {
	if n > limit {
		return []string{blockProblem(at, "no more than %d items allowed", limit)}
	}
	return nil
}

package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxSlackText is where Slack refuses a text.
const maxSlackText = 40_000

func (s *Slack) authTest(url.Values) (obj, *slackError) {
	return obj{
		"url": "https://sandbox.slack.example/", "team": s.opt.Team, "user": s.opt.BotName, "team_id": SlackTeamID,
		"user_id": slackUserID, "bot_id": slackBotID, "is_enterprise_install": false,
	}, nil
}

func (s *Slack) postMessage(args url.Values) (obj, *slackError) {
	c, failed := s.writable(args.Get("channel"))
	if failed != nil {
		return nil, failed
	}
	m := &SlackMessage{}
	if failed := m.fill(args); failed != nil {
		return nil, failed
	}
	// A reply to a message that is gone becomes a message of its own.
	if parent := c.message(args.Get("thread_ts")); parent != nil {
		m.Thread = parent.TS
		if parent.Thread != "" {
			m.Thread = parent.Thread
		}
	}
	m.TS = s.newTS()
	c.messages = append(c.messages, m)
	return obj{"channel": c.ID, "ts": m.TS, "message": s.messageJSON(c, m, true)}, nil
}

func (s *Slack) updateMessage(args url.Values) (obj, *slackError) {
	c := s.channel(args.Get("channel"))
	// Unlike posting, editing takes no names.
	if c == nil || c.ID != args.Get("channel") {
		return nil, slackNo("channel_not_found")
	}
	m := c.message(args.Get("ts"))
	switch {
	case m == nil || m.Only != "":
		return nil, slackNo("message_not_found")
	case m.By != "":
		return nil, slackNo("cant_update_message")
	case c.Archived:
		return nil, slackNo("is_archived")
	}
	changed := *m
	if args.Has("text") && !args.Has("blocks") {
		changed.Blocks = nil
	}
	if failed := changed.fill(args); failed != nil {
		return nil, failed
	}
	*m = changed
	m.EditedTS = s.newTS()
	m.Edits++
	return obj{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": s.messageJSON(c, m, true)}, nil
}

// fill takes text, blocks and metadata from the arguments, and refuses what Slack refuses.
func (m *SlackMessage) fill(args url.Values) *slackError {
	if args.Has("text") {
		m.Text = args.Get("text")
	}
	if utf8.RuneCountInString(m.Text) > maxSlackText {
		return slackNo("msg_too_long")
	}
	if raw := args.Get("blocks"); raw != "" {
		if problems := checkBlocks([]byte(raw)); len(problems) > 0 {
			return &slackError{code: "invalid_blocks", extra: obj{"errors": problems, "response_metadata": obj{"messages": problems}}}
		}
		m.Blocks = json.RawMessage(raw)
	}
	if m.Text == "" && len(m.Blocks) == 0 {
		return slackNo("no_text")
	}
	if raw := args.Get("metadata"); raw != "" {
		var meta SlackMetadata
		if err := json.Unmarshal([]byte(raw), &meta); err != nil || meta.EventType == "" {
			return slackNo("invalid_metadata_format")
		}
		m.Metadata = &meta
	}
	return nil
}

func (s *Slack) getPermalink(args url.Values) (obj, *slackError) {
	c := s.channel(args.Get("channel"))
	if c == nil {
		return nil, slackNo("channel_not_found")
	}
	if c.message(args.Get("message_ts")) == nil {
		return nil, slackNo("message_not_found")
	}
	link := s.w.baseURL() + "/slack/" + c.Name + "#p" + args.Get("message_ts")
	return obj{"channel": c.ID, "permalink": link}, nil
}

func (s *Slack) addReaction(args url.Values) (obj, *slackError) {
	c := s.channel(args.Get("channel"))
	if c == nil {
		return nil, slackNo("channel_not_found")
	}
	m := c.message(args.Get("timestamp"))
	name := strings.Trim(args.Get("name"), ":")
	switch {
	case m == nil:
		return nil, slackNo("message_not_found")
	case name == "":
		return nil, slackNo("invalid_name")
	case slices.Contains(m.Reactions, name):
		return nil, slackNo("already_reacted")
	}
	m.Reactions = append(m.Reactions, name)
	return obj{}, nil
}

// writable finds a channel that the bot may post in; a person's id stands for the direct messages with him.
func (s *Slack) writable(ref string) (*slackChannel, *slackError) {
	if strings.HasPrefix(ref, "U") {
		return s.direct(ref)
	}
	c := s.channel(ref)
	switch {
	case c == nil, c.Private && c.BotAbsent:
		return nil, slackNo("channel_not_found")
	case c.Archived:
		return nil, slackNo("is_archived")
	case c.BotAbsent:
		return nil, slackNo("not_in_channel")
	}
	return c, nil
}

// messageJSON renders a message as Slack does; metadata is shown only to those who ask for it.
func (s *Slack) messageJSON(c *slackChannel, m *SlackMessage, metadata bool) obj {
	out := obj{"type": "message", "ts": m.TS, "text": m.Text, "team": SlackTeamID}
	if m.By == "" {
		out["user"], out["bot_id"], out["app_id"] = slackUserID, slackBotID, slackAppID
		out["bot_profile"] = obj{"id": slackBotID, "app_id": slackAppID, "name": s.opt.BotName, "team_id": SlackTeamID, "deleted": false}
	} else {
		out["user"] = SlackUserID(m.By)
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if m.EditedTS != "" {
		out["edited"] = obj{"user": slackBotID, "ts": m.EditedTS}
	}
	if metadata && m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	if m.Thread != "" {
		out["thread_ts"] = m.Thread
	} else if n := c.replyCount(m.TS); n > 0 {
		out["thread_ts"], out["reply_count"] = m.TS, n
	}
	var reactions []obj
	for _, name := range m.Reactions {
		reactions = append(reactions, obj{"name": name, "count": 1, "users": []string{slackUserID}})
	}
	if len(reactions) > 0 {
		out["reactions"] = reactions
	}
	return out
}

func (c *slackChannel) replyCount(ts string) int {
	n := 0
	for _, m := range c.messages {
		if m.Thread == ts {
			n++
		}
	}
	return n
}

// baseURL is where the world is reached.
func (w *World) baseURL() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opt.BaseURL
}

// blockProblem words a problem the way Slack's response_metadata does.
func blockProblem(pointer, format string, args ...any) string {
	return fmt.Sprintf("[ERROR] %s [json-pointer:%s]", fmt.Sprintf(format, args...), pointer)
}

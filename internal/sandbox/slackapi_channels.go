package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (s *Slack) listChannels(args url.Values) (obj, *slackError) {
	types := strings.Split(args.Get("types"), ",")
	if args.Get("types") == "" {
		types = []string{"public_channel"}
	}
	if slices.Contains(types, "private_channel") && s.faults.Scopes != nil && !slices.Contains(s.faults.Scopes, "groups:read") {
		return nil, &slackError{code: "missing_scope", extra: obj{"needed": "groups:read", "provided": strings.Join(s.faults.Scopes, ",")}}
	}
	var visible []obj
	for _, c := range s.channels {
		kind := "public_channel"
		if c.Private {
			kind = "private_channel"
		}
		hidden := c.With != "" || c.Private && c.BotAbsent || c.Archived && args.Get("exclude_archived") == "true"
		if !hidden && slices.Contains(types, kind) {
			visible = append(visible, c.json())
		}
	}
	page, next, ok := slackPage(visible, args, 100)
	if !ok {
		return nil, slackNo("invalid_cursor")
	}
	return obj{"channels": page, "response_metadata": obj{"next_cursor": next}}, nil
}

func (s *Slack) channelInfo(args url.Values) (obj, *slackError) {
	c, failed := s.readable(args.Get("channel"), false)
	if failed != nil {
		return nil, failed
	}
	return obj{"channel": c.json()}, nil
}

func (s *Slack) joinChannel(args url.Values) (obj, *slackError) {
	c, failed := s.readable(args.Get("channel"), false)
	switch {
	case failed != nil:
		return nil, failed
	case c.Private:
		return nil, slackNo("method_not_supported_for_channel_type")
	case c.Archived:
		return nil, slackNo("is_archived")
	}
	c.BotAbsent = false
	return obj{"channel": c.json()}, nil
}

func (s *Slack) history(args url.Values) (obj, *slackError) {
	c, failed := s.readable(args.Get("channel"), true)
	if failed != nil {
		return nil, failed
	}
	var out []obj
	for _, m := range slices.Backward(c.messages) {
		if m.Thread == "" && m.Only == "" && within(m.TS, args) {
			out = append(out, s.messageJSON(c, m, args.Get("include_all_metadata") == "1"))
		}
	}
	return slackMessages(out, args)
}

func (s *Slack) replies(args url.Values) (obj, *slackError) {
	c, failed := s.readable(args.Get("channel"), true)
	if failed != nil {
		return nil, failed
	}
	parent := c.message(args.Get("ts"))
	if parent == nil {
		return nil, slackNo("thread_not_found")
	}
	metadata := args.Get("include_all_metadata") == "1"
	out := []obj{s.messageJSON(c, parent, metadata)}
	for _, m := range c.messages {
		if m.Thread == parent.TS && within(m.TS, args) {
			out = append(out, s.messageJSON(c, m, metadata))
		}
	}
	return slackMessages(out, args)
}

// readable finds a channel by id; to read messages the bot has to be in it.
func (s *Slack) readable(id string, member bool) (*slackChannel, *slackError) {
	c := s.channel(id)
	switch {
	case c == nil || c.ID != id, c.Private && c.BotAbsent:
		return nil, slackNo("channel_not_found")
	case member && c.BotAbsent:
		return nil, slackNo("not_in_channel")
	}
	return c, nil
}

func (c *slackChannel) json() obj {
	return obj{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_group": c.Private, "is_private": c.Private,
		"is_archived": c.Archived, "is_member": !c.BotAbsent, "created": c.created.Unix(), "creator": slackUserID,
	}
}

// within applies oldest and latest; timestamps of one length compare as text.
func within(ts string, args url.Values) bool {
	oldest, latest, inclusive := args.Get("oldest"), args.Get("latest"), args.Get("inclusive") == "1"
	if oldest != "" && (ts < oldest || ts == oldest && !inclusive) {
		return false
	}
	return latest == "" || ts < latest || ts == latest && inclusive
}

func slackMessages(all []obj, args url.Values) (obj, *slackError) {
	page, next, ok := slackPage(all, args, 100)
	if !ok {
		return nil, slackNo("invalid_cursor")
	}
	out := obj{"messages": page, "has_more": next != "", "pin_count": 0}
	if next != "" {
		out["response_metadata"] = obj{"next_cursor": next}
	}
	return out, nil
}

// slackPage cuts one page; the cursor is the index of the next item.
func slackPage(all []obj, args url.Values, size int) (page []obj, next string, ok bool) {
	if n, err := strconv.Atoi(args.Get("limit")); err == nil && n > 0 {
		size = min(n, 999)
	}
	start := 0
	if cursor := args.Get("cursor"); cursor != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(cursor, "next:"))
		if err != nil || n < 0 || n > len(all) {
			return nil, "", false
		}
		start = n
	}
	end := min(start+size, len(all))
	if end < len(all) {
		next = "next:" + strconv.Itoa(end)
	}
	return append([]obj{}, all[start:end]...), next, true
}

package slack

import (
	"context"
	"fmt"
	"time"

	api "github.com/slack-go/slack"
)

const (
	findPage  = 200
	findPages = 10
	// clockSkew widens the search, because since is our clock and a message's time is Slack's.
	clockSkew = 5 * time.Minute
)

// query is what one search looks for.
type query struct {
	op, channel, eventType, key, value string
	skip                               string // skip is the ts of the thread's own first message.
}

// page is one answer of history or replies.
type page struct {
	messages []api.Message
	next     string
}

// Find looks in a channel (id or "#name") for the bot's own message posted since then whose metadata has that event type
// and the string value under key. Replies in threads are not seen; FindReply looks there.
// Two or more matches give the oldest together with an Ambiguous error; a channel too busy to be read to its end gives Ambiguous alone.
func (c *Client) Find(ctx context.Context, channel string, since time.Time, eventType, key, value string) (Posted, bool, error) {
	id, err := c.resolve(ctx, channel)
	if err != nil {
		return Posted{}, false, err
	}
	params := &api.GetConversationHistoryParameters{ChannelID: id, Limit: findPage, IncludeAllMetadata: true, Inclusive: true, Oldest: timestamp(since)}
	q := query{op: "conversations.history", channel: id, eventType: eventType, key: key, value: value}
	return c.search(ctx, q, func(cursor string) (page, error) {
		params.Cursor = cursor
		answer, err := c.web.GetConversationHistoryContext(ctx, params)
		if err != nil {
			return page{}, err
		}
		return page{messages: answer.Messages, next: answer.ResponseMetaData.NextCursor}, nil
	})
}

// FindReply looks in the thread of a message, as Find does in a channel.
func (c *Client) FindReply(ctx context.Context, channel, thread, eventType, key, value string) (Posted, bool, error) {
	id, err := c.resolve(ctx, channel)
	if err != nil {
		return Posted{}, false, err
	}
	params := &api.GetConversationRepliesParameters{ChannelID: id, Timestamp: thread, Limit: findPage, IncludeAllMetadata: true, Inclusive: true}
	q := query{op: "conversations.replies", channel: id, eventType: eventType, key: key, value: value, skip: thread}
	return c.search(ctx, q, func(cursor string) (page, error) {
		params.Cursor = cursor
		messages, _, next, err := c.web.GetConversationRepliesContext(ctx, params)
		return page{messages: messages, next: next}, err
	})
}

// search reads page after page, to the end, so that a second match is noticed.
func (c *Client) search(ctx context.Context, q query, read func(cursor string) (page, error)) (Posted, bool, error) {
	who, err := c.self(ctx)
	if err != nil {
		return Posted{}, false, err
	}
	var hits []string
	cursor := ""
	for range findPages {
		p, err := read(cursor)
		if err != nil {
			return Posted{}, false, c.explain(q.op, q.channel, err)
		}
		for i := range p.messages {
			if q.matches(&p.messages[i], who) {
				hits = append(hits, p.messages[i].Timestamp)
			}
		}
		if p.next == "" {
			return c.verdict(q, hits)
		}
		cursor = p.next
	}
	return Posted{}, false, &Error{Class: Ambiguous, Op: q.op, Code: "too_many_messages", Message: fmt.Sprintf(
		"%s holds more messages than are read (%d pages), so whether the message is there stays unknown; look in the channel", c.show(q.channel), findPages)}
}

// verdict judges what a complete search found.
func (c *Client) verdict(q query, hits []string) (Posted, bool, error) {
	if len(hits) == 0 {
		return Posted{}, false, nil
	}
	oldest := hits[0]
	for _, ts := range hits[1:] {
		// Timestamps of one channel have the same length, so they compare as text.
		oldest = min(oldest, ts)
	}
	found := Posted{Channel: q.channel, TS: oldest}
	if len(hits) == 1 {
		return found, true, nil
	}
	return found, true, &Error{Class: Ambiguous, Op: q.op, Code: "found_several", Message: c.redact.text(fmt.Sprintf(
		"%d messages in %s carry %s %q; delete all but one", len(hits), c.show(q.channel), q.key, q.value))}
}

func (q query) matches(m *api.Message, who identity) bool {
	own := who.botID != "" && m.BotID == who.botID || m.BotID == "" && who.userID != "" && m.User == who.userID
	if !own || m.Timestamp == q.skip || m.Metadata.EventType != q.eventType {
		return false
	}
	got, ok := m.Metadata.EventPayload[q.key].(string)
	return ok && got == q.value
}

// timestamp renders a time as Slack's message id, empty for no time.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.Add(-clockSkew)
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

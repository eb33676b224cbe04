package slack

import (
	"context"

	api "github.com/slack-go/slack"
)

// Message is what is shown in a channel or thread. Text and blocks are already escaped.
type Message struct {
	Channel string      // Channel is an id or "#name"; Update ignores it.
	Text    string      // Text stands in for the blocks in notifications and screen readers.
	Blocks  []api.Block // Blocks are shown instead of Text; none shows Text.
	Thread  string      // Thread is the ts of the message to reply to; empty posts to the channel; Update ignores it.

	EventType    string         // EventType names the metadata; empty sends none. Update replaces metadata only when it is set.
	EventPayload map[string]any // EventPayload is the metadata, such as run id and role; Find looks for its strings.
}

// Posted is where a message is. Both are needed to edit it.
type Posted struct {
	Channel string // Channel is the id, whatever the message was addressed to.
	TS      string // TS is Slack's id of the message within the channel.
}

// Post writes a message. After Ambiguous, ask Find before posting again.
func (c *Client) Post(ctx context.Context, m Message) (Posted, error) {
	if err := check(post, m.Channel, m); err != nil {
		return Posted{}, err
	}
	opts := append(content(m), api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl())
	if m.Thread != "" {
		opts = append(opts, api.MsgOptionTS(m.Thread))
	}
	channel, ts, err := c.web.PostMessageContext(ctx, m.Channel, opts...)
	if err == nil && (channel == "" || ts == "") {
		err = &failure{status: 200, code: "unreadable_answer", sent: true}
	}
	if err != nil {
		return Posted{}, c.explain(post, m.Channel, err)
	}
	c.learn(m.Channel, channel)
	return Posted{Channel: channel, TS: ts}, nil
}

// Update edits the message ts in the channel with that id. It may be repeated safely.
func (c *Client) Update(ctx context.Context, channelID, ts string, m Message) error {
	const op = "chat.update"
	if err := check(op, channelID, m); err != nil {
		return err
	}
	if _, _, _, err := c.web.UpdateMessageContext(ctx, channelID, ts, content(m)...); err != nil {
		return c.explain(op, channelID, err)
	}
	return nil
}

// Permalink returns the web address of a message.
func (c *Client) Permalink(ctx context.Context, channelID, ts string) (string, error) {
	link, err := c.web.GetPermalinkContext(ctx, &api.PermalinkParameters{Channel: channelID, Ts: ts})
	if err != nil {
		return "", c.explain("chat.getPermalink", channelID, err)
	}
	return link, nil
}

// content is what posting and editing have in common.
func content(m Message) []api.MsgOption {
	opts := []api.MsgOption{api.MsgOptionText(m.Text, false)}
	if len(m.Blocks) > 0 {
		opts = append(opts, api.MsgOptionBlocks(m.Blocks...))
	}
	if m.EventType != "" {
		opts = append(opts, api.MsgOptionMetadata(api.SlackMetadata{EventType: m.EventType, EventPayload: m.EventPayload}))
	}
	return opts
}

// maxBlocks is Slack's limit for one message.
const maxBlocks = 50

// check refuses what Slack would refuse, or would accept and show wrongly, without a call.
func check(op, channel string, m Message) error {
	switch {
	case channel == "":
		return &Error{Class: Invalid, Op: op, Code: "no_channel", Message: "no channel is given; set notify.slack"}
	case m.Text == "":
		return &Error{Class: Invalid, Op: op, Code: "no_text", Message: "a message needs a text, also beside blocks; report this as a bug"}
	case len(m.Blocks) > maxBlocks:
		return &Error{Class: Invalid, Op: op, Code: "too_many_blocks", Message: "Slack takes at most 50 blocks; move details to the thread"}
	}
	return nil
}

package slack

import (
	"context"

	api "github.com/slack-go/slack"
)

// Ephemeral shows a message in a channel to one person alone. It cannot be edited or found again, and is gone when the
// person's client starts anew. NotInChannel means that the person, or the bot, is not in the channel.
func (c *Client) Ephemeral(ctx context.Context, channel, user string, m Message) error {
	const op = "chat.postEphemeral"
	if err := check(op, channel, m); err != nil {
		return err
	}
	if _, err := c.web.PostEphemeralContext(ctx, channel, user, content(m)...); err != nil {
		return c.explain(op, channel, err)
	}
	return nil
}

// Direct returns the id of the conversation between the bot and one person, and opens it. It may be repeated safely.
// It needs the scope im:write.
func (c *Client) Direct(ctx context.Context, user string) (channelID string, err error) {
	channel, _, _, err := c.web.OpenConversationContext(ctx, &api.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", c.explain("conversations.open", user, err)
	}
	return channel.ID, nil
}

// Delete removes a message of the bot's own. One that is gone is NotFound.
func (c *Client) Delete(ctx context.Context, channelID, ts string) error {
	if _, _, err := c.web.DeleteMessageContext(ctx, channelID, ts); err != nil {
		return c.explain("chat.delete", channelID, err)
	}
	return nil
}

// OpenModal shows a modal to the person whose click gave the trigger, at most 3 s after it and once.
func (c *Client) OpenModal(ctx context.Context, trigger string, v api.ModalViewRequest) error {
	if _, err := c.web.OpenViewContext(ctx, trigger, v); err != nil {
		return c.explain("views.open", "", err)
	}
	return nil
}

package slack

import (
	"context"

	api "github.com/slack-go/slack"
)

// Channel is a channel as the bot sees it.
type Channel struct {
	ID       string
	Name     string // Name is without #.
	Member   bool   // Member says that the bot is in it, without which it cannot post there.
	Archived bool
}

// Channel reads a channel by id or "#name". NotFound means that the bot sees none; a private one is seen by its members only.
func (c *Client) Channel(ctx context.Context, channel string) (Channel, error) {
	id, err := c.resolve(ctx, channel)
	if err != nil {
		return Channel{}, err
	}
	in, err := c.web.GetConversationInfoContext(ctx, &api.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return Channel{}, c.explain("conversations.info", channel, err)
	}
	return Channel{ID: in.ID, Name: in.Name, Member: in.IsMember, Archived: in.IsArchived}, nil
}

package slack

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	api "github.com/slack-go/slack"
)

const (
	// listFresh is how long an absent name is believed before the channels are listed again.
	listFresh = time.Minute
	listPage  = 999
	listPages = 20
)

// channelID matches ids of channels, private channels and direct messages.
var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{6,}$`)

// identity is who the token belongs to, as auth.test tells.
type identity struct{ botID, userID, name string }

// resolve returns the id of a channel given as id or "#name", listing the channels when the name is new.
func (c *Client) resolve(ctx context.Context, channel string) (string, error) {
	if channelID.MatchString(channel) {
		return channel, nil
	}
	name := bare(channel)
	id, fresh := c.known(name)
	if id == "" && !fresh {
		if err := c.list(ctx); err != nil {
			return "", err
		}
		id, _ = c.known(name)
	}
	if id == "" {
		return "", c.explain("conversations.list", channel, &failure{status: 200, code: "channel_not_found"})
	}
	return id, nil
}

// list learns every channel that the bot can see; without the scope for private ones, the public ones.
func (c *Client) list(ctx context.Context) error {
	err := c.listTypes(ctx, "public_channel", "private_channel")
	var f *failure
	if errors.As(err, &f) && f.code == "missing_scope" && f.needed != "channels:read" {
		err = c.listTypes(ctx, "public_channel")
	}
	if err != nil {
		return c.explain("conversations.list", "", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listedAt = c.clock()
	return nil
}

func (c *Client) listTypes(ctx context.Context, types ...string) error {
	params := &api.GetConversationsParameters{ExcludeArchived: true, Limit: listPage, Types: types}
	for range listPages {
		channels, next, err := c.web.GetConversationsContext(ctx, params)
		if err != nil {
			return err
		}
		for i := range channels {
			c.learn(channels[i].Name, channels[i].ID)
		}
		if next == "" {
			return nil
		}
		params.Cursor = next
	}
	return &Error{Class: Invalid, Op: "conversations.list", Code: "too_many_channels", Message: "the workspace has too many channels to find one by name; write the channel's id (C…) in notify.slack"}
}

// self returns who the bot is, asking once.
func (c *Client) self(ctx context.Context) (identity, error) {
	c.mu.Lock()
	who := c.who
	c.mu.Unlock()
	if who != (identity{}) {
		return who, nil
	}
	answer, err := c.web.AuthTestContext(ctx)
	if err != nil {
		return identity{}, c.explain("auth.test", "", err)
	}
	who = identity{botID: answer.BotID, userID: answer.UserID, name: answer.User}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.who = who
	return who, nil
}

// learn remembers which id a name has; given an id for a name it does nothing.
func (c *Client) learn(channel, id string) {
	if channelID.MatchString(channel) || channel == "" || id == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids[bare(channel)], c.names[id] = id, bare(channel)
}

// known returns the id of a name, and whether an absent name can be believed to be absent.
func (c *Client) known(name string) (id string, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ids[name], !c.listedAt.IsZero() && c.clock().Sub(c.listedAt) < listFresh
}

// show returns the channel as people know it.
func (c *Client) show(channel string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name := c.names[channel]; name != "" {
		return "#" + name
	}
	if channel == "" {
		return "the channel"
	}
	return channel
}

func (c *Client) botName() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return orElse(c.who.name, "gatehouse")
}

func bare(channel string) string { return strings.ToLower(strings.TrimPrefix(channel, "#")) }

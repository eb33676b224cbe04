package sandbox

import (
	"net/url"
	"slices"
	"strings"
)

// SlackUserID is the id that a person of the World has in the workspace.
func SlackUserID(login string) string {
	return "U" + strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToUpper(login))
}

// person finds the World's person with that id in the workspace.
func (s *Slack) person(id string) (User, bool) {
	people := s.w.Users()
	i := slices.IndexFunc(people, func(u User) bool { return SlackUserID(u.Login) == id })
	if i < 0 {
		return User{}, false
	}
	return people[i], true
}

func (s *Slack) userInfo(args url.Values) (obj, *slackError) {
	u, ok := s.person(args.Get("user"))
	if !ok {
		return nil, slackNo("user_not_found")
	}
	return obj{"user": s.userJSON(u)}, nil
}

func (s *Slack) userJSON(u User) obj {
	return obj{
		"id": SlackUserID(u.Login), "team_id": SlackTeamID, "name": u.Login, "real_name": u.Name, "deleted": false, "is_bot": false,
		"profile": obj{"display_name": u.Login, "real_name": u.Name},
	}
}

// openConversation opens the bot's direct messages with one person; group messages are not offered.
func (s *Slack) openConversation(args url.Values) (obj, *slackError) {
	id := args.Get("users")
	if id == "" || strings.Contains(id, ",") {
		return nil, slackNo("users_list_not_supplied")
	}
	known := s.channel("D" + strings.TrimPrefix(id, "U"))
	c, failed := s.direct(id)
	if failed != nil {
		return nil, failed
	}
	return obj{"channel": obj{"id": c.ID}, "already_open": known != nil}, nil
}

// direct is the conversation of the bot with a person; the lock is held.
func (s *Slack) direct(user string) (*slackChannel, *slackError) {
	id := "D" + strings.TrimPrefix(user, "U")
	if c := s.channel(id); c != nil {
		return c, nil
	}
	u, ok := s.person(user)
	switch {
	case !ok:
		return nil, slackNo("user_not_found")
	case slices.Contains(s.faults.NoDirect, u.Login):
		return nil, slackNo("cannot_dm_bot")
	}
	c := &slackChannel{SlackChannel: SlackChannel{ID: id, Name: "@" + u.Login, Private: true, With: user}, created: s.w.now()}
	s.channels = append(s.channels, c)
	return c, nil
}

// postEphemeral writes what only one person sees; it cannot be read, edited or found later.
func (s *Slack) postEphemeral(args url.Values) (obj, *slackError) {
	c, failed := s.writable(args.Get("channel"))
	if failed != nil {
		return nil, failed
	}
	user := args.Get("user")
	u, ok := s.person(user)
	if !ok || c.With != "" && c.With != user || slices.Contains(s.faults.Outside, u.Login) {
		return nil, slackNo("user_not_in_channel")
	}
	m := &SlackMessage{Only: user}
	if failed := m.fill(args); failed != nil {
		return nil, failed
	}
	m.TS = s.newTS()
	c.messages = append(c.messages, m)
	return obj{"message_ts": m.TS}, nil
}

func (s *Slack) deleteMessage(args url.Values) (obj, *slackError) {
	c := s.channel(args.Get("channel"))
	if c == nil || c.ID != args.Get("channel") {
		return nil, slackNo("channel_not_found")
	}
	m := c.message(args.Get("ts"))
	switch {
	case m == nil || m.Only != "":
		return nil, slackNo("message_not_found")
	case m.By != "":
		return nil, slackNo("cant_delete_message")
	}
	c.messages = slices.DeleteFunc(c.messages, func(x *SlackMessage) bool { return x == m })
	return obj{"channel": c.ID, "ts": m.TS}, nil
}

// seenBy tells whether a person sees a message or a channel that has an audience.
func seenBy(audience, login string) bool { return audience == "" || audience == SlackUserID(login) }

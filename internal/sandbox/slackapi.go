package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// SlackOptions configure a workspace with one bot in it.
type SlackOptions struct {
	// Token is the bot's token; default "xoxb-sandbox".
	Token string
	// BotName is the bot's display name; default "gatehouse".
	BotName string
	// Team is the name of the workspace; default "Sandbox".
	Team string
	// SigningSecret signs what clicks send; default "slack-signing-secret".
	SigningSecret string
	// InteractionsURL is where clicks are posted; SetInteractions can set it later.
	InteractionsURL string
}

// SlackFaults are what is wrong with the workspace; the rules of World.SetFaults apply to /slack/api/ too.
type SlackFaults struct {
	// Down answers every call with 503 and no JSON.
	Down bool
	// RetryAfter, if not 0, answers every call with 429 and that pause.
	RetryAfter time.Duration
	// Scopes, if not nil, are all that the bot was granted.
	Scopes []string
	// Outside are logins who are in no channel: nothing can be shown to them there alone.
	Outside []string
	// NoDirect are logins who take no direct messages.
	NoDirect []string
	// Forged signs clicks with another secret, Stale dates them back, Doubled sends each twice.
	Forged  bool
	Stale   time.Duration
	Doubled bool
}

// Slack is a workspace: its Web API under /slack/api/ and its pages under /slack. It shares clock, record and faults with a World.
type Slack struct {
	w   *World
	opt SlackOptions

	mu       sync.Mutex
	faults   SlackFaults
	channels []*slackChannel
	lastTS   int64
	views    map[string]*SlackView   // views are the open modals, by user id.
	triggers map[string]slackTrigger // triggers may open one.

	lastView, lastTrigger int
	webhooks              map[string]string // webhooks maps the token of an incoming webhook to its channel's id.
}

// SlackChannel is a channel as it is now.
type SlackChannel struct {
	ID       string
	Name     string
	Private  bool
	Archived bool
	// BotAbsent tells that the bot was not invited.
	BotAbsent bool
	// With is the id of the one person who sees it, for direct messages.
	With string
}

type slackChannel struct {
	SlackChannel
	created  time.Time
	messages []*SlackMessage
}

// SlackMessage is a message or a reply.
type SlackMessage struct {
	TS string
	// Thread is the TS of the message it replies to.
	Thread string
	// By is the name of a person, empty for the bot.
	By        string
	Text      string
	Blocks    json.RawMessage
	Metadata  *SlackMetadata
	EditedTS  string
	Edits     int
	Reactions []string
	// Webhook tells that an incoming webhook posted it.
	Webhook bool
	// Only is the id of the one person who sees it, for an ephemeral message.
	Only string
}

// SlackMetadata is what an app attaches to a message, unseen by people.
type SlackMetadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// SlackTeamID is the id of the workspace.
const SlackTeamID = "T0SANDBOX"

const (
	slackBotID  = "B0GATEHOUSE"
	slackUserID = "U0GATEHOUSE"
	slackAppID  = "A0GATEHOUSE"
)

// NewSlack makes a workspace beside a World. Its Handler serves both.
func NewSlack(w *World, opt SlackOptions) *Slack {
	if opt.Token == "" {
		opt.Token = "xoxb-sandbox"
	}
	if opt.BotName == "" {
		opt.BotName = "gatehouse"
	}
	if opt.Team == "" {
		opt.Team = "Sandbox"
	}
	if opt.SigningSecret == "" {
		opt.SigningSecret = "slack-signing-secret"
	}
	return &Slack{w: w, opt: opt, webhooks: map[string]string{}, views: map[string]*SlackView{}, triggers: map[string]slackTrigger{}}
}

// Handler serves the workspace's API and pages, and the World's own handler for everything else.
func (s *Slack) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/slack/services/{token}", s.hideWebhook(s.w.observe(KindSlack, named("/slack/services/{token}"), http.HandlerFunc(s.serveWebhook))))
	mux.Handle("/slack/api/{method}", hideToken(s.w.observe(KindSlack, slackRoute, http.HandlerFunc(s.serveAPI))))
	s.mountPages(mux)
	mux.Handle("/", s.w.Handler())
	return mux
}

// SetFaults replaces what is wrong.
func (s *Slack) SetFaults(f SlackFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// AddChannel adds a channel; a missing id is made up.
func (s *Slack) AddChannel(c SlackChannel) SlackChannel {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Name = strings.TrimPrefix(c.Name, "#")
	if c.ID == "" {
		c.ID = fmt.Sprintf("C%010d", len(s.channels)+1)
	}
	s.channels = append(s.channels, &slackChannel{SlackChannel: c, created: s.w.now()})
	return c
}

// SetChannel changes a channel: its name, whether it is archived, whether the bot is in it.
func (s *Slack) SetChannel(id string, change func(*SlackChannel)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channel(id); c != nil {
		change(&c.SlackChannel)
		c.ID = id
	}
}

// Channels lists the channels in the order they were added.
func (s *Slack) Channels() []SlackChannel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []SlackChannel
	for _, c := range s.channels {
		out = append(out, c.SlackChannel)
	}
	return out
}

// Messages copies a channel's messages and replies, oldest first; the channel is an id or a name.
func (s *Slack) Messages(channel string) []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	if c == nil {
		return nil
	}
	out := values(c.messages)
	for i := range out {
		out[i].Reactions = slices.Clone(out[i].Reactions)
	}
	return out
}

// Say writes a message as a person, in a thread if one is given.
func (s *Slack) Say(by, channel, thread, text string) (ts string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	if c == nil {
		return "", fmt.Errorf("say: the workspace has no channel %s: add it with AddChannel", channel)
	}
	m := &SlackMessage{TS: s.newTS(), Thread: thread, By: by, Text: text}
	c.messages = append(c.messages, m)
	s.w.act(by, "", "slack_message", c.Name)
	return m.TS, nil
}

// DeleteMessage removes a message as a person would.
func (s *Slack) DeleteMessage(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channel(channel); c != nil {
		c.messages = slices.DeleteFunc(c.messages, func(m *SlackMessage) bool { return m.TS == ts })
	}
}

// channel finds a channel by id, name or #name; the lock is held.
func (s *Slack) channel(ref string) *slackChannel {
	for _, c := range s.channels {
		if c.ID == ref || c.Name == strings.TrimPrefix(ref, "#") {
			return c
		}
	}
	return nil
}

func (c *slackChannel) message(ts string) *SlackMessage {
	for _, m := range c.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// newTS is the time in microseconds, later than every one before it.
func (s *Slack) newTS() string {
	now := s.w.clock.Now().UnixMicro()
	s.lastTS = max(now, s.lastTS+1)
	return fmt.Sprintf("%d.%06d", s.lastTS/1_000_000, s.lastTS%1_000_000)
}

package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DiscordOptions configure a server with one channel and one webhook in it.
type DiscordOptions struct {
	// Token is the webhook's token; default "sandbox-token".
	Token string
	// Channel is the channel's name; default "releases".
	Channel string
	// BotName is the name that the webhook writes under; default "Gatehouse".
	BotName string
	// Limit is how many calls the webhook takes in two seconds; default 5, as Discord has it.
	Limit int
}

// DiscordFaults are what is wrong with the server; the rules of World.SetFaults apply to /discord/api/ too.
type DiscordFaults struct {
	// Down answers every call with 503 and no JSON.
	Down bool
	// RetryAfter, if not 0, answers every call with 429 and that pause.
	RetryAfter time.Duration
	// Deleted tells that somebody deleted the webhook.
	Deleted bool
	// OldEdits answers every edit with the limit for messages older than an hour.
	OldEdits bool
}

// Discord is a server: its webhook under /discord/api/webhooks/ and its page under /discord. It shares clock, record and faults
// with a World.
type Discord struct {
	w   *World
	opt DiscordOptions

	mu       sync.Mutex
	faults   DiscordFaults
	messages []*DiscordMessage
	window   time.Time // of the rate limit, when it began
	used     int
	lastID   int64
}

// DiscordMessage is a message of the webhook.
type DiscordMessage struct {
	ID string
	// Thread is the thread that it was written in.
	Thread  string
	Content string
	Embeds  []DiscordEmbed
	At      time.Time
	Edits   int
	// Pings are the mentions that people were notified of.
	Pings []string
}

// DiscordEmbed is a card below a message.
type DiscordEmbed struct {
	Title       string         `json:"title,omitempty"`
	URL         string         `json:"url,omitempty"`
	Description string         `json:"description,omitempty"`
	Color       int            `json:"color,omitempty"`
	Fields      []DiscordField `json:"fields,omitempty"`
	Footer      struct {
		Text string `json:"text"`
	} `json:"footer,omitzero"`
}

// DiscordField is a titled part of an embed.
type DiscordField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline,omitempty"`
}

const (
	discordWebhook = "1200000000000000001"
	discordChannel = "1100000000000000001"
	discordWindow  = 2 * time.Second
)

// NewDiscord makes a server beside a World.
func NewDiscord(w *World, opt DiscordOptions) *Discord {
	if opt.Token == "" {
		opt.Token = "sandbox-token"
	}
	if opt.Channel == "" {
		opt.Channel = "releases"
	}
	if opt.BotName == "" {
		opt.BotName = "Gatehouse"
	}
	if opt.Limit == 0 {
		opt.Limit = 5
	}
	return &Discord{w: w, opt: opt, lastID: 1300000000000000000}
}

// WebhookPath is the path of the webhook's URL, which is a secret.
func (d *Discord) WebhookPath() string {
	return "/discord/api/webhooks/" + discordWebhook + "/" + d.opt.Token
}

// Handler serves the webhook and the page, and next for everything else.
func (d *Discord) Handler(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/discord/api/webhooks/{id}/{token}", d.hideToken(d.w.observe(KindDiscord, named(routeDiscord), http.HandlerFunc(d.serveWebhook))))
	mux.Handle("/discord/api/webhooks/{id}/{token}/messages/{message}", d.hideToken(d.w.observe(KindDiscord, named(routeDiscordMessage), http.HandlerFunc(d.serveMessage))))
	d.mountPages(mux)
	mux.Handle("/", next)
	return mux
}

// SetFaults replaces what is wrong.
func (d *Discord) SetFaults(f DiscordFaults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = f
}

// Messages copies the channel's messages, oldest first.
func (d *Discord) Messages() []DiscordMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := values(d.messages)
	for i := range out {
		out[i].Embeds, out[i].Pings = slices.Clone(out[i].Embeds), slices.Clone(out[i].Pings)
	}
	return out
}

// DeleteMessage removes a message as a moderator would.
func (d *Discord) DeleteMessage(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.messages = slices.DeleteFunc(d.messages, func(m *DiscordMessage) bool { return m.ID == id })
}

func (d *Discord) message(id string) *DiscordMessage {
	for _, m := range d.messages {
		if m.ID == id {
			return m
		}
	}
	return nil
}

func (d *Discord) newID() string {
	d.lastID++
	return fmt.Sprint(d.lastID)
}

// Package discord is the adapter to one Discord webhook: it posts a message and edits it in place.
//
// The model. A Client speaks for one webhook, whose URL is its whole authority and so a secret. Post executes it with wait=true,
// which answers the message's id; Edit changes that message. A thread_id in the URL leads every call to that thread.
// The messages of a webhook cannot be listed or searched: an id that was lost is lost, so whoever posts first says only what
// stays true.
//
// Duties, in order, of every call: refuse what Discord would refuse, send once through package answer, and give Discord's own
// codes the meaning that a status lacks. Every call allows no mention at all.
//
// The package never sleeps, never retries, never escapes text (whoever renders does), and never lets the URL into an error or a
// log line.
package discord

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// Config says which webhook to talk to.
type Config struct {
	URL string // URL is what Discord shows under Copy Webhook URL; a ?thread_id=… is kept.
}

// String leaves the URL out.
func (c Config) String() string { return "a Discord webhook" }

// GoString leaves the URL out.
func (c Config) GoString() string { return c.String() }

// LogValue leaves the URL out.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Options are what the process lends to the adapter.
type Options struct {
	HTTPClient *http.Client     // HTTPClient carries the calls; nil means one with answer.DefaultTimeout.
	Clock      func() time.Time // Clock tells the time; it must not be nil.
	Logger     *slog.Logger     // Logger gets one debug line a call; nil discards it.
}

// Client speaks to one webhook. It is safe for concurrent use.
type Client struct {
	sender *answer.Sender
	url    *url.URL
}

// ErrURL is what is wrong with an address that is no Discord webhook. It does not repeat the address.
var ErrURL = errors.New("expected the URL that Discord shows under Server Settings → Integrations → Webhooks, such as https://discord.com/api/webhooks/ID/TOKEN")

// webhookPath is /api/webhooks/ID/TOKEN, with or without a version; Discord's own host has nothing before it.
var webhookPath = regexp.MustCompile(`^(/[a-z0-9-]+)*/api(/v\d+)?/webhooks/\d+/[\w-]+$`)

// CheckURL tells whether an address is a Discord webhook: https at one of Discord's hosts, or anything on this machine.
func CheckURL(address string) error {
	_, err := parse(address)
	return err
}

func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || !webhookPath.MatchString(u.Path) {
		return nil, ErrURL
	}
	hosts := []string{"discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"}
	if u.Scheme == "https" && slices.Contains(hosts, u.Host) || (u.Scheme == "http" || u.Scheme == "https") && loopback(u.Hostname()) {
		return u, nil
	}
	return nil, ErrURL
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// New returns a Client; it makes no call.
func New(cfg Config, opts Options) (*Client, error) {
	u, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	return &Client{url: u, sender: answer.NewSender(answer.Options{
		Surface: "Discord", Variable: "DISCORD_WEBHOOK_URL", HTTPClient: opts.HTTPClient, Clock: opts.Clock, Logger: opts.Logger,
		Refine: refineAt(opts.Clock),
	})}, nil
}

// String leaves the URL out.
func (c *Client) String() string { return "discord client" }

// GoString leaves the URL out.
func (c *Client) GoString() string { return c.String() }

// address is the webhook's, or that of one of its messages; a thread stays part of it.
func (c *Client) address(message string) string {
	u := *c.url
	query := url.Values{}
	if thread := c.url.Query().Get("thread_id"); thread != "" {
		query.Set("thread_id", thread)
	}
	if message == "" {
		query.Set("wait", "true")
	} else {
		u.Path += "/messages/" + url.PathEscape(message)
	}
	u.RawPath, u.RawQuery = "", query.Encode()
	return strings.TrimSuffix(u.String(), "?")
}

// Package slack is the adapter to Slack's Web API: it posts a message, edits it in place, and finds it again after a crash.
//
// The model. A Client speaks for one bot token. Post writes a message with metadata (a run id and a role), Update edits it,
// Find and FindReply look for a message by that metadata, so that a caller that died between posting and saving posts once.
// A channel is an id (C0123456789) or "#name"; names are learned from Slack's own answers and from one listing.
//
// Duties, in order, of every call: refuse locally while the method is rate limited, send once, judge the answer,
// return an *Error whose class says whether to try again and whose message says what to do.
//
// The package never sleeps, never retries, never escapes text (whoever renders does), never follows a redirect,
// and never lets the token into an error or a log line. Scopes it needs: chat:write, channels:read, channels:history,
// for private channels groups:read and groups:history, and for direct messages im:write.
package slack

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	api "github.com/slack-go/slack"
)

// DefaultTimeout bounds one call when Options names no HTTP client.
const DefaultTimeout = 10 * time.Second

// Config says which workspace to talk to.
type Config struct {
	Token  string // Token is the bot token, xoxb-….
	APIURL string // APIURL replaces https://slack.com/api/, for tests and the sandbox.
}

// String leaves the token out.
func (c Config) String() string { return "slack at " + orElse(c.APIURL, api.APIURL) + " with a token" }

// GoString leaves the token out.
func (c Config) GoString() string { return c.String() }

// LogValue leaves the token out.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Options are what the process lends to the adapter.
type Options struct {
	HTTPClient *http.Client     // HTTPClient carries the calls; nil means one with DefaultTimeout.
	Clock      func() time.Time // Clock tells the time; it must not be nil.
	Logger     *slog.Logger     // Logger gets one debug line a call; nil discards it.
}

// Client speaks to Slack for one token. It is safe for concurrent use.
type Client struct {
	web    *api.Client
	clock  func() time.Time
	redact redactor

	mu       sync.Mutex
	who      identity
	ids      map[string]string // ids maps a channel's name without # to its id.
	names    map[string]string // names maps an id to the name.
	listedAt time.Time
}

// New returns a Client; it makes no call.
func New(cfg Config, opts Options) *Client {
	logger := opts.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{clock: opts.Clock, redact: redactor{cfg.Token}, ids: map[string]string{}, names: map[string]string{}}
	endpoint := api.APIURL
	if cfg.APIURL != "" {
		endpoint = strings.TrimSuffix(cfg.APIURL, "/") + "/"
	}
	c.web = api.New(cfg.Token,
		api.OptionAPIURL(endpoint),
		api.OptionHTTPClient(newTransport(opts, logger, c.redact)),
		api.OptionLog(silent{}),
	)
	return c
}

// String leaves the token out.
func (c *Client) String() string { return "slack client" }

// GoString leaves the token out.
func (c *Client) GoString() string { return c.String() }

// silent keeps the library from writing to standard error.
type silent struct{}

// Output drops the line.
func (silent) Output(int, string) error { return nil }

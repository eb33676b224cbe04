package github

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	gh "github.com/google/go-github/v60/github"
	"github.com/palantir/go-githubapp/githubapp"
)

const (
	defaultWebURL = "https://github.com"
	defaultV3URL  = "https://api.github.com/"
)

// Config is what identifies the App and the server.
type Config struct {
	AppID      int64
	PrivateKey []byte // PrivateKey is the App's RSA key, PEM-encoded.
	WebURL     string // WebURL is where people look; empty means github.com.
	V3URL      string // V3URL is the REST API, for example https://ghe.example/api/v3/; empty means github.com.
	UserAgent  string // UserAgent names this program and its version; empty means "gatehouse".
}

// Options are what the process lends to the adapter.
type Options struct {
	Clock     func() time.Time  // Clock is required.
	Transport http.RoundTripper // Transport makes the connections; nil means a copy of net/http's default.
	Logger    *slog.Logger      // Logger gets one debug line a request; nil means none.
	Observe   func(Observation) // Observe is called once a request, for metrics; nil means nobody.
	Penalty   time.Duration     // Penalty is the first rest after a secondary limit that names no time; 0 means a minute.
}

// App is one GitHub App on one server. It is safe for use by several goroutines.
type App struct {
	id      int64
	webURL  string
	creator githubapp.ClientCreator
	app     *gh.Client
	guard   *guard
	wire    http.RoundTripper // what sends, for tokens that go-githubapp does not add
	agent   string

	mu      sync.Mutex
	clients map[int64]*gh.Client // One client per installation, because each keeps its token.
	self    *Self
}

// New checks the configuration and makes an App. It calls nobody.
func New(cfg Config, opts Options) (*App, error) {
	const op = "start"
	if cfg.AppID <= 0 {
		return nil, invalid(op, "the App id is %d; it must be the number on the App's settings page", cfg.AppID)
	}
	if opts.Clock == nil {
		return nil, invalid(op, "no clock was given")
	}
	base, err := baseURL(cfg.V3URL)
	if err != nil {
		return nil, err
	}
	web := strings.TrimSuffix(cfg.WebURL, "/")
	if web == "" {
		web = defaultWebURL
	}
	g := newGuard(base, opts)
	agent := cfg.UserAgent
	if agent == "" {
		agent = "gatehouse"
	}
	key, err := newAppKey(cfg.AppID, cfg.PrivateKey)
	if err != nil {
		return nil, err
	}
	sends := &wire{base: transportOf(opts), guard: g, key: key}
	creator := githubapp.NewClientCreator(base.String(), base.String()+"graphql", cfg.AppID, cfg.PrivateKey,
		githubapp.WithTransport(sends),
		githubapp.WithClientMiddleware(g.middleware),
		githubapp.WithClientUserAgent(agent))
	client, err := creator.NewAppClient()
	if err != nil {
		return nil, invalid(op, "the client of GitHub's API cannot be made: %v", err)
	}
	return &App{id: cfg.AppID, webURL: web, creator: creator, app: client, guard: g, wire: sends, agent: agent, clients: map[int64]*gh.Client{}}, nil
}

// ID is the App's id.
func (a *App) ID() int64 { return a.id }

// WebURL is where people look at GitHub, without a slash at the end.
func (a *App) WebURL() string { return a.webURL }

// client gives the client of an installation, or of the App itself for zero.
func (a *App) client(installation int64) (*gh.Client, error) {
	if installation == 0 {
		return a.app, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.clients[installation]; ok {
		return c, nil
	}
	c, err := a.creator.NewInstallationClient(installation)
	if err != nil {
		return nil, fmt.Errorf("make a client for installation %d: %w", installation, err)
	}
	a.clients[installation] = c
	return c, nil
}

// do makes one call as an installation, or as the App itself for zero, and turns every failure into an *Error.
// A token that GitHub takes no more did nothing: with another one the call is made once again.
func (a *App) do(ctx context.Context, installation int64, o operation, f func(context.Context, *gh.Client) error) error {
	stale, err := a.try(ctx, installation, o, f)
	if stale {
		_, err = a.try(ctx, installation, o, f)
	}
	return err
}

// try makes one call; stale says that GitHub did not take the token that it gave.
func (a *App) try(ctx context.Context, installation int64, o operation, f func(context.Context, *gh.Client) error) (stale bool, err error) {
	client, err := a.client(installation)
	if err != nil {
		return false, &Error{Class: Unexpected, Op: o.name, Message: redact(err.Error(), ""), Err: cause(err, "")}
	}
	c := &call{operation: o, installation: installation, priority: priorityOf(ctx)}
	timed, cancel := context.WithTimeout(withCall(ctx, c), requestTimeout)
	defer cancel()
	if err := f(timed, client); err != nil {
		failed := c.failure(ctx, err)
		stale = failed.Class == Unauthorized && installation != 0 && !c.refusedToken()
		if stale {
			a.forget(installation, client)
		}
		return stale, failed
	}
	return false, nil
}

// Lifted has a suspended installation asked again at once: somebody has heard that it is back.
func (a *App) Lifted(installation int64) { a.guard.meter(installation).open() }

// forget drops the client of an installation, and with it the token.
func (a *App) forget(installation int64, client *gh.Client) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients[installation] == client {
		delete(a.clients, installation)
	}
}

// baseURL accepts https anywhere, and http on this machine only, so that no token travels in the clear.
func baseURL(raw string) (*url.URL, error) {
	if raw == "" {
		raw = defaultV3URL
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, invalid("start", "the API address is not usable; expected for example https://ghe.example/api/v3/")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, invalid("start", "the API address %s is not https; the App's tokens would travel in the clear", u.Redacted())
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func transportOf(opts Options) http.RoundTripper {
	if opts.Transport != nil {
		return opts.Transport
	}
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		return t.Clone()
	}
	return http.DefaultTransport
}

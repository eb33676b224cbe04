package app

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/discord"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Config is what the operator sets. LoadConfig fills it from the environment.
type Config struct {
	Addr         string // where to listen
	PagesAddr    string // where the web pages listen, on this machine only; empty: nowhere
	MetricsAddr  string // where figures are for Prometheus on other machines; empty: at /metrics of Addr, for this machine only
	PublicURL    string // where browsers and GitHub reach it, without a slash at the end
	Store        StoreConfig
	Patience     time.Duration // how long one effect may take
	Bindings     string        // the operator's bindings, or the path of their file, or empty
	Sweep        time.Duration
	KeepRuns     time.Duration // how long a run is kept after its end; 0: for ever
	ProbeAllow   []string      // host:port patterns that smoke probes may reach although they are private
	AppID        int64
	PrivateKey   Secret
	HookSecrets  []Secret
	WebURL       string
	V3URL        string
	SlackToken   Secret
	SlackAPIURL  string
	SlackSigning Secret // with it, buttons in Slack decide; empty: they only link
	SlackHook    Secret // an incoming webhook for alerts, or empty
	DiscordHook  Secret // a webhook for runs and alerts, or empty
	Google       GoogleConfig
	Tracing      tracing.Config
	TraceURL     string // where a run's trace is shown, with {trace} for its id; empty: nowhere
	OAuthID      string // client id of the App's OAuth; empty: nobody signs in
	OAuthSecret  Secret
	SealKeys     []Secret // of 32 bytes, the newest first; none: derived from the private key
	Operator     Secret   // the operator's token for the API, or empty
	Unused       []string // variables that are set and that this version does not use

	Penalty time.Duration // how long GitHub is left alone after a limit that names no time; no variable sets it. 0 means a minute
	Settle  time.Duration // how long a surface waits for the answer to something short; no variable sets it. 0 means 1 s
}

// Secret prints as redacted, wherever it ends up.
type Secret string

// String hides the value.
func (Secret) String() string { return "[redacted]" }

// GoString hides the value from %#v.
func (Secret) GoString() string { return "[redacted]" }

// MarshalText hides the value from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// Reveal gives the value to the one adapter that needs it.
func (s Secret) Reveal() string { return string(s) }

// LoadConfig reads the configuration from environment variables. The error
// names every variable that is wrong or missing, and what is expected.
func LoadConfig(get func(string) string) (Config, error) {
	l := &loader{get: get}
	c := Config{
		Addr:         l.addr(),
		PagesAddr:    l.pagesAddr(),
		MetricsAddr:  l.metricsAddr(),
		Store:        l.store(),
		Patience:     l.patience(),
		Bindings:     strings.TrimSpace(get("GATEHOUSE_BINDINGS")),
		Sweep:        l.duration("GATEHOUSE_SWEEP", time.Minute),
		KeepRuns:     l.keepRuns(),
		ProbeAllow:   l.list("GATEHOUSE_PROBE_ALLOW"),
		AppID:        l.appID(),
		PrivateKey:   l.privateKey(),
		HookSecrets:  l.hookSecrets(),
		WebURL:       l.url("GITHUB_WEB_URL", "https://github.com"),
		V3URL:        l.url("GITHUB_V3_API_URL", "https://api.github.com") + "/",
		SlackToken:   Secret(get("SLACK_BOT_TOKEN")),
		SlackAPIURL:  l.url("SLACK_API_URL", "https://slack.com/api") + "/",
		SlackSigning: l.signing(),
		SlackHook:    l.webhook("SLACK_WEBHOOK_URL", slack.CheckWebhookURL),
		DiscordHook:  l.webhook("DISCORD_WEBHOOK_URL", discord.CheckURL),
	}
	c.PublicURL = l.url("GATEHOUSE_PUBLIC_URL", "http://"+c.Addr)
	c.Google = l.google(c.Store)
	l.people(&c)
	l.tracing(&c)
	c.Unused = l.unused()
	return c, errors.Join(l.wrong...)
}

// LoadClient reads only what it takes to ask GitHub and Slack, for commands that
// serve nothing: neither a store nor a webhook secret.
func LoadClient(get func(string) string) (Config, error) {
	l := &loader{get: get}
	c := Config{
		Bindings:    strings.TrimSpace(get("GATEHOUSE_BINDINGS")),
		AppID:       l.appID(),
		PrivateKey:  l.privateKey(),
		WebURL:      l.url("GITHUB_WEB_URL", "https://github.com"),
		V3URL:       l.url("GITHUB_V3_API_URL", "https://api.github.com") + "/",
		SlackToken:  Secret(get("SLACK_BOT_TOKEN")),
		SlackAPIURL: l.url("SLACK_API_URL", "https://slack.com/api") + "/",
	}
	return c, errors.Join(l.wrong...)
}

type loader struct {
	get   func(string) string
	wrong []error
}

func (l *loader) fail(name, format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
}

func (l *loader) addr() string {
	if port := l.get("PORT"); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			l.fail("PORT", "expected a port number, got %q", port)
		}
		return ":" + port
	}
	addr := l.get("GATEHOUSE_ADDR")
	if addr == "" {
		return "127.0.0.1:8080"
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		l.fail("GATEHOUSE_ADDR", "expected host:port, such as 127.0.0.1:8080, got %q", addr)
	}
	return addr
}

// pagesAddr is this machine's own: whoever reaches the pages there sees every
// run, signed in or not.
func (l *loader) pagesAddr() string {
	const name, fallback = "GATEHOUSE_PAGES_ADDR", "127.0.0.1:8081"
	switch addr := l.get(name); addr {
	case "":
		return fallback
	case "off":
		return ""
	default:
		host, _, err := net.SplitHostPort(addr)
		switch {
		case err != nil:
			l.fail(name, "expected host:port, such as %s, or off, got %q", fallback, addr)
		case !loopback(host):
			l.fail(name, "expected an address of this machine itself, such as %s: whoever reaches the pages there sees every run, got %q", fallback, addr)
		}
		return addr
	}
}

// metricsAddr may be open to other machines: figures name nobody.
func (l *loader) metricsAddr() string {
	addr := l.get("GATEHOUSE_METRICS_ADDR")
	if addr == "" {
		return ""
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		l.fail("GATEHOUSE_METRICS_ADDR", "expected host:port, or :port for every address of this machine, such as :9090, got %q", addr)
	}
	return addr
}

func (l *loader) url(name, fallback string) string {
	v := l.get(name)
	if v == "" {
		return strings.TrimRight(fallback, "/")
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		l.fail(name, "expected an address such as %s", fallback)
		return ""
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && name != "GATEHOUSE_PUBLIC_URL" {
		l.fail(name, "expected https; plain http is accepted for this machine only")
	}
	return strings.TrimRight(v, "/")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (l *loader) duration(name string, fallback time.Duration) time.Duration {
	v := l.get(name)
	if v == "" {
		return fallback
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 100*time.Millisecond {
		l.fail(name, "expected a duration of at least 100ms, such as %s, got %q", fallback, v)
		return fallback
	}
	return d
}

// keepRuns is at least as long as something may still ask for the run: GitHub
// re-runs workflows for 30 days.
func (l *loader) keepRuns() time.Duration {
	const name, fallback, least = "GATEHOUSE_KEEP_RUNS", 400, 35
	const day = 24 * time.Hour
	v := l.get(name)
	switch d, ok := pipeline.ParseDuration(v); {
	case v == "forever":
		return 0
	case ok && d >= least*day:
		return d
	case v != "":
		l.fail(name, "expected at least %dd, such as %dd, or forever, got %q", least, fallback, v)
	}
	return fallback * day
}

func (l *loader) list(name string) []string {
	var out []string
	for v := range strings.SplitSeq(l.get(name), ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

func (l *loader) appID() int64 {
	const name = "GITHUB_APP_INTEGRATION_ID"
	id, err := strconv.ParseInt(l.get(name), 10, 64)
	if err != nil || id <= 0 {
		l.fail(name, "expected the number of your GitHub App (its settings page shows it as App ID), got %q", l.get(name))
	}
	return id
}

// privateKey accepts the key itself, with real or written-out line breaks, or
// the path of its file.
func (l *loader) privateKey() Secret {
	const name = "GITHUB_APP_PRIVATE_KEY"
	v := strings.ReplaceAll(l.get(name), `\n`, "\n")
	if v == "" {
		l.fail(name, "expected the App's private key in PEM form, or the path of the .pem file that GitHub gave you")
		return ""
	}
	if !strings.HasPrefix(strings.TrimSpace(v), "-----BEGIN") {
		b, err := os.ReadFile(v) //nolint:gosec // the operator names this file
		if err != nil {
			l.fail(name, "the value is neither a PEM key nor the path of a readable file")
			return ""
		}
		v = string(b)
	}
	if block, _ := pem.Decode([]byte(v)); block == nil || !strings.Contains(block.Type, "PRIVATE KEY") {
		l.fail(name, "the PEM block is not a private key; download a new one on the App's settings page")
	}
	return Secret(v)
}

// hookSecrets reads one secret, or two with a comma while rotating. Without one
// the server must not start: anybody could send it webhooks.
func (l *loader) hookSecrets() []Secret {
	const name = "GITHUB_APP_WEBHOOK_SECRET"
	var out []Secret
	for _, v := range l.list(name) {
		out = append(out, Secret(v))
	}
	switch {
	case len(out) == 0:
		l.fail(name, "expected the App's webhook secret; without it anybody could send webhooks, so the server does not start")
	case len(out) > 2:
		l.fail(name, "expected one secret, or two with a comma between them while rotating, got %d", len(out))
	}
	return out
}

// signing reads what tells Slack's clicks from others'. They are answered in
// Slack, which takes the bot's token.
func (l *loader) signing() Secret {
	const name = "SLACK_SIGNING_SECRET"
	v := Secret(l.get(name))
	if v != "" && l.get("SLACK_BOT_TOKEN") == "" {
		l.fail(name, "expected together with SLACK_BOT_TOKEN: without the bot's token nobody could be answered in Slack")
	}
	return v
}

// webhook reads an address that is a secret: what is wrong with it is said without it.
func (l *loader) webhook(name string, check func(string) error) Secret {
	v := strings.TrimSpace(l.get(name))
	if v == "" {
		return ""
	}
	if err := check(v); err != nil {
		l.fail(name, "%v", err)
		return ""
	}
	return Secret(v)
}

// unused names what is set although this version does not serve it yet: it is
// said at the start, so that nobody counts on it.
func (l *loader) unused() []string {
	var set []string
	for name, needs := range map[string]string{"GATEHOUSE_SEAL_KEY": "GITHUB_OAUTH_CLIENT_ID"} {
		if l.get(name) != "" && l.get(needs) == "" {
			set = append(set, name)
		}
	}
	return set
}

package app

import (
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/templates"
)

// tracing reads the standard variables of OpenTelemetry.
func (l *loader) tracing(c *Config) {
	var err error
	if c.Tracing, err = tracing.FromEnv(l.get); err != nil {
		l.wrong = append(l.wrong, err)
	}
	c.TraceURL = l.traceURL()
}

// traceURL reads the address under which people look at a trace.
func (l *loader) traceURL() string {
	const name = "GATEHOUSE_TRACE_URL"
	v := l.get(name)
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || !strings.Contains(v, templates.TraceMark) {
		l.fail(name, "expected an address with %s where the trace's id goes, such as https://traces.example/trace/%s", templates.TraceMark, templates.TraceMark)
		return ""
	}
	return v
}

// calls makes the connections to a service, and a span of each request. With
// tracing off it is nil: every adapter then has its own way.
func (a *App) calls(service string, op func(*http.Request) string) http.RoundTripper {
	return a.traced(tracing.Peer{Name: service, Op: op})
}

// webhookCalls is the same for a webhook, whose address is a secret.
func (a *App) webhookCalls(service string) http.RoundTripper {
	return a.traced(tracing.Peer{Name: service, Secret: true})
}

func (a *App) traced(p tracing.Peer) http.RoundTripper {
	own, ok := http.DefaultTransport.(*http.Transport)
	if !a.tracer.On() || !ok {
		return nil
	}
	return a.tracer.Transport(own.Clone(), p)
}

// probes puts a span around what smoke tests ask of a team's site.
func (a *App) probes(base http.RoundTripper) http.RoundTripper {
	return a.tracer.Transport(base, tracing.Peer{Name: "site"})
}

// client is nil where the adapter's own will do.
func client(t http.RoundTripper, limit time.Duration) *http.Client {
	if t == nil {
		return nil
	}
	return &http.Client{Transport: t, Timeout: limit}
}

// lastPart is what a request of Slack's API does, such as chat.postMessage.
func lastPart(r *http.Request) string { return path.Base(r.URL.Path) }

// googleHost is the service that is asked, also where a stand-in answers for all.
func googleHost(r *http.Request) string {
	for part := range strings.SplitSeq(r.URL.Host+r.URL.Path, "/") {
		if strings.HasSuffix(part, ".googleapis.com") {
			return part
		}
	}
	return r.URL.Hostname()
}

// version is that of the build.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "development"
}

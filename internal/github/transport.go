package github

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	answers "github.com/gatehouse-app/gatehouse/internal/answer"
)

// Observation is one request, for metrics.
type Observation struct {
	Installation int64  // Installation is zero for calls as the App itself, or as a person.
	Method       string // Method is the HTTP method.
	Route        string // Route is the operation in words: few values, no names of repositories.
	Status       int    // Status is zero when there was no answer, also when the call was not sent.
	Refused      bool   // Refused says that the call was not sent, because of a limit.
	Remaining    int    // Remaining is what is left of the hour; -1 when unknown.
	Duration     time.Duration
	Ahead        time.Duration // Ahead is how far GitHub's clock is ahead of this machine's; zero while they agree.
}

// guard is the outer part of the transport, before the token is added: limits, safe addresses, and what came back.
type guard struct {
	base    *url.URL
	clock   func() time.Time
	logger  *slog.Logger
	observe func(Observation)
	penalty time.Duration
	drift   answers.Drift
	renames renames

	mu     sync.Mutex
	meters map[int64]*meter
}

func newGuard(base *url.URL, opts Options) *guard {
	g := &guard{base: base, clock: opts.Clock, logger: opts.Logger, observe: opts.Observe, penalty: cmp.Or(opts.Penalty, firstPenalty), meters: map[int64]*meter{}}
	if g.logger == nil {
		g.logger = slog.New(slog.DiscardHandler)
	}
	if g.observe == nil {
		g.observe = func(Observation) {}
	}
	return g
}

func (g *guard) meter(installation int64) *meter {
	g.mu.Lock()
	defer g.mu.Unlock()
	m, ok := g.meters[installation]
	if !ok {
		m = newMeter(g.penalty)
		if installation > 0 {
			m.others.usual()
		}
		g.meters[installation] = m
	}
	return m
}

// middleware is what go-githubapp puts around the transport that adds the token.
func (g *guard) middleware(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		c := callOf(req.Context())
		if no := g.check(req, c); no != nil {
			closeBody(req)
			return nil, no
		}
		resp, err := g.pass(next, g.renames.lead(g.base, req, c), c)
		if err != nil {
			return nil, err
		}
		if !g.renames.learn(g.base, req, resp, c) {
			if no := moved(req, resp); no != nil {
				return nil, no
			}
			return resp, nil
		}
		_ = resp.Body.Close() // the answer is dropped, and with it whatever closing could say
		again, err := onceMore(req)
		if err != nil {
			return nil, err
		}
		return g.pass(next, g.renames.lead(g.base, again, c), c)
	})
}

// pass sends one request, within the limits.
func (g *guard) pass(next http.RoundTripper, req *http.Request, c *call) (*http.Response, error) {
	c.forget()
	started := g.clock()
	if no := g.meter(c.installation).admit(started, c); no != nil {
		closeBody(req)
		g.report(req.Context(), c, req.Method, started, 0, true)
		return nil, no
	}
	resp, err := next.RoundTrip(req)
	if err != nil {
		g.meter(c.installation).lost()
		g.report(req.Context(), c, req.Method, started, 0, false)
		return nil, err
	}
	g.learn(c, resp)
	g.report(req.Context(), c, req.Method, started, resp.StatusCode, false)
	return resp, nil
}

// check lets a request leave only for the configured server, because the next step adds a token to it.
func (g *guard) check(req *http.Request, c *call) *refusal {
	if c == nil {
		return &refusal{class: Unexpected, why: "a request was made outside of an operation"}
	}
	u := req.URL
	if u.Scheme != g.base.Scheme || u.Host != g.base.Host || !strings.HasPrefix(u.Path, g.base.Path) {
		return &refusal{class: Unexpected, why: fmt.Sprintf("GitHub pointed to another server, %s; the token stays here", u.Host)}
	}
	return nil
}

// learn notes the answer, and takes the limits out of it: go-github would freeze the whole client on them.
func (g *guard) learn(c *call, resp *http.Response) {
	a := read(resp, g.drift.Theirs(g.clock()))
	a.reset = g.drift.Ours(a.reset)
	retryAt, limited := g.meter(c.installation).settle(g.clock(), a)
	for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Retry-After"} {
		resp.Header.Del(name)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer, c.limited, c.retryAt = a, limited, retryAt
}

func (g *guard) report(ctx context.Context, c *call, method string, started time.Time, status int, refused bool) {
	o := Observation{
		Installation: max(c.installation, 0), Method: method, Route: c.name, Status: status, Refused: refused,
		Remaining: g.meter(c.installation).left(), Duration: g.clock().Sub(started), Ahead: g.drift.Ahead(),
	}
	g.observe(o)
	g.logger.LogAttrs(ctx, slog.LevelDebug, "github request",
		slog.Int64("installation", o.Installation), slog.String("method", method), slog.String("route", o.Route),
		slog.Int("status", status), slog.Bool("refused", refused), slog.Int("remaining", o.Remaining))
}

// wire is the inner part of the transport, after the token was added. It knows whether a request left.
type wire struct {
	base  http.RoundTripper
	guard *guard
	key   appKey
}

// RoundTrip sends a request, and notes on its call what only this place can see.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callOf(req.Context())
	if c == nil {
		return w.send(req)
	}
	if strings.HasSuffix(req.URL.Path, "/access_tokens") {
		return w.fetchToken(req, c)
	}
	c.keep(req)
	c.mu.Lock()
	c.sent = req.Context().Err() == nil // net/http sends nothing for a caller who has gone
	c.mu.Unlock()
	trace := &httptrace.ClientTrace{
		GetConn: func(string) { c.setSent(false) }, // From here on, no connection means that nothing was sent.
		GotConn: func(httptrace.GotConnInfo) { c.setSent(true) },
	}
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
	send := w.send
	if c.installation == 0 && !c.person {
		send = func(req *http.Request) (*http.Response, error) { return w.asApp(req, c) }
	}
	resp, err := send(req)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, answerBytes)
	return resp, nil
}

// fetchToken passes on the request for an installation's token, which no middleware of go-githubapp sees.
func (w *wire) fetchToken(req *http.Request, c *call) (*http.Response, error) {
	started, status := w.guard.clock(), 0
	fetch := &call{operation: operation{name: "fetch a token"}, installation: c.installation}
	defer func() { w.guard.report(req.Context(), fetch, req.Method, started, status, false) }()
	resp, err := w.asApp(withoutBody(req), fetch)
	if err != nil {
		return nil, err
	}
	status = resp.StatusCode
	if status < http.StatusMultipleChoices {
		return resp, byOurClock(resp, &w.guard.drift)
	}
	w.guard.learn(c, resp)
	c.mu.Lock()
	c.token = true
	c.mu.Unlock()
	return resp, nil
}

// forget drops the answer that redirected here, so that it is not taken for the end.
func (c *call) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer, c.sent = answer{}, false
}

func (c *call) setSent(sent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = sent
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// closeBody keeps the promise of a RoundTripper for a request that goes nowhere.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close() // The body is a buffer of go-github's.
	}
}

// withoutBody drops the body of a request for a token: ghinstallation sends null for "no options", and GitHub
// describes an object or nothing.
func withoutBody(req *http.Request) *http.Request {
	bare := req.Clone(req.Context())
	bare.Body, bare.GetBody, bare.ContentLength = http.NoBody, nil, 0
	bare.Header.Del("Content-Type")
	return bare
}

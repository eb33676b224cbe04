package stage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	probeTimeout  = 10 * time.Second // one try, unless the probe allows more
	probesAtATime = 8
	firstPause    = time.Second
	longestPause  = 8 * time.Second
)

// runProbes asks the environment.
func (p *Performers) runProbes(ctx context.Context, e pipeline.RunProbes) (pipeline.Outcome, error) {
	results, err := p.Prober.Run(ctx, e.URL, e.Probes)
	if err != nil {
		return nil, &engine.Retry{Class: engine.RetryLater, Reason: "The probes were interrupted.", Err: err}
	}
	return pipeline.Probed{Results: results}, nil
}

// ProberOptions are what the process lends to a Prober.
type ProberOptions struct {
	Allow []string                                         // Allow lists host:port patterns that may be private or plain http, such as 127.0.0.1:*.
	Clock func() time.Time                                 // Clock is required.
	Pause func(ctx context.Context, d time.Duration) error // Pause waits between tries; nil tries again at once.
	Wrap  func(http.RoundTripper) http.RoundTripper        // Wrap watches the requests, for traces; it must not change them. Nil: nobody does.
}

// Prober asks a product's addresses and judges what they answer.
type Prober struct {
	egress *egress
	expr   *Expr
	clock  func() time.Time
	pause  func(context.Context, time.Duration) error
	wrap   func(http.RoundTripper) http.RoundTripper
}

// NewProber makes a Prober. It asks nobody.
func NewProber(o ProberOptions) (*Prober, error) {
	if o.Clock == nil {
		return nil, errors.New("probes: Clock is required")
	}
	out, err := newEgress(o.Allow)
	if err != nil {
		return nil, err
	}
	expr, err := NewExpr()
	if err != nil {
		return nil, err
	}
	if o.Pause == nil {
		o.Pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	}
	if o.Wrap == nil {
		o.Wrap = func(t http.RoundTripper) http.RoundTripper { return t }
	}
	return &Prober{egress: out, expr: expr, clock: o.Clock, pause: o.Pause, wrap: o.Wrap}, nil
}

// Run asks all probes side by side and gives their results in order. The error
// is the context's: then nothing is known.
func (p *Prober) Run(ctx context.Context, base string, probes []pipeline.Probe) ([]pipeline.ProbeResult, error) {
	results := make([]pipeline.ProbeResult, len(probes))
	var group errgroup.Group
	group.SetLimit(probesAtATime)
	for i, probe := range probes {
		group.Go(func() error {
			results[i] = p.probe(ctx, base, probe)
			return nil
		})
	}
	_ = group.Wait() // no probe returns an error: what went wrong is in its result
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("run probes: %w", err)
	}
	return results, nil
}

// probe tries until the expectation is met or the tries are used up.
func (p *Prober) probe(ctx context.Context, base string, probe pipeline.Probe) pipeline.ProbeResult {
	out := pipeline.ProbeResult{Get: probe.Get, Critical: probe.Critical}
	address := probe.Get
	if strings.HasPrefix(address, "/") {
		if base == "" {
			out.Reason = "the environment has no url"
			return out
		}
		address = strings.TrimRight(base, "/") + address
	}
	wait := firstPause
	for try := 1; try <= 1+probe.Retries; try++ {
		if try > 1 {
			if p.pause(ctx, wait) != nil {
				return out
			}
			wait = min(2*wait, longestPause)
		}
		got := p.ask(ctx, address, probe)
		out.Tries, out.Status, out.Took = try, got.status, got.took
		out.Reason = got.reason
		if out.OK = got.reason == ""; out.OK || got.final || ctx.Err() != nil {
			return out
		}
	}
	return out
}

// expectations judges an answer; the words are for people and never quote it.
func (p *Prober) expectations(ctx context.Context, a siteAnswer, probe pipeline.Probe) string {
	switch {
	case probe.Status != 0 && a.status != probe.Status:
		return fmt.Sprintf("answered %d, expected %d", a.status, probe.Status)
	case probe.Within > 0 && a.took > probe.Within:
		return fmt.Sprintf("took %s, allowed %s", span(a.took), span(probe.Within))
	}
	for _, name := range sorted(probe.Headers) {
		want := probe.Headers[name]
		got, ok := a.headers[strings.ToLower(name)]
		switch {
		case !ok:
			return fmt.Sprintf("answered without the header %s, expected %q", name, want)
		case got != want:
			return fmt.Sprintf("the header %s is not %q", name, want)
		}
	}
	if probe.Expect == "" {
		return ""
	}
	return p.expect(ctx, a, probe.Expect)
}

func (p *Prober) expect(ctx context.Context, a siteAnswer, source string) string {
	if a.cut {
		return source + " was not judged: the answer has more than 1 MiB"
	}
	holds, err := p.expr.Judge(ctx, source, map[string]any{
		"status": int64(a.status), "headers": a.headers, "body": string(a.body), "json": a.json(), "latency": a.took,
	})
	switch {
	case err != nil && !a.isJSON() && strings.Contains(source, "json"):
		return source + " cannot be judged: the answer is not JSON"
	case err != nil:
		return source + " cannot be judged: " + err.Error()
	case !holds:
		return source + " is false"
	}
	return ""
}

// span writes a time as people do: 3.2s, 800ms.
func span(d time.Duration) string {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}

package tracing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
)

const (
	one = "0123456789abcdef0123456789abcdef"
	two = "fedcba9876543210fedcba9876543210"
)

// tracer is on, as the variables say, and gives its spans when it is closed.
func tracer(t *testing.T, env map[string]string) (*tracing.Tracer, func() tracetest.SpanStubs) {
	t.Helper()
	cfg, err := tracing.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	kept := &keeper{}
	tr, err := tracing.New(t.Context(), cfg, tracing.Service{Version: "v1", Instance: "i"}, kept)
	if err != nil {
		t.Fatal(err)
	}
	return tr, func() tracetest.SpanStubs {
		if err := tr.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		return kept.spans
	}
}

// keeper keeps its spans when it is shut down.
type keeper struct {
	tracetest.InMemoryExporter
	spans tracetest.SpanStubs
}

func (k *keeper) Shutdown(ctx context.Context) error {
	k.spans = k.GetSpans()
	return k.InMemoryExporter.Shutdown(ctx)
}

// Two processes that know nothing of each other put their spans into one tree.
func TestOneTreeOfTwoProcesses(t *testing.T) {
	first, end := tracer(t, nil)
	ctx, effect := first.Start(t.Context(), tracing.Span{Name: "effect", Trace: one, Parent: "run"})
	_, below := first.Start(ctx, tracing.Span{Name: "below", Trace: one})
	below.End(nil)
	effect.End(errors.New("secret words"))
	early := end()

	second, end := tracer(t, nil)
	second.Record(t.Context(), tracing.Span{Name: "run", Trace: one, As: "run"}, early[0].EndTime, "")
	late := end()

	run, child, grandchild := find(t, late, "run"), find(t, early, "effect"), find(t, early, "below")
	if child.Parent.SpanID() != run.SpanContext.SpanID() || grandchild.Parent.SpanID() != child.SpanContext.SpanID() || run.Parent.IsValid() {
		t.Errorf("the tree is broken: %v ← %v ← %v", run.SpanContext, child.Parent, grandchild.Parent)
	}
	for _, s := range []tracetest.SpanStub{run, child, grandchild} {
		if s.SpanContext.TraceID().String() != one {
			t.Errorf("%s is in the trace %s", s.Name, s.SpanContext.TraceID())
		}
	}
	if child.Status.Description != "" || len(child.Events) != 0 {
		t.Errorf("the error's words are in the span: %+v", child)
	}
}

// What comes from another trace is linked to, and only once.
func TestAnotherTraceIsLinked(t *testing.T) {
	tr, end := tracer(t, nil)
	ctx, delivery := tr.Start(t.Context(), tracing.Span{Name: "delivery", Trace: one, As: "delivery"})
	ctx, hear := tr.Start(ctx, tracing.Span{Name: "hear", Trace: two, Parent: "run"})
	_, swap := tr.Start(ctx, tracing.Span{Name: "swap"})
	swap.End(nil)
	hear.End(nil)
	delivery.End(nil)
	spans := end()
	if links := find(t, spans, "hear").Links; len(links) != 1 || links[0].SpanContext.SpanID() != find(t, spans, "delivery").SpanContext.SpanID() {
		t.Errorf("links: %v", links)
	}
	if s := find(t, spans, "swap"); len(s.Links) != 0 || s.SpanContext.TraceID().String() != two || s.SpanContext.SpanID() == find(t, spans, "delivery").SpanContext.SpanID() {
		t.Errorf("the swap: %+v", s)
	}
}

// A run is sampled as a whole, whichever of its spans is asked.
func TestSamplingIsByTheTrace(t *testing.T) {
	tr, end := tracer(t, map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"})
	for _, id := range []string{one, two} {
		tr.Record(t.Context(), tracing.Span{Name: "top", Trace: id, As: "run"}, t0(), "")
		tr.Record(t.Context(), tracing.Span{Name: "below", Trace: id, Parent: "run"}, t0(), "")
	}
	spans := end()
	if len(spans) != 2 || spans[0].SpanContext.TraceID() != spans[1].SpanContext.TraceID() {
		t.Errorf("sampled %d spans of two traces with two each, want both of one", len(spans))
	}
}

// A span of a request holds neither a query nor, where it is a secret, a path, and
// the caller gets the very error.
func TestRequestsTellNoSecret(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.HasPrefix(strings.ToLower(name), "trace") || name == "Baggage" {
				t.Errorf("the request carries %s", name)
			}
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer site.Close()
	tr, end := tracer(t, nil)
	broken := errors.New("broken by hunter2")
	for _, p := range []tracing.Peer{{Name: "open", Op: func(*http.Request) string { return "do" }}, {Name: "hook", Secret: true}} {
		for _, base := range []http.RoundTripper{http.DefaultTransport, failing{broken}} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+"/path-hunter2?query=hunter3", strings.NewReader("hunter4"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer hunter5")
			resp, err := tr.Transport(base, p).RoundTrip(req)
			if err != nil {
				if err != broken { //nolint:errorlint // the very error
					t.Errorf("the caller gets %v", err)
				}
				continue
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	for _, s := range end() {
		text := dump(s)
		if strings.Contains(text, "hunter3") || strings.Contains(text, "hunter4") || strings.Contains(text, "hunter5") {
			t.Errorf("a secret is in %s", text)
		}
		if hook := strings.Contains(text, "hook"); hook == strings.Contains(text, "hunter2") {
			t.Errorf("the path is shown of a webhook, or of nothing else: %s", text)
		}
	}
}

// Off is the default, costs no allocation, and does nothing.
func TestOff(t *testing.T) {
	var tr *tracing.Tracer
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		_, s := tr.Start(ctx, tracing.Span{})
		s.Set()
		s.Fail("")
		s.End(nil)
		tr.Record(ctx, tracing.Span{}, t0(), "")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if base := http.DefaultTransport; tr.Transport(base, tracing.Peer{}) != base || tr.On() || tr.Close(ctx) != nil {
		t.Error("off does something")
	}
	off, err := tracing.Open(ctx, tracing.Config{}, tracing.Service{}, slog.New(slog.DiscardHandler))
	if err != nil || off != nil {
		t.Errorf("%v, %v", off, err)
	}
}

func TestFromEnv(t *testing.T) {
	for name, c := range map[string]struct {
		env   map[string]string
		on    bool
		wrong string
	}{
		"nothing":       {env: nil},
		"an endpoint":   {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, on: true},
		"for traces":    {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c.example/v1/traces"}, on: true},
		"the exporter":  {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, on: true},
		"none":          {env: map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}},
		"disabled":      {env: map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}},
		"gRPC":          {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, on: true, wrong: "OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf"},
		"no address":    {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, on: true, wrong: "OTEL_EXPORTER_OTLP_ENDPOINT: expected an address"},
		"jaeger":        {env: map[string]string{"OTEL_TRACES_EXPORTER": "jaeger"}, on: true, wrong: "OTEL_TRACES_EXPORTER: expected otlp or none"},
		"a sampler":     {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "sometimes"}, on: true, wrong: "OTEL_TRACES_SAMPLER: expected always_on"},
		"half of a run": {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, on: true, wrong: "OTEL_TRACES_SAMPLER_ARG: expected a share"},
	} {
		cfg, err := tracing.FromEnv(func(name string) string { return c.env[name] })
		if cfg.On != c.on || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: on %t, %v", name, cfg.On, err)
		}
	}
}

func find(t *testing.T, spans tracetest.SpanStubs, name string) tracetest.SpanStub {
	t.Helper()
	i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no span %q", name)
	}
	return spans[i]
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// dump is everything that a span says.
func dump(s tracetest.SpanStub) string {
	return fmt.Sprintf("%s %+v %v %+v", s.Name, s.Status, s.Attributes, s.Events)
}

func t0() time.Time { return time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC) }

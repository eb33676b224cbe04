// Package tracing writes OpenTelemetry traces in which a run is one trace,
// although it lives for days and in several processes.
//
// The model. A trace's id is a hash of what began it (pipeline.TraceID), and the
// ids of the spans that others name as their parent, a delivery, a run, a stage,
// are hashes of their names. So any process can put a span into its place
// without having seen the one above it, and nothing is kept in memory for a run
// that waits: a run and its stages are recorded when they end.
//
// The order of duties: the standard variables say whether traces are written, a
// sampler decides by the trace's id, so that a run is whole or not there, and
// the exporter sends in batches from a goroutine of its own. A collector that is
// out of reach costs traces and one line of the log, never a webhook.
//
// A nil *Tracer is one that is off: it wraps nothing, starts nothing, and costs a
// comparison. No span ever holds a header, a body, a query, a token, or the path
// of an address that is itself a secret.
package tracing

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// scope names what makes the spans.
const scope = "github.com/gatehouse-app/gatehouse"

// Tracer makes spans. Its methods may be called concurrently, and on nil.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
}

// Service is how the process presents itself; OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES win.
type Service struct {
	Version  string
	Instance string
}

// Open makes a tracer that exports by OTLP over HTTP, as the standard variables
// of the process say. It returns nil when the configuration is off.
func Open(ctx context.Context, cfg Config, s Service, log *slog.Logger) (*Tracer, error) {
	if !cfg.On {
		return nil, nil //nolint:nilnil // a nil tracer is one that is off
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	return New(ctx, cfg, s, &reporter{SpanExporter: exporter, log: log})
}

// New makes a tracer that hands its spans to an exporter of the caller's.
func New(ctx context.Context, cfg Config, s Service, exporter sdktrace.SpanExporter) (*Tracer, error) {
	about, err := resource.New(ctx, resource.WithAttributes(
		semconv.ServiceName("gatehouse"), semconv.ServiceVersion(s.Version), semconv.ServiceInstanceID(s.Instance),
	), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	p := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter), sdktrace.WithResource(about), sdktrace.WithIDGenerator(generator{}), sdktrace.WithSampler(cfg.sampler()),
	)
	return &Tracer{tracer: p.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)), provider: p}, nil
}

// Close sends what is still here, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// On reports whether spans are made. Whoever builds one asks first.
func (t *Tracer) On() bool { return t != nil }

// Span is what is said of a span when it begins.
type Span struct {
	Name   string // of few values
	Kind   trace.SpanKind
	Trace  string    // the trace that it belongs to; empty: that of the context
	Parent string    // the name that the span above was given as As; empty: the context's span, if that is in the same trace
	As     string    // the name by which others find it; empty: nobody does
	At     time.Time // when it began; zero: now
	Attrs  []attribute.KeyValue
}

// Started is a span that has begun. Its methods may be called on nil.
type Started struct{ span trace.Span }

// Start begins a span. If the context comes from another trace, a link leads there.
func (t *Tracer) Start(ctx context.Context, s Span) (context.Context, *Started) {
	if t == nil {
		return ctx, nil
	}
	ctx, opts := place(ctx, s)
	opts = append(opts, trace.WithSpanKind(s.Kind), trace.WithAttributes(s.Attrs...))
	if !s.At.IsZero() {
		opts = append(opts, trace.WithTimestamp(s.At))
	}
	ctx, span := t.tracer.Start(ctx, s.Name, opts...)
	return freed(ctx), &Started{span}
}

// Record writes a span that is over.
func (t *Tracer) Record(ctx context.Context, s Span, end time.Time, failed string) {
	if t == nil {
		return
	}
	_, span := t.Start(ctx, s)
	span.Fail(failed)
	span.span.End(trace.WithTimestamp(end))
}

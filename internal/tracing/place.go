package tracing

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// place finds the span's place: under the named parent, under the context's span,
// or at the top of its trace. A context of another trace is linked to.
func place(ctx context.Context, s Span) (context.Context, []trace.SpanStartOption) {
	id, err := trace.TraceIDFromHex(s.Trace)
	if err != nil { // no trace is named
		return ctx, nil
	}
	var opts []trace.SpanStartOption
	from := trace.SpanContextFromContext(ctx)
	same := from.IsValid() && from.TraceID() == id
	if from.IsValid() && !same {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: from}))
	}
	switch {
	case s.Parent != "":
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: id, SpanID: spanID(s.Parent), TraceFlags: trace.FlagsSampled, Remote: true,
		}))
	case !same:
		opts = append(opts, trace.WithNewRoot())
	}
	f := forced{trace: id}
	if s.As != "" {
		f.span = spanID(s.As)
	}
	return context.WithValue(ctx, forcedKey{}, f), opts
}

// spanID is a hash, so that every process finds the same one.
func spanID(name string) (id trace.SpanID) {
	sum := sha256.Sum256([]byte("gatehouse span\x00" + name))
	copy(id[:], sum[:])
	return id
}

// forced are the ids that the next span gets. OpenTelemetry asks a generator for
// ids and hands it the context; there is no other way to choose them.
type forced struct {
	trace trace.TraceID
	span  trace.SpanID
}

type forcedKey struct{}

// freed keeps the ids of a span from those below it.
func freed(ctx context.Context) context.Context {
	if _, ok := ctx.Value(forcedKey{}).(forced); !ok {
		return ctx
	}
	return context.WithValue(ctx, forcedKey{}, nil)
}

// generator gives the chosen ids, and random ones to all others.
type generator struct{}

var _ sdktrace.IDGenerator = generator{}

// NewIDs is for a span at the top of a trace.
func (g generator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	f, _ := ctx.Value(forcedKey{}).(forced)
	if !f.trace.IsValid() {
		binary.BigEndian.PutUint64(f.trace[:8], rand.Uint64()) //nolint:gosec // an id, not a secret
		binary.BigEndian.PutUint64(f.trace[8:], nonZero())
	}
	return f.trace, g.NewSpanID(ctx, f.trace)
}

// NewSpanID is for a span below another one.
func (generator) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	f, _ := ctx.Value(forcedKey{}).(forced)
	if !f.span.IsValid() {
		binary.BigEndian.PutUint64(f.span[:], nonZero())
	}
	return f.span
}

func nonZero() uint64 { return rand.Uint64() | 1 } //nolint:gosec // likewise

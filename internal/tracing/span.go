package tracing

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Set adds what became known of the span.
func (s *Started) Set(attrs ...attribute.KeyValue) {
	if s != nil {
		s.span.SetAttributes(attrs...)
	}
}

// Fail marks the span as failed, with a reason that may be shown to anybody; an
// empty one does nothing.
func (s *Started) Fail(reason string) {
	if s != nil && reason != "" {
		s.span.SetStatus(codes.Error, reason)
	}
}

// End ends the span. Of an error only the type is told: its words may repeat
// what somebody else wrote.
func (s *Started) End(err error) {
	if s == nil {
		return
	}
	if err != nil {
		s.span.SetAttributes(semconv.ErrorTypeKey.String(fmt.Sprintf("%T", err)))
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

// Within reports whether the context's span belongs to that trace.
func Within(ctx context.Context, traceID string) bool {
	sc := trace.SpanContextFromContext(ctx)
	return sc.IsValid() && sc.TraceID().String() == traceID
}

// Any reports whether the context has a span at all.
func Any(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsValid() }

// Carry gives ctx the span of another context, and nothing else of it.
func Carry(ctx, from context.Context) context.Context {
	if sc := trace.SpanContextFromContext(from); sc.IsValid() {
		return trace.ContextWithSpanContext(ctx, sc)
	}
	return ctx
}

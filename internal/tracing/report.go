package tracing

import (
	"context"
	"log/slog"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// reporter says once that traces do not arrive, and once that they do again: a
// line for each batch would bury what matters.
type reporter struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	down atomic.Bool
}

// ExportSpans sends a batch. An error ends here; the SDK would hand it to a
// logger of its own.
func (r *reporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := r.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !r.down.Swap(true):
		r.log.WarnContext(ctx, "traces do not reach the collector and are lost until they do", "error", err)
	case err == nil && r.down.Swap(false):
		r.log.InfoContext(ctx, "traces reach the collector again")
	}
	return nil
}

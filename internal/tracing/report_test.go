package tracing

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// moody is an exporter that fails when it is told to.
type moody struct {
	sdktrace.SpanExporter
	err error
}

func (m *moody) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return m.err }

// A collector that is away for long is one line of the log, and its return another.
func TestAnAbsentCollectorIsSaidOnce(t *testing.T) {
	var log strings.Builder
	m := &moody{}
	r := &reporter{SpanExporter: m, log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, err := range []error{nil, errors.New("away"), errors.New("away"), errors.New("still away"), nil, nil} {
		m.err = err
		if err := r.ExportSpans(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if strings.Count(log.String(), "\n") != 2 || !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "reach the collector again") {
		t.Errorf("the log says:\n%s", log.String())
	}
}

package engine_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

// TestLocalConformance holds the waker in memory to what every waker promises.
func TestLocalConformance(t *testing.T) {
	storetest.RunWaker(t, func(t *testing.T, advance storetest.Advance) engine.Waker {
		l := engine.NewLocal(bubble{}, slog.New(slog.DiscardHandler), 8)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx, advance) }()
		t.Cleanup(func() { cancel(); <-done })
		return l
	})
}

package postgres_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/postgres"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

// wall is the machine's clock.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }

func (wall) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

func TestWaker(t *testing.T) {
	server, model := start(t)
	storetest.RunWaker(t, func(t *testing.T, advance storetest.Advance) engine.Waker {
		s := open(t, server.Copy(t, model))
		w, err := postgres.NewWaker(s, wall{}, slog.New(slog.DiscardHandler), 8)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx, advance) }()
		t.Cleanup(func() {
			if err := w.Drain(context.Background()); err != nil {
				t.Errorf("Drain: %v", err)
			}
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		return w
	})
}

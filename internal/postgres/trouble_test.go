package postgres_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/postgres"
)

// unavailable demands an outage with its reason, and nothing that could pass for a
// stored or a changed item.
func unavailable(t *testing.T, doing string, err error, reason string) {
	t.Helper()
	if !errors.Is(err, engine.ErrUnavailable) || errors.Is(err, engine.ErrConflict) || !strings.Contains(err.Error(), reason) {
		t.Errorf("%s: got error %v, want an outage that says %q", doing, err, reason)
	}
}

// TestServerTrouble has the server go away and come back, and turn read-only: each
// is said, nothing counts as stored that is not, and the same store goes on after.
func TestServerTrouble(t *testing.T) {
	server, model := start(t)
	address := server.Copy(t, model)
	s := open(t, address)
	swap := func(id string) error {
		return s.Swap(t.Context(), &engine.Item{Ref: engine.Ref{Kind: engine.KindRun, ID: id}, Body: []byte(id)})
	}
	if err := swap("7/before"); err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	unavailable(t, "swap without a server", swap("7/gone"), "server")
	unavailable(t, "check without a server", s.Check(t.Context()), "server")
	if _, err := postgres.Open(t.Context(), address, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a store without its server opens")
	}
	server.Run(t)
	err := swap("7/after")
	for n := 0; n < 50 && err != nil; n++ { // each connection from before may fail once
		err = swap("7/after")
	}
	if err != nil {
		t.Errorf("the server is back, and yet: %v", err)
	}
	if _, err := s.Get(t.Context(), engine.Ref{Kind: engine.KindRun, ID: "7/gone"}); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("what was refused: got error %v, want ErrNotFound", err)
	}
	server.Exec(t, address, "ALTER ROLE gatehouse SET default_transaction_read_only = on")
	fresh, err := postgres.Open(t.Context(), address, slog.New(slog.DiscardHandler))
	if err == nil {
		defer func() { _ = fresh.Close() }()
		err = fresh.Swap(t.Context(), &engine.Item{Ref: engine.Ref{Kind: engine.KindRun, ID: "7/read-only"}})
	}
	unavailable(t, "a read-only database", err, "read-only")
}

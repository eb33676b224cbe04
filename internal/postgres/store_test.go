package postgres_test

import (
	"log/slog"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/pgtest"
	"github.com/gatehouse-app/gatehouse/internal/postgres"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

func open(t testing.TB, address string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// start starts a server with a database that has the schema and nothing in it.
func start(t testing.TB) (*pgtest.Server, string) {
	t.Helper()
	server := pgtest.Start(t)
	model := server.Database(t)
	if err := open(t, model).Close(); err != nil {
		t.Fatal(err)
	}
	return server, model
}

func TestConformance(t *testing.T) {
	server, model := start(t)
	storetest.Run(t, func(t *testing.T) engine.Store { return open(t, server.Copy(t, model)) })
}

func TestReopen(t *testing.T) {
	server, model := start(t)
	addresses := map[string]string{}
	storetest.RunReopen(t, func(t *testing.T, dir string) engine.Store {
		if addresses[dir] == "" {
			addresses[dir] = server.Copy(t, model)
		}
		return open(t, addresses[dir])
	})
}

func BenchmarkStore(b *testing.B) {
	server, model := start(b)
	storetest.Bench(b, func(b *testing.B) engine.Store { return open(b, server.Copy(b, model)) })
}

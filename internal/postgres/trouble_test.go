package postgres_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

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

// TestNewerSchema refuses a database that a newer Gatehouse has worked on, and
// leaves it alone.
func TestNewerSchema(t *testing.T) {
	server, model := start(t)
	address := server.Copy(t, model)
	server.Exec(t, address, "UPDATE gatehouse SET version = 99")
	_, err := postgres.Open(t.Context(), address, slog.New(slog.DiscardHandler))
	unavailable(t, "a newer schema", err, "the database has version 99 and this Gatehouse knows up to")
	unavailable(t, "a newer schema", err, "start the newer Gatehouse, or restore the backup")
	server.Exec(t, address, "DO $$ BEGIN IF (SELECT version FROM gatehouse) <> 99 THEN RAISE 'it was changed'; END IF; END $$")
}

// TestOutOfConnections has the server refuse more connections, and take them again.
func TestOutOfConnections(t *testing.T) {
	server, model := start(t)
	owned := server.Copy(t, model)
	config, err := pgx.ParseConfig(owned)
	if err != nil {
		t.Fatal(err)
	}
	server.Exec(t, owned, "CREATE ROLE app LOGIN; ALTER DATABASE "+config.Database+" OWNER TO app; GRANT ALL ON SCHEMA public TO app; "+
		"GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app")
	address := strings.Replace(owned, "gatehouse@", "app@", 1)
	s := open(t, address)
	check := func() error { return s.Check(t.Context()) }
	if err := check(); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, model, "ALTER ROLE app CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
	err = check()
	for n := 0; n < 50 && (err == nil || !strings.Contains(err.Error(), "connections")); n++ { // each connection from before fails once, being cut
		err = check()
	}
	unavailable(t, "no more connections", err, "the server takes no more connections: raise max_connections")
	_, err = postgres.Open(t.Context(), address, slog.New(slog.DiscardHandler))
	unavailable(t, "no more connections at the start", err, "the server takes no more connections")
	server.Exec(t, model, "ALTER ROLE app CONNECTION LIMIT -1")
	if err := check(); err != nil {
		t.Errorf("there are connections again, and yet: %v", err)
	}
}

// TestDamagedTable overwrites a page of the table on the disk.
func TestDamagedTable(t *testing.T) {
	server, model := start(t)
	address := server.Copy(t, model)
	ref := engine.Ref{Kind: engine.KindRun, ID: "7/a"}
	s := open(t, address)
	if err := s.Swap(t.Context(), &engine.Item{Ref: ref, Body: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	file := server.File(t, address, "item")
	server.Stop(t)
	if err := os.WriteFile(file, bytes.Repeat([]byte{0xff}, 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	server.Run(t)
	_, err := s.Get(t.Context(), ref)
	for n := 0; n < 50 && err != nil && !strings.Contains(err.Error(), "damaged"); n++ { // each connection from before fails once
		_, err = s.Get(t.Context(), ref)
	}
	unavailable(t, "a damaged table", err, "its data are damaged: look into its log, and restore the latest backup")
	server.Exec(t, address, "ALTER TABLE gatehouse RENAME COLUMN beats TO broken")
	unavailable(t, "a table without its column", s.Check(t.Context()), "the tables are not as this version needs them")
}

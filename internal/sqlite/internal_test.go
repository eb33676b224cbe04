package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func openHere(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// mayWrite takes the right to write from the writer's connection or gives it
// back. The writer must be idle.
func (s *Store) mayWrite(ctx context.Context, may bool) error {
	return s.writer.exec(ctx, fmt.Sprintf("PRAGMA query_only = %t", !may))
}

func TestReadOnlyIsExplained(t *testing.T) {
	s := openHere(t)
	it := &engine.Item{Ref: engine.Ref{Kind: "run", ID: "7/a"}}
	if err := s.mayWrite(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for doing, err := range map[string]error{"Swap": s.Swap(t.Context(), it), "Check": s.Check(t.Context())} {
		if !errors.Is(err, engine.ErrUnavailable) || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("%s: got error %v, want ErrUnavailable for a read-only database", doing, err)
		}
	}
	if err := s.mayWrite(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := s.Swap(t.Context(), it); err != nil {
		t.Errorf("Swap afterwards: %v", err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := openHere(t)
	_, err := s.readers.ExecContext(t.Context(), "DELETE FROM item")
	if err == nil || !strings.Contains(explain("delete", err).Error(), "read-only") {
		t.Errorf("a reader wrote: %v", err)
	}
}

func TestPragmasAreAsserted(t *testing.T) {
	_, err := openReaders(t.Context(), openHere(t).path, Options{Readers: 1, BusyTimeout: 1})
	if err != nil {
		t.Errorf("good settings are refused: %v", err)
	}
	db, err := openPool(openHere(t).path, []pragma{{"synchronous", 9}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), "not fit") {
		t.Errorf("a setting that SQLite did not take: got error %v", err)
	}
}

// TestPlans asks SQLite how it answers each query: by an index, never sorting.
func TestPlans(t *testing.T) {
	s := openHere(t)
	byIndex := map[string]string{}
	queries := map[string][]any{
		"SELECT kind FROM item WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at, kind, id LIMIT ?": {1, 1},
		"SELECT kind FROM item WHERE expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?":           {1, 1},
	}
	for _, q := range []engine.Query{
		{Kind: "run"},
		{Kind: "run", Prefix: "7/", After: "7/x"},
		{Kind: "run", Scope: "7/lane/a", Prefix: "7/"},
		{Kind: "run", State: "open", After: "7/x"},
		{Kind: "run", Scope: "7/lane/a", State: "open"},
		{Kind: "log", Prefix: "7/a/", State: "run-started", After: "7/a/000000000060", Limit: 20},
		{Kind: "log", Prefix: "7/a/", Scope: "run", Limit: 500},
	} {
		text, args := listQuery(q)
		queries[text] = args
		switch {
		case q.Scope != "":
			byIndex[text] = "INDEX item_scope (kind=? AND scope=?"
		case q.State != "":
			byIndex[text] = "INDEX item_state (kind=? AND state=?"
		}
		if strings.Count(text, "id < ?") > 1 {
			t.Errorf("%s\nhas two upper bounds, and would walk from the higher to the lower", text)
		}
	}
	for text, args := range queries {
		for _, step := range plan(t, s, text, args) {
			if !strings.HasPrefix(step, "SEARCH item USING") {
				t.Errorf("%s\nis answered by %q", text, step)
			}
			if !strings.Contains(step, byIndex[text]) {
				t.Errorf("%s\nis answered by %q, want %q", text, step, byIndex[text])
			}
		}
	}
}

func plan(t *testing.T, s *Store, query string, args []any) (steps []string) {
	t.Helper()
	rows, err := s.readers.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if err := rows.Err(); err != nil || len(steps) == 0 {
		t.Fatalf("no plan: %v", err)
	}
	return steps
}

func TestUnknownErrorsStayInternal(t *testing.T) {
	if err := explain("try", fmt.Errorf("bug")); errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("an error of the program was called an outage: %v", err)
	}
}

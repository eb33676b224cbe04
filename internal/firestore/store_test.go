package firestore_test

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firestore"
	"github.com/gatehouse-app/gatehouse/internal/firestoretest"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

func open(t testing.TB, project, dir string) *firestore.Store {
	t.Helper()
	large, err := blobs.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := firestore.Open(t.Context(), firestore.Config{
		Project: project, Instance: "test", Blobs: large, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", firestoretest.Start(t))
	var projects atomic.Int64
	storetest.Run(t, func(t *testing.T) engine.Store {
		return open(t, fmt.Sprintf("demo-%d", projects.Add(1)), t.TempDir())
	})
}

func TestReopen(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", firestoretest.Start(t))
	projects := map[string]string{}
	storetest.RunReopen(t, func(t *testing.T, dir string) engine.Store {
		if projects[dir] == "" {
			projects[dir] = fmt.Sprintf("demo-reopen-%d", len(projects))
		}
		return open(t, projects[dir], dir)
	})
}

package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

// open opens a store that the test closes at its end; closing twice is allowed.
func open(t testing.TB, path string, o sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func inDir(dir string) string { return filepath.Join(dir, "gatehouse.db") }

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) engine.Store {
		return open(t, inDir(t.TempDir()), sqlite.Options{})
	})
}

func TestConformanceWithoutBatches(t *testing.T) {
	storetest.Run(t, func(t *testing.T) engine.Store {
		return open(t, inDir(t.TempDir()), sqlite.Options{BatchSize: 1, Readers: 1})
	})
}

func TestReopen(t *testing.T) {
	storetest.RunReopen(t, func(t *testing.T, dir string) engine.Store {
		return open(t, inDir(dir), sqlite.Options{})
	})
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, func(b *testing.B) engine.Store {
		return open(b, inDir(b.TempDir()), sqlite.Options{})
	})
}

package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// A reader that takes long keeps the write-ahead log from being used anew, and
// it grows. Once the reader is done it shrinks to its limit by itself.
func TestLogShrinksAfterLongReader(t *testing.T) {
	const written = 96 << 20
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	n := 0
	write := func(size int) {
		t.Helper()
		n++
		item := engine.Item{Ref: engine.Ref{Kind: "delivery", ID: fmt.Sprintf("7/%06d", n)}, Body: make([]byte, size)}
		if err := s.Swap(t.Context(), &item); err != nil {
			t.Fatal(err)
		}
	}
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	write(1)
	long, err := s.readers.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := long.QueryRowContext(t.Context(), "SELECT count(*) FROM item").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		write(written / 12)
	}
	if size() < written {
		t.Errorf("under a long reader the log has %d bytes: this test tests nothing", size())
	}
	if err := long.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first write has the log copied, the second begins it anew
		write(1)
	}
	if size() > 64<<20 {
		t.Errorf("the reader is done and the log still has %d bytes", size())
	}
}

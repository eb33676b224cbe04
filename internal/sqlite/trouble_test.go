package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

// isUnavailable fails unless the error says that the store is, in these words.
func isUnavailable(t *testing.T, doing string, err error, words string) {
	t.Helper()
	if !errors.Is(err, engine.ErrUnavailable) || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: got error %v, want ErrUnavailable with %q", doing, err, words)
	}
}

func TestFullDisk(t *testing.T) {
	s := open(t, inDir(t.TempDir()), sqlite.Options{MaxBytes: 1 << 20})
	moment := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	stored := 0
	var err error
	for ; err == nil; stored++ {
		err = s.Swap(t.Context(), &engine.Item{
			Ref: engine.Ref{Kind: "delivery", ID: fmt.Sprintf("7/%04d", stored)}, Expires: moment, Body: make([]byte, 32<<10),
		})
	}
	stored--
	isUnavailable(t, "Swap on a full disk", err, "free space")
	isUnavailable(t, "Check on a full disk", s.Check(t.Context()), "free space")
	listed, err := s.List(t.Context(), engine.Query{Kind: "delivery", Limit: 1000})
	if err != nil || len(listed) != stored {
		t.Errorf("List on a full disk: %d items, error %v, want %d", len(listed), err, stored)
	}
	if n, err := s.Purge(t.Context(), moment, 5); err != nil || n != 5 {
		t.Fatalf("Purge on a full disk: %d items, error %v", n, err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check after room was made: %v", err)
	}
	swap(t, s, &engine.Item{Ref: engine.Ref{Kind: "delivery", ID: "7/after"}, Body: make([]byte, 32<<10)})
}

// TestFullDiskSparesSmallSwaps sends one swap that is too large and many that
// are not: the large one alone may fail.
func TestFullDiskSparesSmallSwaps(t *testing.T) {
	s := open(t, inDir(t.TempDir()), sqlite.Options{MaxBytes: 1 << 20})
	errs := make([]error, 33)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() {
			size := 1 << 10
			if n == 16 {
				size = 2 << 20
			}
			errs[n] = s.Swap(t.Context(), &engine.Item{Ref: engine.Ref{Kind: "run", ID: fmt.Sprintf("7/%d", n)}, Body: make([]byte, size)})
		})
	}
	wg.Wait()
	for n, err := range errs {
		if n == 16 {
			isUnavailable(t, "the large swap", err, "full")
		} else if err != nil {
			t.Errorf("small swap %d: %v", n, err)
		}
	}
}

func TestLockedByAnotherProgram(t *testing.T) {
	path := inDir(t.TempDir())
	s := open(t, path, sqlite.Options{BusyTimeout: time.Millisecond})
	it := &engine.Item{Ref: engine.Ref{Kind: "run", ID: "7/a"}}
	swap(t, s, it)
	other := raw(t, path)
	tell(t, other, "BEGIN IMMEDIATE")
	isUnavailable(t, "Swap while locked", s.Swap(t.Context(), it), "another program has the database locked")
	isUnavailable(t, "Check while locked", s.Check(t.Context()), "another program has the database locked")
	if _, err := s.Get(t.Context(), it.Ref); err != nil {
		t.Errorf("Get while locked: %v", err)
	}
	tell(t, other, "ROLLBACK")
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check after the lock: %v", err)
	}
	swap(t, s, it)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFileMovedAway(t *testing.T) {
	path := inDir(t.TempDir())
	s := open(t, path, sqlite.Options{})
	it := &engine.Item{Ref: engine.Ref{Kind: "run", ID: "7/a"}}
	swap(t, s, it)
	if err := os.Rename(path, path+".away"); err != nil {
		t.Skipf("an open file cannot be moved here: %v", err)
	}
	isUnavailable(t, "Swap after the move", s.Swap(t.Context(), it), "moved or deleted")
	isUnavailable(t, "Check after the move", s.Check(t.Context()), "moved or deleted")
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	swap(t, s, it)
}

func TestGroupCommit(t *testing.T) {
	const writers, each = 64, 20
	s := open(t, inDir(t.TempDir()), sqlite.Options{})
	hot := &engine.Item{Ref: engine.Ref{Kind: "lane", ID: "7/hot"}}
	swap(t, s, hot)
	stale := *hot
	swap(t, s, hot)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				it := &engine.Item{Ref: engine.Ref{Kind: "run", ID: fmt.Sprintf("7/%d/%d", w, n)}}
				if err := s.Swap(t.Context(), it); err != nil {
					t.Errorf("Swap: %v", err)
				}
				// Conflicts ride along in the batches and must spoil none.
				lost := stale
				if err := s.Swap(t.Context(), &lost); !errors.Is(err, engine.ErrConflict) {
					t.Errorf("stale swap: got error %v, want ErrConflict", err)
				}
			}
		})
	}
	wg.Wait()
	stats := s.Stats()
	t.Logf("%d writes in %d commits", stats.Writes, stats.Commits)
	if stats.Writes != 2+2*writers*each || stats.Failures != 0 {
		t.Errorf("got %+v, want %d writes and no failures", stats, 2+2*writers*each)
	}
	if stats.Commits >= 2+writers*each {
		t.Errorf("%d commits for %d swaps that were stored: nothing was grouped", stats.Commits, 2+writers*each)
	}
}

func TestBackup(t *testing.T) {
	path := inDir(t.TempDir())
	s := open(t, path, sqlite.Options{})
	it := &engine.Item{Ref: engine.Ref{Kind: "run", ID: "7/a"}, Body: []byte("body")}
	swap(t, s, it)
	copied := path + " copy's.db"
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatalf("Backup: %v", err)
	}
	if err := s.Backup(t.Context(), copied); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Backup over a file: got error %v, want ErrExist", err)
	}
	restored := open(t, copied, sqlite.Options{})
	got, err := restored.Get(t.Context(), it.Ref)
	if err != nil || string(got.Body) != "body" || got.Rev != it.Rev {
		t.Errorf("the copy holds %+v, error %v", got, err)
	}
	swap(t, restored, &got)
	swap(t, s, it)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	isUnavailable(t, "Backup after Close", s.Backup(t.Context(), path+".late"), "closed")
}

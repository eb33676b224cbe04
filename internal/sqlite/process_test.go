package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

func TestSecondProcessIsRefused(t *testing.T) {
	path := inDir(t.TempDir())
	cmd, out, in := child(t, "hold", path)
	if !out.Scan() || out.Text() != "open" {
		t.Fatalf("the child said %q", out.Text())
	}
	before, err := os.ReadFile(path + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	refusedWith(t, path, fmt.Sprintf("pid %d", cmd.Process.Pid), "stop it first")
	link := inDir(t.TempDir())
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, link, fmt.Sprintf("pid %d", cmd.Process.Pid))
	if after, err := os.ReadFile(path + ".lock"); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a refused process changed the lock file: %q, error %v", after, err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the child failed: %v", err)
	}
	s := open(t, path, sqlite.Options{})
	refusedWith(t, path, fmt.Sprintf("pid %d", os.Getpid()))
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check after a refused second Open: %v", err)
	}
}

// refusedWith fails unless opening the path is refused in these words.
func refusedWith(t *testing.T, path string, words ...string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		t.Errorf("%q was opened, want a refusal: %v", path, errors.Join(s.Close()))
		return
	}
	if !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("refusal of %q: got error %v, want ErrUnavailable", path, err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("refusal of %q says %q and lacks %q", path, err, word)
		}
	}
}

// TestKilled kills a writing process again and again; what it acknowledged must
// be there, whole, and the file sound.
func TestKilled(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := inDir(t.TempDir())
	var acked []string
	counter := 0
	for range 10 {
		cmd, out, in := child(t, "swap", path)
		kill := 1 + random.IntN(200)
		for n := 0; out.Scan(); n++ {
			if n == kill {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			if text, isCount := strings.CutPrefix(out.Text(), "counter "); isCount {
				counter = number(t, text)
			} else {
				acked = append(acked, out.Text())
			}
		}
		_ = in.Close()
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() >= 0 {
			t.Fatalf("the child ended by itself: %v", err)
		}
		verify(t, path, acked, counter)
	}
	t.Logf("%d swaps were acknowledged", len(acked)+counter)
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("a line was torn: %v", err)
	}
	return n
}

func verify(t *testing.T, path string, acked []string, counter int) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatalf("Open after the kill: %v", err)
	}
	for _, id := range acked {
		for _, kind := range []engine.Kind{"delivery", "run"} {
			it, err := s.Get(t.Context(), engine.Ref{Kind: kind, ID: id})
			if err != nil || !bytes.Equal(it.Body, bodyOf(id)) {
				t.Fatalf("the acknowledged %s %s is lost: %v", kind, id, err)
			}
		}
	}
	it, err := s.Get(t.Context(), counterRef())
	if err != nil && (counter > 0 || !errors.Is(err, engine.ErrNotFound)) {
		t.Fatalf("the counter is lost: %v", err)
	}
	if err == nil && number(t, string(it.Body)) < counter {
		t.Fatalf("the counter is %s, acknowledged was %d", it.Body, counter)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if got := ask(t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Fatalf("integrity_check: %s", got)
	}
}

// raw opens the file as another program would.
func raw(t *testing.T, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask returns one value of the file, read as another program would.
func ask(t *testing.T, path, query string) (answer string) {
	t.Helper()
	conn := raw(t, path)
	if err := conn.QueryRowContext(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	return answer
}

// tell executes statements as another program would.
func tell(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

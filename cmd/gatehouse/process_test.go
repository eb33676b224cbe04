package main_test

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"testing"

	_ "modernc.org/sqlite" // somebody else's look into the database

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// A second process on the same database is sent away and the first goes on.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	second := *s.program
	second.addr, second.log = freeAddr(t), newJournal()
	second.env = s.town.Env(second.addr, s.database())
	cmd, err := second.launch()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code is what counts
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("the second process exits with %d", code)
	}
	if !second.log.has("gatehouse: GATEHOUSE_STORE: ", "uses this database", "stop it first, or give this process a database of its own") {
		t.Errorf("the second process says:\n%s", second.log)
	}
	sha := s.release()
	s.gate(sha)
	s.approve(sha)
	s.shows(sha, deploy, "success")
}

// A stop in the middle of a story costs nothing: with a workflow running, and
// again with the release at its gate, the next start goes on from there.
func TestStoppedMidStory(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{})
	running, waiting := false, false
	s.onWatch = func() {
		snap := s.snapshot()
		for _, r := range snap.Runs {
			if !running && r.Status == "in_progress" {
				running = true
				s.restart()
			}
			if !waiting && r.Status == "waiting" {
				waiting = true
				s.restart()
			}
		}
	}
	if violations := s.tell(); len(violations) > 0 || !running || !waiting {
		t.Errorf("stopped at a workflow %t, at the gate %t; the witness objects: %v", running, waiting, violations)
	}
}

// While another program has the database locked, webhooks are answered 503 and
// the reason can be read; afterwards GitHub is asked to send them again.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	db, err := sql.Open("sqlite", s.database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	sha := s.release()
	s.until("the push is answered 503", s.refused("push"))
	s.sick("another program has the database locked: end its transaction")
	if _, err := conn.ExecContext(context.WithoutCancel(t.Context()), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	s.gate(sha)
	s.well()
}

// A database whose file was moved away is the same trouble with another reason.
func TestMovedDatabase(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	if err := os.Rename(s.database(), s.database()+".away"); err != nil {
		t.Fatal(err)
	}
	sha := s.release()
	s.until("the push is answered 503", s.refused("push"))
	s.sick("the database file was moved or deleted under the running process")
	if err := os.Rename(s.database()+".away", s.database()); err != nil {
		t.Fatal(err)
	}
	s.gate(sha)
	s.well()
}

// A database that may not be written stops the start, with the reason.
func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write to everything")
	}
	s := open(t, demo.Options{Files: short(nil)})
	s.stop()
	if err := os.Chmod(s.database(), 0o400); err != nil {
		t.Fatal(err)
	}
	cmd, err := s.launch()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code is what counts
	if code := cmd.ProcessState.ExitCode(); code != 1 || !s.log.has("gatehouse: GATEHOUSE_STORE: ", "make the file, its directory and its file system writable") {
		t.Errorf("exit code %d:\n%s", code, s.log.tail())
	}
}

// sick demands that /readyz and /healthz say why nothing is stored.
func (s *scene) sick(reason string) {
	s.Helper()
	if status, body := s.get("/readyz"); status != http.StatusServiceUnavailable || !holds(body, reason) {
		s.Errorf("/readyz: %d %s", status, body)
	}
	if status, body := s.get("/healthz"); status != http.StatusOK || !holds(body, reason) {
		s.Errorf("/healthz: %d %s", status, body)
	}
}

func (s *scene) well() {
	s.Helper()
	for _, path := range []string{"/readyz", "/healthz"} {
		if status, body := s.get(path); status != http.StatusOK || body != "ok\n" {
			s.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// refused reports whether a webhook was answered 503.
func (s *scene) refused(event string) func() bool {
	return func() bool {
		for _, d := range s.world.Deliveries() {
			if d.Event == event && d.StatusCode == http.StatusServiceUnavailable {
				return true
			}
		}
		return false
	}
}

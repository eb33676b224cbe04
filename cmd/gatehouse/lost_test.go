package main_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// GitHub heard a 202 for every webhook of a release, and then the disk was lost,
// or came back from a backup that knows nothing of the release: what is missing
// is asked for again, and the release reaches its end.
func TestAcknowledgedAndLost(t *testing.T) {
	t.Parallel()
	for name, backup := range map[string]bool{"the disk is new": false, "a backup is restored": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, demo.Options{Files: short(nil)})
			s.until("the bot's login is known", func() bool { return s.calls("GET", "/app") > 0 })
			s.halt()
			kept, err := os.ReadFile(s.database())
			must(s, kept, err)
			s.start()
			sha := s.release()
			s.gate(sha)
			before := s.parked(sha)
			s.halt()
			s.world.Drain()
			s.empty()
			if backup {
				if err := os.WriteFile(s.database(), kept, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s.start()
			s.until("the push is asked for again", func() bool { return s.log.has("a missing webhook is asked for again", `"event":"push"`) })
			// Nobody here remembers the job that waits at production since before: it is turned away, and another asks.
			s.until("the job of before is turned away", func() bool {
				run, err := s.world.Run(demo.Repo, before)
				return err == nil && run.Conclusion == "failure"
			})
			s.gate(sha)
			s.approve(sha)
			s.shows(sha, deploy, "success")
			if n := s.deployed(); n != 1 {
				t.Errorf("%d deploys", n)
			}
		})
	}
}

// The process was down for longer than GitHub keeps a webhook: its start reads
// from a list what became of the workflow that it waits for.
func TestForgottenWebhooks(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "webhook", Path: "workflow_run", Kind: sandbox.Forgotten}}})
	sha := s.release()
	s.until("the tests are over, and nobody heard", func() bool {
		return slices.ContainsFunc(s.snapshot().Runs, func(r sandbox.WorkflowRun) bool { return r.HeadSHA == sha && r.Status == "completed" })
	})
	s.world.Drain()
	s.halt()
	if s.asks(sha) || s.log.has("a change was read that no webhook told") {
		t.Fatalf("it was heard of:\n%s", s.board())
	}
	s.world.SetFaults(sandbox.Faults{})
	s.start()
	s.gate(sha)
	s.approve(sha)
	s.shows(sha, deploy, "success")
	if !s.log.has("a change was read that no webhook told") {
		t.Error("nothing was read from the list")
	}
}

func (s *scene) halt() {
	s.Helper()
	if code := s.stop(); code != 0 {
		s.Fatalf("exit code %d:\n%s", code, s.log.tail())
	}
}

// empty takes away everything that the program has stored.
func (s *scene) empty() {
	s.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.database() + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Fatal(err)
		}
	}
}

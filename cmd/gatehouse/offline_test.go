package main_test

import (
	"database/sql"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // to change the store behind the program's back

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// say runs a command of the program in its place and returns what it printed.
func (p *program) say(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.bin, args...) //nolint:gosec // our own build
	cmd.Dir = p.dir
	for name, v := range p.env {
		cmd.Env = append(cmd.Env, name+"="+v)
	}
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

func (p *program) expect(t *testing.T, code int, args []string, words ...string) string {
	t.Helper()
	out, got := p.say(t, args...)
	if got != code {
		t.Errorf("%v: exit code %d, want %d:\n%s", args, got, code, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			t.Errorf("%v: does not say %q:\n%s", args, w, out)
		}
	}
	return out
}

// With the server stopped, the store says why a run waits and what would happen,
// gives its audit trail, and shows what somebody did to it.
func TestOffline(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Gate: demo.GateNone, Files: short(nil)})
	s.world.AddTeam(demo.Org, "release-approvers", demo.Ivan)
	sha := s.push(sandbox.Push{Branch: branch, By: demo.Ada, Message: "Release v1.2.0", Files: map[string]string{"package.json": "{}\n"}})
	s.until("the release waits at its gate", func() bool { return s.asks(sha) })
	s.comment(demo.Ada, sha, "/approve")
	s.answered(sha, "authors do not approve their own work")
	s.expect(t, 1, []string{"audit", "verify"}, "Where one runs, it has the store to itself")
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.cmd = nil

	var run string
	for line := range strings.Lines(s.expect(t, 0, []string{"audit", "export", "--since", "2026-01-01"})) {
		var e struct{ Run, What, Who, From, Release, Policy string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if e.What == "refused" {
			run = e.Run
			if e.Who != "ada" || e.From != "comment" || e.Release == "" || e.Policy == "" {
				t.Errorf("the refusal says too little: %s", line)
			}
		}
	}
	s.expect(t, 0, []string{"audit", "export", "--format", "csv"}, "installation,lane,seq,", ",ada,", ",comment,refused,approve,")
	s.expect(t, 8, []string{"explain", run, "--offline"}, "Waits for 1 approval of @release-approvers", "ada", "authors do not approve their own work", "/approve")
	s.expect(t, 8, []string{"explain", run, "--offline", "--json"}, `"status":"active"`, `"code":"approval-missing"`)
	s.expect(t, 0, []string{"explain", run, "--offline", "--if", "approved-by=ada,ivan"}, "ada would be refused: ada made commit", "ivan would be counted", "the door would open")
	s.expect(t, 2, []string{"explain", run}, "GATEHOUSE_TOKEN")
	s.expect(t, 1, []string{"explain", "0000000000000000", "--offline"}, "the store has no run")
	s.expect(t, 0, []string{"audit", "verify"}, "are as they were written")

	db, err := sql.Open("sqlite", s.database())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE item SET body = CAST(replace(CAST(body AS TEXT), '"refused"', '"approval"') AS BLOB) WHERE kind = 'log'`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.expect(t, 1, []string{"audit", "verify"}, "broken", "was changed after it was written")
}

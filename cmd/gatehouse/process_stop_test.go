package main_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// The program is told to end while GitHub answers nothing: it says that it is not
// ready, still stores what comes, gives up what it has in hand and ends well. The
// next start goes on with both.
func TestStopWhileGitHubHangs(t *testing.T) {
	t.Parallel()
	s := closed(t, demo.Options{Files: short(nil)})
	s.town.OnCall(func(sandbox.Call) { poke(s.news) }) // also of calls that are never answered
	s.start()
	s.until("the bot's login is known", func() bool { return s.calls("GET", "/app") > 0 })
	s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Path: "/api/v3/repos/", Kind: sandbox.Hang}}})
	sha := s.release()
	s.until("GitHub stalls", func() bool { return len(s.world.UnusedFaults()) == 0 })
	s.world.Drain()
	push := s.delivered("push")
	late := []byte(strings.ReplaceAll(string(push), branch, "feature/late"))

	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.until("the stop is said", func() bool { return s.log.has("gatehouse stops") })
	s.until("it says that it is not ready", func() bool {
		status, body := s.get("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "This process is stopping")
	})
	if status, body := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %s", status, body)
	}
	if status, answer := s.post("late", late, demoSecret); status != http.StatusAccepted || !holds(answer, `"result":"stored"`) {
		t.Errorf("a webhook while it stops: %d %s", status, answer)
	}
	<-s.over
	t.Logf("it took %s to stop", time.Since(began).Round(100*time.Millisecond))
	if code := s.cmd.ProcessState.ExitCode(); code != 0 || !s.log.has("something in hand was interrupted") {
		t.Errorf("exit code %d:\n%s", code, s.log.tail())
	}

	s.world.SetFaults(sandbox.Faults{})
	s.start()
	s.until("the late webhook is applied", func() bool { return s.log.has("an intake is over", "late", "feature/late") })
	s.gate(sha)
}

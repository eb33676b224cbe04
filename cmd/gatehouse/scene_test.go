package main_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// scene is a town with the real program in it, and a test that watches both.
type scene struct {
	*testing.T
	*program
	town    *demo.Town
	world   *sandbox.World
	news    chan struct{} // something happened in the town or in the log
	cmd     *exec.Cmd
	over    chan struct{} // the program has ended
	onWatch func()        // what a test does between two looks of a story
	repo    string        // the name that the town's repository has now
}

// sceneTime bounds what one wait of a scene may take; a good one takes a second
// or two, on a machine that has nothing else to do.
const sceneTime = 2 * time.Minute

// open builds the town and starts the program in it.
func open(t *testing.T, o demo.Options) *scene {
	t.Helper()
	s := closed(t, o)
	s.start()
	return s
}

// closed is a scene whose program is not started yet. The program is this test's
// own binary, which TestMain lets run as gatehouse.
func closed(t *testing.T, o demo.Options) *scene {
	t.Helper()
	bin, err := exec.LookPath("gatehouse")
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if o.Step == 0 {
		o.Step = 20 * time.Millisecond
	}
	town, err := demo.Open(listener, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	s := &scene{T: t, repo: demo.Repo, program: install(t, bin, town), town: town, world: town.World, news: make(chan struct{}, 1)}
	town.OnCall(func(c sandbox.Call) {
		if c.Phase == sandbox.Done {
			poke(s.news)
		}
	})
	s.log.tell(s.news)
	t.Cleanup(s.end)
	return s
}

// start launches the program and waits until it listens.
func (s *scene) start() {
	s.Helper()
	before := s.log.count(listens)
	cmd, err := s.launch()
	if err != nil {
		s.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = cmd.Wait() // its exit code is read from its state
		poke(s.news)
	}()
	s.cmd, s.over = cmd, over
	s.until("the program listens", func() bool { return s.log.count(listens) > before })
}

// stop asks the program to end and returns its exit code.
func (s *scene) stop() int {
	s.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.Fatal(err)
	}
	select {
	case <-s.over:
	case <-time.After(sceneTime):
		s.Fatalf("SIGTERM does not end it:\n%s", s.log.tail())
	}
	return s.cmd.ProcessState.ExitCode()
}

func (s *scene) end() {
	if s.cmd != nil {
		kill(s.T, s.cmd)
		<-s.over
	}
	if s.log.has("WARNING: DATA RACE") { // the program is built as this test is
		s.Errorf("the program races with itself:\n%s", s.log)
	}
}

// until waits for what is to happen.
func (s *scene) until(what string, happened func() bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), sceneTime)
	defer cancel()
	for !happened() {
		select {
		case <-s.news:
		case <-ctx.Done():
			s.Fatalf("waited in vain for this: %s\n%s\nthe log ends:\n%s", what, s.board(), s.log.tail())
		}
	}
}

// board is what the checks show, for a failed test.
func (s *scene) board() string {
	var b strings.Builder
	for _, c := range s.snapshot().CheckRuns {
		if c.App == "gatehouse" {
			fmt.Fprintf(&b, "%s on %.7s: %s %s: %s\n%s\n", c.Name, c.HeadSHA, c.Status, c.Conclusion, c.Output.Title, c.Output.Summary)
		}
	}
	return b.String()
}

func (s *scene) snapshot() sandbox.Snapshot {
	snap, err := s.world.Snapshot(s.repo)
	if err != nil {
		s.Fatal(err)
	}
	return snap
}

// get reads an address of the program.
func (s *scene) get(path string) (status int, body string) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.url(path), nil)
	if err != nil {
		s.Fatal(err)
	}
	return s.do(req)
}

func (s *scene) do(req *http.Request) (status int, body string) {
	s.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// must is for what people do in the town.
func must[T any](s *scene, v T, err error) T {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	return v
}

// restart stops the program in good order and starts it again.
func (s *scene) restart() {
	s.Helper()
	if code := s.stop(); code != 0 {
		s.Errorf("SIGTERM: exit code %d", code)
	}
	s.start()
}

// tell tells the demo's release and has the witness judge it.
func (s *scene) tell() []witness.Violation {
	s.Helper()
	told := s.play()
	s.world.Drain()
	world, err := s.town.Evidence(told)
	return witness.Release(must(s, world, err))
}

func (s *scene) play() demo.Told {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 3*sceneTime)
	defer cancel()
	wait := func(ctx context.Context) error {
		select {
		case <-s.news:
			if s.onWatch != nil {
				s.onWatch()
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	teller := demo.Teller{Town: s.town, Out: io.Discard, Auto: true, Wait: wait, Now: time.Now}
	told, err := teller.Release(ctx)
	if err != nil {
		s.Fatalf("%v\n%s\nthe log ends:\n%s", err, s.board(), s.log.tail())
	}
	return told
}

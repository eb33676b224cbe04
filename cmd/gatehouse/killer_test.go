package main_test

import (
	"context"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// killer kills the process when the outside hears what was planned.
type killer struct {
	proc   *kept
	mu     sync.Mutex
	at     map[killPoint]bool
	count  map[killPoint]int
	killed []killPoint
}

func (k *killer) heard(c sandbox.Call) {
	kind := callKind(c)
	if kind == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count == nil {
		k.count = map[killPoint]int{}
	}
	seen := killPoint{kind: kind, phase: c.Phase}
	k.count[seen]++
	p := killPoint{kind, c.Phase, k.count[seen]}
	if k.at[p] && k.proc.kill() {
		k.killed = append(k.killed, p)
	}
}

// rest has nobody killed any more, and returns where somebody was.
func (k *killer) rest() []killPoint {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = nil
	return slices.Clone(k.killed)
}

// callKind names what the app does by a call; empty for what it does not do.
func callKind(c sandbox.Call) string {
	switch c.Kind {
	case sandbox.KindGitHub, sandbox.KindSlack, sandbox.KindDiscord, sandbox.KindGoogle:
		return c.Method + " " + c.Route
	case sandbox.KindSite:
		return "probe"
	case sandbox.KindWebhook:
		return "webhook " + c.Event
	case sandbox.KindInteraction:
		return "interaction " + c.Event
	case sandbox.KindPage, sandbox.KindAct, sandbox.KindOAuth:
		return ""
	}
	return ""
}

// kept is the real program, started again whenever it was killed.
type kept struct {
	*program
	t     *testing.T
	mu    sync.Mutex
	cmd   *exec.Cmd // runs, or is about to be replaced
	dead  *exec.Cmd // was killed last
	ended bool
	gone  chan struct{}
}

// keep starts the program and keeps it until end.
func keep(ctx context.Context, t *testing.T, p *program) *kept {
	t.Helper()
	k := &kept{program: p, t: t, gone: make(chan struct{})}
	news := make(chan struct{}, 1)
	p.log.tell(news)
	go k.run()
	for p.log.count(listens) == 0 {
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("the program does not get ready:\n%s", p.log.tail())
		}
	}
	return k
}

// run starts the program and starts it again until the story is over.
func (k *kept) run() {
	defer close(k.gone)
	for {
		k.mu.Lock()
		if k.ended {
			k.mu.Unlock()
			return
		}
		cmd, err := k.launch()
		k.cmd = cmd
		k.mu.Unlock()
		if err == nil {
			_ = cmd.Wait()
		}
	}
}

// kill reports whether it was this that ended the program: it runs, and nobody
// has killed it yet.
func (k *kept) kill() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cmd == nil || k.cmd.Process == nil || k.cmd == k.dead || k.ended {
		return false
	}
	k.dead = k.cmd
	return k.cmd.Process.Kill() == nil
}

// end asks the program to finish what it has in hand, and waits for that.
func (k *kept) end() {
	k.mu.Lock()
	k.ended = true
	cmd := k.cmd
	k.mu.Unlock()
	if cmd.Process == nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have been killed just now
	select {
	case <-k.gone:
	case <-time.After(sceneTime):
		k.t.Errorf("SIGTERM does not end the program:\n%s", k.log.tail())
		kill(k.t, cmd)
		<-k.gone
	}
}

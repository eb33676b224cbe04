package main_test

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// killer kills the process when the outside hears what was planned.
type killer struct {
	at     map[killPoint]bool
	proc   *kept
	mu     sync.Mutex
	count  map[killPoint]int
	killed int
	done   map[string]int
	log    []string
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
	if !k.at[p] {
		return
	}
	delete(k.at, p)
	k.killed++
	k.done[kind]++
	k.log = append(k.log, fmt.Sprintf("%s %s #%d", p.kind, p.phase, p.nth))
	k.proc.kill()
}

// callKind names what the app does by a call; empty for what it does not do.
func callKind(c sandbox.Call) string {
	switch c.Kind {
	case sandbox.KindGitHub, sandbox.KindSlack, sandbox.KindDiscord:
		return c.Method + " " + c.Route
	case sandbox.KindSite:
		return "probe"
	case sandbox.KindWebhook:
		return "webhook " + c.Event
	case sandbox.KindPage, sandbox.KindAct, sandbox.KindOAuth:
		return ""
	}
	return ""
}

func (k *killer) words() []string {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.log)
}

// kept is the real program, started again whenever it was killed.
type kept struct {
	*program
	t     *testing.T
	mu    sync.Mutex
	cmd   *exec.Cmd
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

func (k *kept) kill() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cmd != nil && k.cmd.Process != nil {
		kill(k.t, k.cmd)
	}
}

func (k *kept) end() {
	k.mu.Lock()
	k.ended = true
	k.mu.Unlock()
	k.kill()
	<-k.gone
}

package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gatehouse "github.com/gatehouse-app/gatehouse/cmd/gatehouse"
	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// program is one installation of the real program: its binary, its settings,
// its database and what it logged so far.
type program struct {
	bin  string
	addr string
	dir  string
	env  map[string]string
	log  *journal
}

// install puts the program into a town, which sends it webhooks from now on.
func install(t *testing.T, bin string, town *demo.Town) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{bin: bin, addr: freeAddr(t), dir: dir, log: newJournal()}
	p.env = town.Env(p.addr, filepath.Join(dir, "gatehouse.db"))
	p.env["GATEHOUSE_SWEEP"] = "300ms"
	p.env["PATH"] = os.Getenv("PATH")
	town.SetHook(p.url("/api/github/hook"))
	return p
}

func (p *program) url(path string) string { return "http://" + p.addr + path }

func (p *program) database() string { return filepath.Join(p.dir, "gatehouse.db") }

// launch starts it; whoever launches it waits for its end.
func (p *program) launch() (*exec.Cmd, error) {
	cmd := exec.Command(p.bin, "serve") //nolint:gosec,noctx // our own build; it is ended by hand
	cmd.Stderr, cmd.Stdout, cmd.Dir = p.log, p.log, p.dir
	for name, v := range p.env {
		cmd.Env = append(cmd.Env, name+"="+v)
	}
	return cmd, cmd.Start()
}

// kill ends a launched program without a word to it.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("kill: %v", err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	port, err := gatehouse.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return "127.0.0.1:" + port
}

// builds are those of the program that were made already, by their flags.
var builds sync.Map

// build builds the program as it is shipped, once for all tests, beside the one
// that TestMain puts on the path and takes away.
func build(t *testing.T, flags ...string) string {
	t.Helper()
	of := strings.Join(flags, "")
	once, _ := builds.LoadOrStore(of, sync.OnceValues(func() (string, error) {
		own, err := exec.LookPath("gatehouse")
		if err != nil {
			return "", err
		}
		bin := filepath.Join(filepath.Dir(own), "gatehouse-built"+of)
		args := append([]string{"build", "-o", bin}, flags...)
		out, err := exec.CommandContext(context.Background(), "go", append(args, ".")...).CombinedOutput() //nolint:gosec // our own build
		if err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
		return bin, nil
	}))
	bin, err := once.(func() (string, error))()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return bin
}

// listens is what the log says once webhooks are taken.
const listens = `"gatehouse listens"`

// journal is a log that can be waited on.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
	told []chan<- struct{}
}

func newJournal() *journal { return &journal{} }

// Write is for the program.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.told {
		poke(c)
	}
	return j.text.Write(b)
}

// tell has news of it poked into a channel.
func (j *journal) tell(c chan<- struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.told = append(j.told, c)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) count(words string) int { return strings.Count(j.String(), words) }

// has reports whether one line holds all the words.
func (j *journal) has(words ...string) bool {
	for line := range strings.Lines(j.String()) {
		if holds(line, words...) {
			return true
		}
	}
	return false
}

func (j *journal) tail() string {
	text := j.String()
	return text[max(0, len(text)-6000):]
}

func holds(text string, words ...string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// poke leaves a note that there is news, unless one lies there already.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

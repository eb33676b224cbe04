package main_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

var (
	kills    = flag.Int("kills", 100, "how often the process is killed at least")
	killSeed = flag.Uint64("killseed", 0, "seed of the kills; 0 takes one from the clock")
)

// killsAStory is how often one story is interrupted: more would only lengthen it.
const killsAStory = 12

// TestKilledAnywhere kills the real process with SIGKILL while it talks to the
// outside, on arrival of a call and after the call took effect but before its
// answer, spread over every kind of call that it makes. Restarted each time, it
// must leave the world as an undisturbed process does: nothing lost, nothing twice.
func TestKilledAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take minutes")
	}
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (go test ./cmd/gatehouse -run KilledAnywhere -killseed %d)", seed, seed)
	bin := build(t)
	for _, gate := range []demo.Gate{demo.GateReviewers, demo.GateNone} {
		calm := tell(t, bin, gate, nil)
		rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test's dice
		points := killPoints(calm.kinds)
		total, byKind := 0, map[string]int{}
		for story := 0; total < *kills/2 || len(missed(calm.kinds, byKind)) > 0 && story < *kills/4; story++ {
			k := &killer{at: plan(rng, points, story), done: map[string]int{}}
			got := tell(t, bin, gate, k)
			total += k.killed
			for kind, n := range k.done {
				byKind[kind] += n
			}
			if diff := compare(calm.world, got.world); diff != "" {
				t.Fatalf("gate %s, story %d (seed %d), killed at %v: the world differs from the undisturbed one:\n%s", gate, story, seed, k.log, diff)
			}
		}
		t.Logf("gate %s: %d kills, by kind of call: %v", gate, total, byKind)
		if m := missed(calm.kinds, byKind); len(m) > 0 && *kills >= 100 {
			t.Errorf("gate %s: these effects were never interrupted: %v", gate, m)
		}
	}
}

// missed lists the kinds of effects of an undisturbed story that no kill met.
func missed(kinds, killed map[string]int) []string {
	var out []string
	for kind := range kinds {
		effect := kind == "probe" || strings.HasPrefix(kind, "POST /repos") || strings.HasPrefix(kind, "PATCH ") || strings.HasPrefix(kind, "POST /slack")
		if effect && killed[kind] == 0 {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// TestPlantedBugIsSeen builds the process with its one planted bug, effects
// before the swap that owes them, and demands that kills show it.
func TestPlantedBugIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take minutes")
	}
	calm := tell(t, build(t), demo.GateNone, nil)
	bin := build(t, "-tags", "planted")
	rng := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test's dice
	points := killPoints(calm.kinds)
	for story := range 20 {
		got, err := tryTell(t, bin, demo.GateNone, &killer{at: plan(rng, points, story), done: map[string]int{}})
		if err != nil {
			t.Logf("story %d: %v", story, err)
			return
		}
		if diff := compare(calm.world, got.world); diff != "" {
			t.Logf("story %d shows it:\n%s", story, diff)
			return
		}
	}
	t.Fatal("20 interrupted stories of a process that acts before it saves look like an undisturbed one: this test sees nothing")
}

func build(t *testing.T, flags ...string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "gatehouse")
	args := append([]string{"build", "-o", bin}, flags...)
	out, err := exec.CommandContext(t.Context(), "go", append(args, ".")...).CombinedOutput() //nolint:gosec // our own build
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// killPoint is one moment to kill at: the nth call of a kind, in a phase.
type killPoint struct {
	kind  string
	phase sandbox.Phase
	nth   int
}

// killPoints lists every call of an undisturbed story, twice: on arrival, and
// when it took effect.
func killPoints(kinds map[string]int) []killPoint {
	var points []killPoint
	for kind, n := range kinds {
		for i := range n {
			points = append(points, killPoint{kind, sandbox.Arrived, i + 1}, killPoint{kind, sandbox.Done, i + 1})
		}
	}
	slices.SortFunc(points, func(a, b killPoint) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return points
}

// plan chooses the moments of one story: half by turns over the kinds, at their
// first call, so that every kind is met in both phases, and half by chance.
func plan(rng *rand.Rand, points []killPoint, story int) map[killPoint]bool {
	var first []killPoint
	for _, p := range points {
		if p.nth == 1 {
			first = append(first, p)
		}
	}
	at := map[killPoint]bool{}
	for i := range killsAStory / 2 {
		at[first[(story*killsAStory/2+i)%len(first)]] = true
	}
	for len(at) < killsAStory {
		at[points[rng.IntN(len(points))]] = true
	}
	return at
}

// killer kills the process when the outside hears what was planned.
type killer struct {
	at     map[killPoint]bool
	proc   *process
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
	case sandbox.KindPage, sandbox.KindAct:
		return ""
	}
	return ""
}

// ending is what a story left behind.
type ending struct {
	world []string       // the outside's state, one line a fact, sorted
	kinds map[string]int // calls by kind
}

func tell(t *testing.T, bin string, gate demo.Gate, k *killer) ending {
	t.Helper()
	e, err := tryTell(t, bin, gate, k)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func tryTell(t *testing.T, bin string, gate demo.Gate, k *killer) (ending, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	town, err := demo.Open(listener, demo.Options{Gate: gate, Step: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer town.Close()
	p := start(t, bin, town)
	defer p.end()
	if k != nil {
		k.proc = p
		town.OnCall(k.heard)
	}
	teller := demo.Teller{Town: town, Out: io.Discard, Auto: true, Wait: town.Watch(), Now: time.Now}
	told, err := teller.Release(ctx)
	if err != nil {
		return ending{}, fmt.Errorf("%w\nkilled at %v\nthe app's last words:\n%s", err, k.words(), p.tail())
	}
	town.World.Drain()
	world, err := town.Evidence(told)
	if err != nil {
		t.Fatal(err)
	}
	e := ending{world: facts(world, told), kinds: map[string]int{}}
	for _, c := range world.Calls {
		if kind := callKind(c); kind != "" {
			e.kinds[kind]++
		}
	}
	return e, nil
}

func (k *killer) words() []string {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.log)
}

// facts are what the outside holds at the end, without ids and times.
func facts(w witness.World, told demo.Told) []string {
	name := strings.NewReplacer(told.Staging, "STAGING", told.Release, "RELEASE", told.Staging[:7], "STAGING", told.Release[:7], "RELEASE")
	var out []string
	add := func(format string, args ...any) { out = append(out, name.Replace(fmt.Sprintf(format, args...))) }
	for _, c := range w.Repo.CheckRuns {
		if c.App == "gatehouse" {
			add("check %s on %s: %s %s", c.Name, c.HeadSHA, c.Status, c.Conclusion)
		}
	}
	for _, r := range w.Repo.Runs {
		add("workflow %s on %s %s: %s %s attempt %d", r.Path, r.HeadSHA, r.Inputs["environment"], r.Status, r.Conclusion, r.Attempt)
		for _, j := range r.Jobs {
			if j.Gate != nil && j.Gate.NeedsRule {
				add("door of %s on %s: %s by rule, reviewed %t", r.Path, r.HeadSHA, j.Gate.Verdict, j.Gate.Reviewed)
			}
		}
	}
	for _, d := range w.Repo.Deployments {
		last := "none"
		if n := len(d.Statuses); n > 0 {
			last = d.Statuses[n-1].State
		}
		add("deployment of %s to %s via %s: %s", d.SHA, d.Environment, d.Via, last)
	}
	for _, c := range w.Repo.Comments {
		add("comment by %s%s with %d reactions", c.By, c.Via, len(c.Reactions))
	}
	for _, m := range w.Messages {
		add("slack message, reply %t: %.60s", m.Thread != "", m.Text)
	}
	slices.Sort(out)
	return out
}

func compare(want, got []string) string {
	var b strings.Builder
	count := map[string]int{}
	for _, f := range want {
		count[f]++
	}
	for _, f := range got {
		count[f]--
	}
	for f, n := range count {
		switch {
		case n > 0:
			fmt.Fprintf(&b, "lost %d×: %s\n", n, f)
		case n < 0:
			fmt.Fprintf(&b, "too much %d×: %s\n", -n, f)
		}
	}
	return b.String()
}

// process is the real program, started again whenever it was killed.
type process struct {
	t     *testing.T
	bin   string
	env   []string
	addr  string
	log   string
	mu    sync.Mutex
	cmd   *exec.Cmd
	ended bool
	gone  chan struct{}
}

func start(t *testing.T, bin string, town *demo.Town) *process {
	t.Helper()
	dir := t.TempDir()
	addr := freeAddr(t)
	p := &process{t: t, bin: bin, addr: addr, log: filepath.Join(dir, "log"), gone: make(chan struct{})}
	env := town.Env(addr, filepath.Join(dir, "gatehouse.db"))
	env["GATEHOUSE_SWEEP"] = "300ms"
	for name, v := range env {
		p.env = append(p.env, name+"="+v)
	}
	p.env = append(p.env, "PATH="+os.Getenv("PATH"))
	town.SetHook("http://" + addr + "/api/github/hook")
	go p.keep()
	p.ready()
	return p
}

func freeAddr(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// keep starts the program and starts it again until the story is over.
func (p *process) keep() {
	defer close(p.gone)
	for {
		p.mu.Lock()
		if p.ended {
			p.mu.Unlock()
			return
		}
		log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			p.mu.Unlock()
			return
		}
		p.cmd = exec.Command(p.bin, "serve") //nolint:gosec,noctx // our own build; it is killed by hand
		p.cmd.Env, p.cmd.Stderr, p.cmd.Stdout, p.cmd.Dir = p.env, log, log, filepath.Dir(p.log)
		err = p.cmd.Start()
		cmd := p.cmd
		p.mu.Unlock()
		if err == nil {
			_ = cmd.Wait()
		}
		_ = log.Close()
	}
}

// ready waits until the program answers.
func (p *process) ready() {
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/readyz", nil)
		if err != nil {
			p.t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
	}
	p.t.Fatalf("the program does not get ready:\n%s", p.tail())
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil && p.cmd.Process != nil {
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			p.t.Errorf("kill: %v", err)
		}
	}
}

func (p *process) end() {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.kill()
	<-p.gone
}

func (p *process) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	if len(b) > 6000 {
		b = b[len(b)-6000:]
	}
	return string(b)
}

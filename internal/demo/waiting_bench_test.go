package demo_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// crowd is how many runs wait at a gate.
const crowd = 10_000

// BenchmarkWaiting starts the real program over a store in which 10,000 runs
// wait for an approval, each in a lane of its own, and says what they cost it
// beside an empty store: goroutines, memory, and the time until it is ready.
func BenchmarkWaiting(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "gatehouse")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", bin, "github.com/gatehouse-app/gatehouse/cmd/gatehouse").CombinedOutput(); err != nil { //nolint:gosec // our own build
		b.Fatalf("build: %v\n%s", err, out)
	}
	l, full := crowded(b)
	empty := filepath.Join(b.TempDir(), "empty.db")
	var none, all standing
	for b.Loop() {
		none = none.and(start(b, bin, l, empty))
		since := len(l.World.Record())
		all = all.and(start(b, bin, l, full))
		calls := witness.Count(l.World.Record(), since)
		maps.DeleteFunc(calls, func(kind string, _ int) bool {
			return strings.Contains(kind, " /app") || strings.Contains(kind, " /users/")
		}) // who it is, and what was lost
		if len(calls) > 0 {
			b.Errorf("GitHub is asked for runs that wait: %s", listed(calls))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(all.goroutines-none.goroutines), "goroutines-added")
	b.ReportMetric(all.memory, "MB")
	b.ReportMetric(all.memory/none.memory, "MB-of-empty")
	b.ReportMetric(float64(all.ready.Milliseconds()), "ready-ms")
	b.ReportMetric(all.ready.Seconds()/none.ready.Seconds(), "ready-of-empty")
}

// standing is what a program that has just started needs.
type standing struct {
	ready      time.Duration
	goroutines int     // at rest: a request on its way has some for itself
	memory     float64 // resident, in MB
}

// and is the worst of two looks; of goroutines, the one at rest.
func (s standing) and(o standing) standing {
	if s.goroutines == 0 {
		s.goroutines = o.goroutines
	}
	return standing{ready: max(s.ready, o.ready), goroutines: min(s.goroutines, o.goroutines), memory: max(s.memory, o.memory)}
}

// crowded is a store in which one release really waits, and 9,999 copies of it.
func crowded(b *testing.B) (*lived, string) {
	b.Helper()
	l := live(b, demo.Options{Step: time.Millisecond}, elevenStages, func(c *app.Config) { c.Sweep = 200 * time.Millisecond })
	teller := l.teller()
	if _, err := teller.ToTheGate(b.Context()); err != nil {
		b.Fatal(err)
	}
	soon := time.Now().Add(time.Hour).UnixMicro()
	if err := teller.Until(b.Context(), "all that is left is to wait", l.none(b, "wake_at < ?", soon)); err != nil {
		b.Fatal(err)
	}
	l.end()
	store, err := sqlite.Open(b.Context(), l.db, sqlite.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	runs, err := store.List(b.Context(), engine.Query{Kind: engine.KindRun, State: "active"})
	if err != nil || len(runs) != 1 {
		b.Fatalf("%d runs wait: %v", len(runs), err)
	}
	const lane = "avalo-c8c46"
	tenant, id, _ := strings.Cut(runs[0].ID, "/")
	lanes, err := store.Get(b.Context(), engine.Ref{Kind: engine.KindLane, ID: tenant + "/" + lane})
	if err != nil {
		b.Fatal(err)
	}
	var items []*engine.Item
	for n := 1; n < crowd; n++ {
		for _, of := range []engine.Item{runs[0], lanes} {
			name := strings.NewReplacer(id, fmt.Sprintf("%016x", n), lane, fmt.Sprintf("avalo-%05d", n))
			of.Rev, of.ID, of.Body = "", name.Replace(of.ID), []byte(name.Replace(string(of.Body)))
			items = append(items, &of)
		}
		if len(items) == 500 || n == crowd-1 {
			if err := store.Swap(b.Context(), items...); err != nil {
				b.Fatal(err)
			}
			items = nil
		}
	}
	return l, l.db
}

// start runs the program until it is ready and has looked at all that is due.
func start(b *testing.B, bin string, l *lived, db string) (s standing) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), bin, "serve") //nolint:gosec // our own build
	log := &bytes.Buffer{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.TempDir(), log, log
	const addr = "127.0.0.1:18917"
	for name, v := range l.env {
		cmd.Env = append(cmd.Env, name+"="+v)
	}
	cmd.Env = append(cmd.Env, "GATEHOUSE_STORE=sqlite:"+db, "GATEHOUSE_ADDR="+addr, "PATH="+os.Getenv("PATH"))
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	}()
	for get(b, "http://"+addr+"/readyz") == nil {
		select {
		case <-ended:
			b.Fatalf("the program ended:\n%s", log)
		case <-time.After(5 * time.Millisecond):
		}
	}
	s.ready = time.Since(began)
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) { // its first sweep, and the first call to GitHub
		m := metrics(b, "http://"+addr+"/metrics")
		s = s.and(standing{goroutines: int(m["go_goroutines"]), memory: m["process_resident_memory_bytes"] / 1e6})
	}
	return s
}

// get is the body of a good answer, or nil.
func get(b *testing.B, url string) []byte {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return body.Bytes()
}

// metrics are the figures of a program by name.
func metrics(b *testing.B, url string) map[string]float64 {
	b.Helper()
	all := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(get(b, url)))
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			all[name] = v
		}
	}
	return all
}

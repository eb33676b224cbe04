package main_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
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
	p := keep(ctx, t, install(t, bin, town))
	defer p.end()
	if k != nil {
		k.proc = p
		town.OnCall(k.heard)
	}
	teller := demo.Teller{Town: town, Out: io.Discard, Auto: true, Wait: town.Watch(), Now: time.Now}
	told, err := teller.Release(ctx)
	if err != nil {
		return ending{}, fmt.Errorf("%w\nkilled at %v\nthe app's last words:\n%s", err, k.words(), p.log.tail())
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

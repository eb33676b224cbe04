package main_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
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

const (
	killsAStory = 12 // more in one story would only lengthen it
	mostStories = 40 // of a gate, until every effect was met
	wave        = 4  // stories told side by side
)

// TestKilledAnywhere kills the real process with SIGKILL while it talks to the
// outside, on arrival of a call and after the call took effect but before its
// answer, spread over every kind of call that it makes. Restarted each time, it
// must leave the world as an undisturbed process does: nothing lost, nothing twice.
func TestKilledAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take minutes")
	}
	t.Parallel()
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (go test ./cmd/gatehouse -run KilledAnywhere -killseed %d)", seed, seed)
	bin := build(t)
	for n, gate := range []demo.Gate{demo.GateReviewers, demo.GateNone} {
		t.Run(string(gate), func(t *testing.T) {
			t.Parallel()
			h := newHunt(t, bin, gate, rand.New(rand.NewPCG(seed, uint64(n)))) //nolint:gosec // a test's dice
			for h.deaths < *kills/2 || len(h.missed()) > 0 && h.stories < mostStories {
				for _, e := range h.wave(t) {
					if e.err != nil {
						t.Fatal(e.err)
					}
					if diff := compare(h.calm.world, e.world); diff != "" {
						t.Fatalf("killed at %v: the world differs from the undisturbed one:\n%s", e.killed, diff)
					}
				}
				if t.Failed() {
					return
				}
			}
			t.Logf("%d stories, %d kills, by kind of call: %v", h.stories, h.deaths, h.byKind())
			if m := h.missed(); len(m) > 0 && *kills >= 100 {
				t.Errorf("these effects were never interrupted: %v", m)
			}
		})
	}
}

// TestPlantedBugIsSeen builds the process with its one planted bug, effects
// before the swap that owes them, and demands that it is seen to do things twice.
func TestPlantedBugIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take minutes")
	}
	t.Parallel()
	h := newHunt(t, build(t), demo.GateNone, rand.New(rand.NewPCG(7, 7))) //nolint:gosec // a test's dice
	h.bin, h.patience = build(t, "-tags", "planted"), 20*time.Second      // what is done twice may keep a story from its end
	for h.stories < 20 {
		for _, e := range h.wave(t) {
			if twice := doneTwice(h.calm.world, e.world); len(twice) > 0 {
				t.Logf("%d stories show it, killed at %v: done twice: %v", h.stories, e.killed, twice)
				return
			}
		}
	}
	t.Fatal("interrupted stories of a process that acts before it saves look like an undisturbed one: this test sees nothing")
}

// killPoint is one moment to kill at: the nth call of a kind, in a phase.
type killPoint struct {
	kind  string
	phase sandbox.Phase
	nth   int
}

func (p killPoint) String() string { return fmt.Sprintf("%s %s #%d", p.kind, p.phase, p.nth) }

// effect reports whether such a call changes something outside, or is a probe.
func (p killPoint) effect() bool {
	return p.kind == "probe" || strings.HasPrefix(p.kind, "POST ") || strings.HasPrefix(p.kind, "PATCH ")
}

// hunt tells stories of one gate again and again, and kills the process in them.
type hunt struct {
	bin      string
	gate     demo.Gate
	rng      *rand.Rand
	calm     ending
	points   []killPoint       // every call of an undisturbed story, in both phases
	met      map[killPoint]int // by kind and phase
	stories  int
	deaths   int
	patience time.Duration // with one story
}

func newHunt(t *testing.T, bin string, gate demo.Gate, rng *rand.Rand) *hunt {
	t.Helper()
	h := &hunt{bin: bin, gate: gate, rng: rng, met: map[killPoint]int{}, patience: taleTime}
	h.calm = tell(t, bin, gate, nil, h.patience)
	if h.calm.err != nil {
		t.Fatal(h.calm.err)
	}
	for kind, n := range h.calm.kinds {
		for i := range n {
			h.points = append(h.points, killPoint{kind, sandbox.Arrived, i + 1}, killPoint{kind, sandbox.Done, i + 1})
		}
	}
	slices.SortFunc(h.points, func(a, b killPoint) int { return strings.Compare(a.String(), b.String()) })
	return h
}

// wave tells a few stories side by side: they wait more than they compute.
func (h *hunt) wave(t *testing.T) []ending {
	t.Helper()
	ends := make([]ending, wave)
	t.Run(fmt.Sprint("stories from ", h.stories), func(t *testing.T) {
		for i := range ends {
			k := &killer{at: h.plan()}
			h.stories++
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				ends[i] = tell(t, h.bin, h.gate, k, h.patience)
			})
		}
	})
	for _, e := range ends {
		h.deaths += len(e.killed)
		for _, p := range e.killed {
			h.met[killPoint{p.kind, p.phase, 1}]++
		}
	}
	return ends
}

// plan chooses the moments of one story: first what was not met yet, at the first
// call of its kind, so that every kind is met in both phases; the rest by chance.
// What is missed in the end is met where no other death can hide it.
func (h *hunt) plan() map[killPoint]bool {
	at := map[killPoint]bool{}
	if left := h.missed(); h.deaths >= *kills/2 {
		for _, i := range h.rng.Perm(len(left))[:(len(left)+1)/2] {
			at[left[i]] = true
		}
		return at
	}
	for _, i := range h.rng.Perm(len(h.points)) {
		if p := h.points[i]; len(at) < killsAStory*2/3 && p.nth == 1 && h.met[p] == 0 {
			at[p] = true
		}
	}
	for len(at) < killsAStory {
		at[h.points[h.rng.IntN(len(h.points))]] = true
	}
	return at
}

// missed lists the effects of an undisturbed story that no kill met in a phase.
func (h *hunt) missed() (out []killPoint) {
	for _, p := range h.points {
		if p.nth == 1 && p.effect() && h.met[p] == 0 {
			out = append(out, p)
		}
	}
	return out
}

func (h *hunt) byKind() map[string]int {
	by := map[string]int{}
	for p, n := range h.met {
		by[p.kind] += n
	}
	return by
}

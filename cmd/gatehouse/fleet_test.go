package main_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var fleetKills = flag.Int("fleetkills", 6, "how often one of several processes on one store is killed; make kills says 20")

const (
	shops      = 8               // lanes that release side by side, at most: more would wait for GitHub's 900 points a minute
	fleetTime  = 6 * time.Minute // for all of a fleet's releases; they take a tenth of it
	theKillers = `go test ./cmd/gatehouse -run FleetKilled -v -fleetkills %d -killseed %d`
)

// TestFleetKilled has real processes on one store release from several lanes at
// once, kills one of them at random again and again, and compares what the outside
// then holds with what as many undisturbed releases leave: no acknowledged webhook
// is lost, and nothing is done twice. TestFleetShowsPlantedBug shows that it would
// be seen. docs/reliability.md keeps what it prints.
func TestFleetKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take minutes")
	}
	t.Parallel()
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d ("+theKillers+")", seed, *fleetKills, seed)
	bin := build(t)
	calm := calmRelease(t, bin)
	for n, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, uint64(10+n))) //nolint:gosec // a test's dice
			f := startFleet(t, bin, b, calm, &reaper{rng: rng, left: *fleetKills})
			f.release(min(shops, *fleetKills), 1)
			t.Logf("| %s | %d | %d | %s |", b.name, b.instances, f.reaper.killed, f.end())
		})
	}
}

// TestFleetShowsPlantedBug demands that the comparison sees a fleet that acts
// before it saves.
func TestFleetShowsPlantedBug(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take minutes")
	}
	t.Parallel()
	calm := calmRelease(t, build(t))
	rng := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test's dice
	f := startFleet(t, build(t, "-tags", "planted"), backends()[1], calm, &reaper{rng: rng, left: 1 << 20, mean: max(1, calm.calls/4)})
	twice := func() bool { return len(doneTwice(f.wanted(), f.shops.facts())) > 0 }
	if err := f.live(4, 1<<20, twice); err != nil || !twice() {
		t.Fatalf("a fleet that acts before it saves looks like any other: this test sees nothing (%v)", err)
	}
}

// calm is what one undisturbed release leaves behind, and how many calls it makes.
type calm struct {
	facts []string
	calls int
}

// calmRelease has one process release once from one lane. What it leaves is the
// measure for every store.
func calmRelease(t *testing.T, bin string) calm {
	t.Helper()
	f := startFleet(t, bin, backends()[0], calm{}, &reaper{})
	if err := f.live(1, 1, nil); err != nil {
		t.Fatalf("undisturbed: %v\n%s", err, f.tails())
	}
	f.stop()
	if lost, _ := f.lost(); len(lost) > 0 {
		t.Fatalf("undisturbed, and yet lost:\n%s", strings.Join(lost, "\n"))
	}
	return calm{facts: f.shops.facts(), calls: f.reaper.calls}
}

// verdict is what became of a fleet's releases.
type verdict struct{ acknowledged, lost, twice int }

func (v verdict) String() string { return fmt.Sprintf("%d | %d | %d", v.acknowledged, v.lost, v.twice) }

// release has lanes release side by side, so often each and until nobody more is
// to be killed, and ends the test unless all of it comes to its end.
func (f *fleet) release(lanes, rounds int) {
	f.t.Helper()
	f.reaper.pace(f.calm.calls * lanes * rounds)
	if err := f.live(lanes, rounds, nil); err != nil {
		f.t.Fatalf("%v\nthe world so far:\n%s\nthe last words:\n%s", err, compare(f.wanted(), f.shops.facts()), f.tails())
	}
}

// end stops the fleet and compares what the outside holds with what it should.
func (f *fleet) end() verdict {
	f.t.Helper()
	f.stop()
	lost, acknowledged := f.lost()
	want, got := f.wanted(), f.shops.facts()
	if diff := compare(want, got); diff != "" {
		f.t.Errorf("the world differs from the undisturbed one:\n%s", diff)
	}
	if len(lost) > 0 {
		f.t.Errorf("acknowledged, and not applied:\n%s", strings.Join(lost, "\n"))
	}
	return verdict{acknowledged, len(lost), len(doneTwice(want, got))}
}

package main_test

import (
	"context"
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
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

const (
	rollbackKills = 8  // in one story of two rollbacks, at most
	wildStories   = 3  // that are killed by chance, too; then only where none was yet
	mostBack      = 12 // stories; by then one has been told for the last moment alone
)

// TestRollbackKilledAnywhere kills the real process with SIGKILL around every kind
// of call that moves a pointer, before and after it took effect. Started again, it
// goes on: everything is back, and no pointer moved twice.
func TestRollbackKilledAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take minutes")
	}
	t.Parallel()
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (go test ./cmd/gatehouse -run RollbackKilledAnywhere -killseed %d)", seed, seed)
	rng, bin := rand.New(rand.NewPCG(seed, 3)), build(t) //nolint:gosec // a test's dice
	calm, _ := tellBack(t, bin, nil)
	points := moves(calm)
	if len(points) < 8 {
		t.Fatalf("an undisturbed story moves too little to be interrupted: %v", points)
	}
	met := map[killPoint]int{}
	for story := 0; story < wildStories || story < mostBack && len(unmet(points, met)) > 0; story++ {
		k := &killer{at: planned(rng, points, met, story)}
		world, err := tellBack(t, bin, k)
		for _, p := range k.killed {
			met[killPoint{p.kind, p.phase, 1}]++
		}
		if err != nil {
			t.Fatalf("killed at %v: %v", k.killed, err)
		}
		for _, v := range witness.Rollback(world) {
			t.Errorf("killed at %v: %s: %s", k.killed, v.Rule, v.Saw)
		}
	}
	for _, p := range unmet(points, met) {
		t.Errorf("%s %s was never interrupted", p.kind, p.phase)
	}
	t.Logf("kills by kind of call: %v", met)
}

// moves are the kinds of call that change something at Google, in both phases.
func moves(b witness.Back) (points []killPoint) {
	for _, c := range b.Calls {
		kind := callKind(c)
		if c.Kind != sandbox.KindGoogle || c.Method == "GET" || strings.Contains(kind, "generate") {
			continue
		}
		for _, phase := range []sandbox.Phase{sandbox.Arrived, sandbox.Done} {
			if p := (killPoint{kind, phase, 1}); !slices.Contains(points, p) {
				points = append(points, p)
			}
		}
	}
	return points
}

// unmet are the moments at which nobody was killed yet.
func unmet(points []killPoint, met map[killPoint]int) []killPoint {
	return slices.DeleteFunc(slices.Clone(points), func(p killPoint) bool { return met[p] > 0 })
}

// planned are the moments of one story: what was not met yet, and by chance what
// was. Calls that are made side by side hide each other's moment: the program dies
// only once of them. Later stories therefore have fewer moments, down to one that
// nothing can hide.
func planned(rng *rand.Rand, points []killPoint, met map[killPoint]int, story int) map[killPoint]bool {
	at, left := map[killPoint]bool{}, unmet(points, met)
	most := rollbackKills
	if story >= wildStories {
		most = min(most, (len(left)+1)/2)
	}
	for _, i := range rng.Perm(len(left)) {
		if len(at) < most {
			at[left[i]] = true
		}
	}
	for _, i := range rng.Perm(len(points)) {
		if story < wildStories && len(at) < rollbackKills {
			at[killPoint{points[i].kind, points[i].phase, 1 + rng.IntN(2)}] = true
		}
	}
	return at
}

// tellBack has the program live through two rollbacks, killed where k says.
func tellBack(t *testing.T, bin string, k *killer) (witness.Back, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), taleTime)
	defer cancel()
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	town, err := demo.Open(listener, demo.Options{Step: 50 * time.Millisecond})
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
	back, err := teller.Rollback(ctx)
	k.rest()
	if err != nil {
		return witness.Back{}, fmt.Errorf("%w\nthe app's last words:\n%s", err, p.log.tail())
	}
	p.end()
	town.World.Drain()
	world, err := town.BackEvidence(back)
	if err != nil {
		t.Fatal(err)
	}
	return world, nil
}

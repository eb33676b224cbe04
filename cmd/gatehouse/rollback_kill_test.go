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

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

const (
	rollbackKills = 8 // in one story of two rollbacks, at most
	wildStories   = 3 // that are killed by chance, too; then one for each moment at which nobody was yet
	backsAtOnce   = 3 // a story mostly waits
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
	calm, err := tellBack(t, bin, nil)
	if err != nil {
		t.Fatal(err)
	}
	points := moves(calm)
	if len(points) < 8 {
		t.Fatalf("an undisturbed story moves too little to be interrupted: %v", points)
	}
	met := map[killPoint]int{}
	tellBacks(t, bin, wild(rng, points), met)
	var alone []map[killPoint]bool
	for _, p := range unmet(points, met) {
		alone = append(alone, map[killPoint]bool{p: true})
	}
	tellBacks(t, bin, alone, met)
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

// wild are moments of stories by chance, each moment in at least one. Calls that
// are made side by side hide each other's moment: the program dies only once of
// them.
func wild(rng *rand.Rand, points []killPoint) []map[killPoint]bool {
	stories := make([]map[killPoint]bool, wildStories)
	for i, p := range rng.Perm(len(points)) {
		at := stories[i%wildStories]
		if at == nil {
			at = map[killPoint]bool{}
			stories[i%wildStories] = at
		}
		at[points[p]] = true
	}
	for _, at := range stories {
		for _, p := range rng.Perm(len(points)) {
			if len(at) < rollbackKills {
				at[killPoint{points[p].kind, points[p].phase, 1 + rng.IntN(2)}] = true
			}
		}
	}
	return stories
}

// tellBacks tells stories side by side, demands of each that nothing is done
// twice, and counts what was met.
func tellBacks(t *testing.T, bin string, stories []map[killPoint]bool, met map[killPoint]int) {
	t.Helper()
	killers := make([]*killer, len(stories))
	worlds, errs := make([]witness.Back, len(stories)), make([]error, len(stories))
	var all errgroup.Group
	all.SetLimit(backsAtOnce)
	for i, at := range stories {
		killers[i] = &killer{at: at}
		all.Go(func() error {
			worlds[i], errs[i] = tellBack(t, bin, killers[i])
			return nil
		})
	}
	_ = all.Wait()
	for i, k := range killers {
		for _, p := range k.killed {
			met[killPoint{p.kind, p.phase, 1}]++
		}
		if errs[i] != nil {
			t.Fatalf("killed at %v: %v", k.killed, errs[i])
		}
		for _, v := range witness.Rollback(worlds[i]) {
			t.Errorf("killed at %v: %s: %s", k.killed, v.Rule, v.Saw)
		}
	}
}

// tellBack has the program live through two rollbacks, killed where k says.
func tellBack(t *testing.T, bin string, k *killer) (witness.Back, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), taleTime)
	defer cancel()
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return witness.Back{}, err
	}
	town, err := demo.Open(listener, demo.Options{Step: 50 * time.Millisecond})
	if err != nil {
		return witness.Back{}, err
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
	return town.BackEvidence(back)
}

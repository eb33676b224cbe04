package main_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

var (
	throughput = flag.Int("throughput", 0, "how many lanes release at once; make throughput says 16")
	distance   = flag.Duration("distance", 0, "how long GitHub takes for an answer")
)

// TestFleetThroughput says how many releases a minute fleets of 1, 2 and 4
// programs on PostgreSQL take to their end, from many lanes of as many
// installations at once. Programs, database, GitHub and people share this machine:
// where it has nothing left, more programs only share it. docs/performance.md keeps
// what it prints.
func TestFleetThroughput(t *testing.T) {
	if *throughput == 0 {
		t.Skip("a measurement: make throughput")
	}
	const rounds = 3
	bin, first := build(t), 0.0
	for _, instances := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(instances), func(t *testing.T) {
			b := backends()[1]
			b.instances, b.apart = instances, *throughput
			f := startFleet(t, bin, b, calm{}, &reaper{})
			if err := f.shops.open(*throughput); err != nil {
				t.Fatal(err)
			}
			f.shops.town.World.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Kind: sandbox.Slow, Delay: *distance}}})
			began := time.Now()
			over := func() bool { return f.shops.done() == rounds*(*throughput) }
			if err := f.live(*throughput, rounds, over); err != nil {
				t.Fatalf("%v\n%s", err, f.tails())
			}
			rate := float64(f.shops.count()) / time.Since(began).Minutes()
			f.stop()
			if lost, _ := f.lost(); len(lost) > 0 {
				t.Errorf("lost:\n%s", strings.Join(lost, "\n"))
			}
			if first == 0 {
				first = rate
			}
			t.Logf("| %d | %d | %.0f | %.2f | %d |", instances, f.shops.count(), rate, rate/first, f.reaper.calls)
		})
	}
}

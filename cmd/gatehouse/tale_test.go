package main_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// ending is what a story left behind.
type ending struct {
	world  []string       // the outside's state, one line a fact, sorted
	kinds  map[string]int // calls by kind
	killed []killPoint    // where the program was killed, in order
	err    error          // the story did not come to its end
}

// taleTime bounds one story; a good one takes some ten seconds.
const taleTime = 4 * time.Minute

// tell has the program live through the demo's release in a town of its own,
// killed where k says, and asks it to end before it looks at what is left.
func tell(t *testing.T, bin string, gate demo.Gate, k *killer, patience time.Duration) ending {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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
	e := ending{killed: k.rest()}
	if err != nil {
		e.err = fmt.Errorf("%w\nkilled at %v\nthe app's last words:\n%s", err, e.killed, p.log.tail())
	}
	p.end()
	town.World.Drain()
	return e.read(t, town, told)
}

// read looks at what is left.
func (e ending) read(t *testing.T, town *demo.Town, told demo.Told) ending {
	t.Helper()
	world, err := town.Evidence(told)
	if err != nil {
		t.Fatal(err)
	}
	e.world, e.kinds = facts(world, told), map[string]int{}
	for _, c := range world.Calls {
		if kind := callKind(c); kind != "" {
			e.kinds[kind]++
		}
	}
	return e
}

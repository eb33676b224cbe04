// Package storetest decides what a store is: every implementation of
// engine.Store passes Run, and every durable one passes RunReopen.
//
// The promises, in order of weight:
//
//   - Swap stores all of its items or none, each only over the revision that it
//     was read at. Of many swaps over one revision exactly one wins.
//   - What Swap acknowledged is there after close and open.
//   - A revision is never used again, not even after the item was purged.
//   - Order is by bytes, filters are exact, and a prefix never leaks a neighbor.
//   - Times come back in UTC to the microsecond; bodies come back as they went in.
//   - It has no clock: what is due or expired is so by the caller's time alone.
//   - Of several sweeps that work off one backlog, one takes each item.
//   - A canceled call stores nothing, and a closed store says ErrUnavailable.
//
// The suite never sleeps and never asserts a duration. It opens a fresh, empty
// store for each case and closes it itself.
package storetest

import (
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// testCase is one promise and the test that holds a store to it.
type testCase struct {
	name string
	run  func(t *testing.T, s engine.Store)
}

// Run holds the stores that open returns to every promise. Each call of open
// must return a store of its own that is empty.
func Run(t *testing.T, open func(t *testing.T) engine.Store) {
	t.Helper()
	for _, group := range [][]testCase{swapCases(), edgeCases(), raceCases(), dueCases(), listCases(), purgeCases(), backlogCases(), endCases()} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				s := open(t)
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
				})
				c.run(t, s)
			})
		}
	}
}

// base is the suite's fixed moment: the suite has no clock.
func base() time.Time {
	return time.Date(2026, 11, 24, 8, 30, 0, 123456000, time.UTC)
}

// item makes an item that is not stored yet, with its ID as its body.
func item(kind engine.Kind, id string) *engine.Item {
	return &engine.Item{Ref: engine.Ref{Kind: kind, ID: id}, Body: []byte(id)}
}

// put stores the items and fails the test if the store does not.
func put(t *testing.T, s engine.Store, items ...*engine.Item) {
	t.Helper()
	if err := s.Swap(t.Context(), items...); err != nil {
		t.Fatalf("Swap: %v", err)
	}
	for _, it := range items {
		if it.Rev == "" {
			t.Fatalf("Swap left no Rev in %v", it.Ref)
		}
	}
}

// get reads one item that must be there.
func get(t *testing.T, s engine.Store, ref engine.Ref) engine.Item {
	t.Helper()
	it, err := s.Get(t.Context(), ref)
	if err != nil {
		t.Fatalf("Get %v: %v", ref, err)
	}
	if it.Rev == "" {
		t.Fatalf("Get %v returned no Rev", ref)
	}
	return it
}

// ids returns the items' IDs in their order.
func ids(items []engine.Item) []string {
	out := make([]string, 0, len(items))
	for _, it := range items {
		out = append(out, it.ID)
	}
	return out
}

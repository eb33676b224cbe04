package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func backlogCases() []testCase {
	return []testCase{
		{"skew/only the caller's time counts", skewDue},
		{"skew/swaps by clocks an hour apart", skewSwap},
		{"skew/purge by a late clock", skewPurge},
		{"backlog/several sweeps", backlogSweeps},
		{"backlog/two tenants", backlogTenants},
	}
}

// skewDue has clocks an hour ahead and behind store what is due by each, and asks
// by all three: the store has no clock of its own in this.
func skewDue(t *testing.T, s engine.Store) {
	for name, ahead := range map[string]time.Duration{"behind": -time.Hour, "right": 0, "ahead": time.Hour} {
		it := full("run", "7/"+name)
		it.WakeAt = base().Add(ahead)
		put(t, s, it)
	}
	sameIDs(t, "Due by a clock an hour behind", due(t, s, base().Add(-time.Hour), 10), "7/behind")
	sameIDs(t, "Due by the right clock", due(t, s, base(), 10), "7/behind", "7/right")
	sameIDs(t, "Due by a clock an hour ahead", due(t, s, base().Add(time.Hour), 10), "7/behind", "7/right", "7/ahead")
}

// skewSwap has two processes change one item by turns, whose clocks are two hours
// apart: revisions do not come from clocks.
func skewSwap(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	put(t, s, it)
	for n := range 6 {
		stale := *it
		it.WakeAt = base().Add(time.Duration(1-n%2*2) * time.Hour)
		it.Body = fmt.Appendf(nil, "change %d", n)
		put(t, s, it)
		same(t, get(t, s, it.Ref), *it)
		stale.WakeAt = base().Add(24 * time.Hour)
		isError(t, "swap over an older revision with a later time", s.Swap(t.Context(), &stale), engine.ErrConflict)
	}
}

// skewPurge shows that a clock an hour behind deletes nothing too early, and that
// what a clock ahead deleted is gone for all.
func skewPurge(t *testing.T, s engine.Store) {
	it := expiring("run", "7/a", base())
	put(t, s, it)
	purge(t, s, base().Add(-time.Hour), 10, 0)
	same(t, get(t, s, it.Ref), *it)
	purge(t, s, base().Add(time.Hour), 10, 1)
	absent(t, s, it.Ref)
	isError(t, "swap by a process that still has it", s.Swap(t.Context(), it), engine.ErrConflict)
}

// backlogSweeps has four sweeps at once work off what is due, a page at a time,
// while more arrives: each item is taken once, and none is left.
func backlogSweeps(t *testing.T, s engine.Store) {
	const before, arriving, sweeps = 120, 40, 4
	for n := range before {
		put(t, s, full("run", fmt.Sprintf("%d/%03d", n%3+7, n)))
	}
	var taken atomic.Int64
	for n, err := range together(sweeps+1, func(n int) error {
		if n < sweeps {
			return sweepAll(t, s, before+arriving, &taken)
		}
		for n := range arriving {
			if err := s.Swap(t.Context(), full("delivery", fmt.Sprintf("7/%03d", n))); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatalf("sweep %d: %v", n, err)
		}
	}
	if n := taken.Load(); n != before+arriving {
		t.Errorf("%d items were taken, want %d: each once", n, before+arriving)
	}
	sameIDs(t, "Due after the sweeps", due(t, s, base(), 10))
}

// sweepAll parks what is due until as many are parked as there will be.
func sweepAll(t *testing.T, s engine.Store, all int64, taken *atomic.Int64) error {
	for taken.Load() < all {
		page, err := s.Due(t.Context(), base(), 25)
		if err != nil {
			return err
		}
		for _, head := range page {
			it, err := s.Get(t.Context(), head.Ref)
			if err != nil {
				return err
			}
			if it.WakeAt.IsZero() {
				continue // another sweep was quicker
			}
			it.WakeAt = time.Time{}
			switch err := s.Swap(t.Context(), &it); {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, engine.ErrConflict):
				return err
			}
		}
	}
	return nil
}

// backlogTenants shows that one tenant's backlog keeps no other's older item from
// a sweep, and that the names of two tenants do not meet.
func backlogTenants(t *testing.T, s engine.Store) {
	for n := range 60 {
		put(t, s, full("run", fmt.Sprintf("7/%03d", n)))
	}
	other := full("run", "70/000")
	other.WakeAt = base().Add(-time.Microsecond)
	put(t, s, other)
	sameIDs(t, "Due", due(t, s, base(), 1), "70/000")
	sameIDs(t, "List of the other tenant", list(t, s, engine.Query{Kind: "run", Prefix: "70/"}), "70/000")
	other.WakeAt = time.Time{}
	put(t, s, other)
	if it := get(t, s, engine.Ref{Kind: "run", ID: "7/000"}); it.WakeAt.IsZero() {
		t.Error("parking an item parked the one of the same name of another tenant")
	}
	if got := len(due(t, s, base(), 100)); got != 60 {
		t.Errorf("Due returns %d items, want 60", got)
	}
}

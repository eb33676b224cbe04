package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func swapCases() []testCase {
	return []testCase{
		{"swap/new", swapNew},
		{"swap/new exists already", swapNewExists},
		{"swap/update", swapUpdate},
		{"swap/stale revision", swapStale},
		{"swap/revision of an absent item", swapAbsent},
		{"swap/made-up revision", swapMadeUp},
		{"swap/unchanged body makes a revision", swapUnchanged},
		{"swap/several kinds together", swapSeveral},
		{"swap/conflict in the middle stores nothing", swapMiddle},
		{"swap/item twice", swapTwice},
		{"swap/nothing", swapNothing},
		{"swap/item without a name", swapNameless},
		{"swap/many items", swapMany},
	}
}

func full(kind engine.Kind, id string) *engine.Item {
	it := item(kind, id)
	it.WakeAt, it.Expires = base(), base().Add(time.Hour)
	it.Scope, it.State = "7/lane/a", "open"
	return it
}

func swapNew(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	absent(t, s, it.Ref)
	put(t, s, it)
	same(t, get(t, s, it.Ref), *it)
	absent(t, s, engine.Ref{Kind: "lane", ID: "7/a"}, engine.Ref{Kind: "run", ID: "7/A"})
}

func swapNewExists(t *testing.T, s engine.Store) {
	first := full("run", "7/a")
	put(t, s, first)
	second := item("run", "7/a")
	second.Body = []byte("second")
	isError(t, "second insert", s.Swap(t.Context(), second), engine.ErrConflict)
	if second.Rev != "" {
		t.Errorf("a conflict set Rev %q", second.Rev)
	}
	same(t, get(t, s, first.Ref), *first)
}

func swapUpdate(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	put(t, s, it)
	seen := map[string]bool{it.Rev: true}
	for n := range 5 {
		it.Body = fmt.Appendf(nil, "change %d", n)
		it.State, it.Scope = fmt.Sprint("state ", n), fmt.Sprint("7/scope/", n)
		it.WakeAt, it.Expires = it.WakeAt.Add(time.Microsecond), it.Expires.Add(time.Second)
		put(t, s, it)
		if seen[it.Rev] {
			t.Fatalf("revision %q was used twice", it.Rev)
		}
		seen[it.Rev] = true
		same(t, get(t, s, it.Ref), *it)
	}
	it.WakeAt, it.Expires, it.Scope, it.State, it.Body = time.Time{}, time.Time{}, "", "", nil
	put(t, s, it)
	same(t, get(t, s, it.Ref), *it)
}

func swapStale(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	put(t, s, it)
	stale := *it
	it.Body = []byte("newer")
	put(t, s, it)
	before := stale.Rev
	isError(t, "stale swap", s.Swap(t.Context(), &stale), engine.ErrConflict)
	if stale.Rev != before {
		t.Errorf("a conflict changed Rev from %q to %q", before, stale.Rev)
	}
	same(t, get(t, s, it.Ref), *it)
}

func swapAbsent(t *testing.T, s engine.Store) {
	other := item("run", "7/other")
	put(t, s, other)
	it := item("run", "7/a")
	it.Rev = other.Rev
	isError(t, "update of an absent item", s.Swap(t.Context(), it), engine.ErrConflict)
	absent(t, s, it.Ref)
}

func swapMadeUp(t *testing.T, s engine.Store) {
	it := item("run", "7/a")
	put(t, s, it)
	for _, rev := range []string{"no revision", "0" + it.Rev, it.Rev + " ", "-1", "99999999999999999999"} {
		fake := *it
		fake.Rev = rev
		isError(t, "swap with the revision "+rev, s.Swap(t.Context(), &fake), engine.ErrConflict)
	}
	same(t, get(t, s, it.Ref), *it)
}

func swapUnchanged(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	put(t, s, it)
	old := *it
	put(t, s, it)
	if it.Rev == old.Rev {
		t.Errorf("swapping the same content kept the revision %q", it.Rev)
	}
	isError(t, "swap of the earlier revision", s.Swap(t.Context(), &old), engine.ErrConflict)
}

func swapSeveral(t *testing.T, s engine.Store) {
	lane, run := full("lane", "7/x"), full("run", "7/x")
	put(t, s, lane)
	lane.State = "held"
	delivery := item("delivery", "7/x")
	put(t, s, delivery, lane, run)
	for _, it := range []*engine.Item{delivery, lane, run} {
		same(t, get(t, s, it.Ref), *it)
	}
}

func swapMiddle(t *testing.T, s engine.Store) {
	lane, run := full("lane", "7/x"), full("run", "7/x")
	put(t, s, lane, run)
	laneWas, stale := *lane, *run
	run.State = "newer"
	put(t, s, run)
	first, last := item("delivery", "7/1"), item("history", "7/1")
	lane.State = "held"
	isError(t, "swap", s.Swap(t.Context(), first, lane, &stale, last), engine.ErrConflict)
	if first.Rev != "" || last.Rev != "" || lane.Rev != laneWas.Rev {
		t.Error("a conflict set the Rev of a neighbor")
	}
	absent(t, s, first.Ref, last.Ref)
	same(t, get(t, s, lane.Ref), laneWas)
	same(t, get(t, s, run.Ref), *run)
	// The same items go through once the stale one is read again.
	stale = get(t, s, run.Ref)
	put(t, s, first, lane, &stale, last)
}

func swapTwice(t *testing.T, s engine.Store) {
	stored := item("run", "7/stored")
	put(t, s, stored)
	other, a, again := item("run", "7/b"), item("run", "7/a"), item("run", "7/a")
	isMisuse(t, "a new item twice", s.Swap(t.Context(), other, a, again))
	isMisuse(t, "the same pointer twice", s.Swap(t.Context(), other, a, a))
	twin := *stored
	isMisuse(t, "a stored item twice", s.Swap(t.Context(), other, stored, &twin))
	absent(t, s, a.Ref, other.Ref)
	if a.Rev != "" || other.Rev != "" {
		t.Error("a refused swap set a Rev")
	}
	same(t, get(t, s, stored.Ref), *stored)
}

func swapNothing(t *testing.T, s engine.Store) {
	if err := s.Swap(t.Context()); err != nil {
		t.Errorf("Swap of nothing: %v", err)
	}
}

func swapNameless(t *testing.T, s engine.Store) {
	good := item("run", "7/a")
	isMisuse(t, "an item without an ID", s.Swap(t.Context(), good, item("run", "")))
	isMisuse(t, "an item without a kind", s.Swap(t.Context(), good, item("", "7/b")))
	isMisuse(t, "no item", s.Swap(t.Context(), good, nil))
	for _, name := range []string{"7/\x00", "7/\xff"} {
		scoped := item("run", "7/c")
		scoped.Scope = name
		isMisuse(t, "an ID that is no text", s.Swap(t.Context(), good, item("run", name)))
		isMisuse(t, "a scope that is no text", s.Swap(t.Context(), good, scoped))
	}
	absent(t, s, good.Ref)
}

func swapMany(t *testing.T, s engine.Store) {
	var items []*engine.Item
	for n := range 100 {
		items = append(items, full("run", fmt.Sprintf("7/%03d", n)))
	}
	put(t, s, items...)
	for _, it := range items {
		same(t, get(t, s, it.Ref), *it)
	}
	items[99].Rev = ""
	isError(t, "100 items, the last one new", s.Swap(t.Context(), items...), engine.ErrConflict)
	items[99].Rev = get(t, s, items[99].Ref).Rev
	put(t, s, items...)
}

package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func purgeCases() []testCase {
	return []testCase{
		{"purge/only expired", purgeExpired},
		{"purge/limit", purgeLimit},
		{"purge/revision of a purged item", purgeRevision},
		{"purge/follows the swap", purgeFollows},
	}
}

// purge deletes expired items and fails unless it says the wanted number.
func purge(t *testing.T, s engine.Store, before time.Time, limit, want int) {
	t.Helper()
	got, err := s.Purge(t.Context(), before, limit)
	if err != nil {
		t.Fatalf("Purge: %v", err)
	}
	if got != want {
		t.Errorf("Purge deleted %d items, want %d", got, want)
	}
}

func expiring(kind engine.Kind, id string, at time.Time) *engine.Item {
	it := full(kind, id)
	it.Expires = at
	return it
}

func purgeExpired(t *testing.T, s engine.Store) {
	gone := []*engine.Item{
		expiring("run", "7/past", base().Add(-time.Hour)),
		expiring("delivery", "70/now", base()),
		expiring("run", "7/epoch", time.Unix(0, 0)),
	}
	kept := []*engine.Item{
		expiring("run", "7/later", base().Add(time.Microsecond)),
		expiring("run", "7/never", time.Time{}),
		expiring("delivery", "7/past", time.Time{}),
	}
	put(t, s, append(gone, kept...)...)
	purge(t, s, time.Time{}, 10, 0)
	purge(t, s, base(), 10, 3)
	purge(t, s, base(), 10, 0)
	for _, it := range gone {
		absent(t, s, it.Ref)
	}
	for _, it := range kept {
		same(t, get(t, s, it.Ref), *it)
	}
	sameIDs(t, "List after Purge", list(t, s, engine.Query{Kind: "run"}), "7/never", "7/later")
	if got := len(due(t, s, base(), 10)); got != 3 {
		t.Errorf("Due returns %d items after Purge, want 3", got)
	}
}

func purgeLimit(t *testing.T, s engine.Store) {
	for n := range 7 {
		put(t, s, expiring("run", fmt.Sprintf("7/%d", n), base()))
	}
	for _, want := range []int{3, 3, 1, 0} {
		purge(t, s, base(), 3, want)
	}
	for _, limit := range []int{0, -1} {
		_, err := s.Purge(t.Context(), base(), limit)
		isMisuse(t, fmt.Sprintf("Purge with the limit %d", limit), err)
	}
}

func purgeRevision(t *testing.T, s engine.Store) {
	it := expiring("run", "7/a", base())
	put(t, s, it)
	old := *it
	purge(t, s, base(), 10, 1)
	isError(t, "swap of a purged item", s.Swap(t.Context(), it), engine.ErrConflict)
	absent(t, s, it.Ref)
	again := expiring("run", "7/a", base())
	put(t, s, again)
	if again.Rev == old.Rev {
		t.Errorf("the new item was given the purged one's revision %q", old.Rev)
	}
	isError(t, "swap over the item that came after", s.Swap(t.Context(), &old), engine.ErrConflict)
	same(t, get(t, s, again.Ref), *again)
}

func purgeFollows(t *testing.T, s engine.Store) {
	it := expiring("run", "7/a", base())
	put(t, s, it)
	it.Expires = base().Add(time.Hour)
	put(t, s, it)
	purge(t, s, base(), 10, 0)
	it.Expires = time.Time{}
	put(t, s, it)
	purge(t, s, base().AddDate(100, 0, 0), 10, 0)
	same(t, get(t, s, it.Ref), *it)
}

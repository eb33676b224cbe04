package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func dueCases() []testCase {
	return []testCase{
		{"due/order and limit", dueOrder},
		{"due/boundary", dueBoundary},
		{"due/follows the swap", dueFollows},
	}
}

func listCases() []testCase {
	return []testCase{
		{"list/filters", listFilters},
		{"list/order by bytes", listOrder},
		{"list/pages", listPages},
		{"list/tenants apart", listTenants},
		{"list/limits", listLimits},
		{"list/follows the swap", listFollows},
	}
}

// due asks for the items due at a moment, which must work.
func due(t *testing.T, s engine.Store, before time.Time, limit int) []engine.Item {
	t.Helper()
	items, err := s.Due(t.Context(), before, limit)
	if err != nil {
		t.Fatalf("Due: %v", err)
	}
	return items
}

// list asks a query, which must work.
func list(t *testing.T, s engine.Store, q engine.Query) []engine.Item {
	t.Helper()
	items, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatalf("List %+v: %v", q, err)
	}
	return items
}

func dueOrder(t *testing.T, s engine.Store) {
	for _, n := range []int{3, 1, 4, 0, 2} {
		it := full([]engine.Kind{"run", "delivery", "lane"}[n%3], fmt.Sprintf("7/%d", n))
		it.WakeAt = base().Add(time.Duration(n) * time.Second)
		put(t, s, it)
	}
	put(t, s, item("run", "7/never"))
	late := base().Add(time.Hour)
	sameIDs(t, "Due", due(t, s, late, 10), "7/0", "7/1", "7/2", "7/3", "7/4")
	sameIDs(t, "Due limited to 2", due(t, s, late, 2), "7/0", "7/1")
	for _, it := range due(t, s, late, 10) {
		if it.Body != nil {
			t.Errorf("Due returned a body for %v", it.Ref)
		}
		sameHead(t, it, get(t, s, it.Ref))
	}
	for _, limit := range []int{0, -1} {
		_, err := s.Due(t.Context(), late, limit)
		isMisuse(t, fmt.Sprintf("Due with the limit %d", limit), err)
	}
}

func dueBoundary(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	epoch := full("run", "7/epoch")
	epoch.WakeAt = time.Unix(0, 0)
	put(t, s, it, epoch, item("run", "7/never"))
	sameIDs(t, "Due a microsecond early", due(t, s, it.WakeAt.Add(-time.Microsecond), 10), "7/epoch")
	sameIDs(t, "Due at the moment", due(t, s, it.WakeAt, 10), "7/epoch", "7/a")
	sameIDs(t, "Due in another zone", due(t, s, it.WakeAt.In(time.FixedZone("x", -7200)), 10), "7/epoch", "7/a")
	sameIDs(t, "Due at the zero time", due(t, s, time.Time{}, 10))
}

func dueFollows(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	put(t, s, it)
	it.WakeAt = base().Add(time.Hour)
	put(t, s, it)
	sameIDs(t, "Due after moving away", due(t, s, base(), 10))
	it.WakeAt = base()
	put(t, s, it)
	sameIDs(t, "Due after moving back", due(t, s, base(), 10), "7/a")
	it.WakeAt = time.Time{}
	put(t, s, it)
	sameIDs(t, "Due after parking", due(t, s, base().AddDate(100, 0, 0), 10))
}

func listFilters(t *testing.T, s engine.Store) {
	for n, f := range []struct{ scope, state string }{
		{"7/lane/a", "open"}, {"7/lane/a", "done"}, {"7/lane/ab", "open"}, {"7/lane/A", "open"}, {"", "open"}, {"7/lane/a", ""},
	} {
		it := item("run", fmt.Sprintf("7/%d", n))
		it.Scope, it.State = f.scope, f.state
		put(t, s, it)
	}
	put(t, s, full("lane", "7/other kind"))
	sameIDs(t, "one kind", list(t, s, engine.Query{Kind: "run"}), "7/5", "7/4", "7/3", "7/2", "7/1", "7/0")
	sameIDs(t, "scope", list(t, s, engine.Query{Kind: "run", Scope: "7/lane/a"}), "7/5", "7/1", "7/0")
	sameIDs(t, "state", list(t, s, engine.Query{Kind: "run", State: "open"}), "7/4", "7/3", "7/2", "7/0")
	sameIDs(t, "both", list(t, s, engine.Query{Kind: "run", Scope: "7/lane/a", State: "open"}), "7/0")
	sameIDs(t, "all", list(t, s, engine.Query{Kind: "run", Prefix: "7/", Scope: "7/lane/a", State: "done", After: "7/5", Limit: 5}), "7/1")
	sameIDs(t, "nothing", list(t, s, engine.Query{Kind: "run", Scope: "7/lane"}))
	sameIDs(t, "unknown kind", list(t, s, engine.Query{Kind: "runs"}))
	for _, it := range list(t, s, engine.Query{Kind: "run"}) {
		same(t, it, get(t, s, it.Ref))
	}
	_, err := s.List(t.Context(), engine.Query{})
	isMisuse(t, "List without a kind", err)
}

func listOrder(t *testing.T, s engine.Store) {
	all := []string{"7/a", "7/B", "7/_", "7/-", "7/a-", "7/aa", "7/é", "7/z", "7/10", "7/9", "7/🚀", "7/~", "7/\uffff"}
	for _, id := range all {
		put(t, s, item("run", id))
	}
	slices.Sort(all)
	slices.Reverse(all)
	sameIDs(t, "List", list(t, s, engine.Query{Kind: "run"}), all...)
}

func listPages(t *testing.T, s engine.Store) {
	var want []string
	for n := range 25 {
		it := item("run", fmt.Sprintf("7/%02d", n))
		it.Scope = []string{"7/even", "7/odd"}[n%2]
		put(t, s, it)
		if n%2 == 1 {
			want = append(want, it.ID)
		}
	}
	slices.Reverse(want)
	var got []string
	q := engine.Query{Kind: "run", Prefix: "7/", Scope: "7/odd", Limit: 5}
	for {
		page := list(t, s, q)
		got = append(got, ids(page)...)
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages held %q, want %q", got, want)
	}
	sameIDs(t, "after an ID that is not there", list(t, s, engine.Query{Kind: "run", After: "7/015", Limit: 2}), "7/01", "7/00")
	sameIDs(t, "after the last", list(t, s, engine.Query{Kind: "run", After: "7/00"}))
}

func listTenants(t *testing.T, s engine.Store) {
	for _, id := range []string{"7/a", "7/b", "70/a", "77/a", "6/z", "7", "7.a", "70", "%/a", "_/a", "%", "é/a", "é0"} {
		put(t, s, full("run", id))
	}
	for prefix, want := range map[string][]string{
		"7/": {"7/b", "7/a"}, "70/": {"70/a"}, "77/": {"77/a"}, "6/": {"6/z"}, "8/": {},
		"%/": {"%/a"}, "_/": {"_/a"}, "é/": {"é/a"}, "7/a": {"7/a"},
	} {
		sameIDs(t, "prefix "+prefix, list(t, s, engine.Query{Kind: "run", Prefix: prefix}), want...)
		sameIDs(t, "prefix and scope "+prefix, list(t, s, engine.Query{Kind: "run", Prefix: prefix, Scope: "7/lane/a"}), want...)
		sameIDs(t, "prefix after a neighbor "+prefix, list(t, s, engine.Query{Kind: "run", Prefix: prefix, After: "\U0010ffff"}), want...)
	}
}

func listLimits(t *testing.T, s engine.Store) {
	for start := 0; start < 1050; start += 150 {
		var items []*engine.Item
		for n := range 150 {
			items = append(items, item("run", fmt.Sprintf("7/%04d", start+n)))
		}
		put(t, s, items...)
	}
	for limit, want := range map[int]int{0: 100, 1: 1, 7: 7, 100: 100, 1000: 1000} {
		if got := len(list(t, s, engine.Query{Kind: "run", Limit: limit})); got != want {
			t.Errorf("limit %d returned %d items, want %d", limit, got, want)
		}
	}
	for _, limit := range []int{-1, 1001} {
		_, err := s.List(t.Context(), engine.Query{Kind: "run", Limit: limit})
		isMisuse(t, fmt.Sprintf("List with the limit %d", limit), err)
	}
}

func listFollows(t *testing.T, s engine.Store) {
	it := full("run", "7/a")
	put(t, s, it)
	it.Scope, it.State = "7/lane/b", "done"
	put(t, s, it)
	sameIDs(t, "old scope", list(t, s, engine.Query{Kind: "run", Scope: "7/lane/a"}))
	sameIDs(t, "old state", list(t, s, engine.Query{Kind: "run", State: "open"}))
	sameIDs(t, "new scope", list(t, s, engine.Query{Kind: "run", Scope: "7/lane/b"}), "7/a")
	sameIDs(t, "new state", list(t, s, engine.Query{Kind: "run", State: "done"}), "7/a")
}

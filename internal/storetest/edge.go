package storetest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func edgeCases() []testCase {
	return []testCase{
		{"edge/bodies", bodies},
		{"edge/body belongs to the caller", bodyOwned},
		{"edge/unicode", unicodeIDs},
		{"edge/times", times},
		{"edge/check", checkOpen},
	}
}

func bodies(t *testing.T, s engine.Store) {
	binary := make([]byte, 256)
	for n := range binary {
		binary[n] = byte(n)
	}
	for name, body := range map[string][]byte{
		"nil": nil, "empty": {}, "nul": {0}, "invalid utf8": {0xff, 0xfe, 0, 0xc3},
		"every byte": binary, "1 MiB": bytes.Repeat(binary, 4096), "quotes": []byte(`'";--\`),
	} {
		it := item("run", "7/"+name)
		it.Body = body
		put(t, s, it)
		same(t, get(t, s, it.Ref), *it)
	}
	listed, err := s.List(t.Context(), engine.Query{Kind: "run"})
	if err != nil || len(listed) != 7 {
		t.Fatalf("List: %d items, error %v, want 7", len(listed), err)
	}
	for _, it := range listed {
		same(t, it, get(t, s, it.Ref))
	}
	// A large body may become small and large again.
	it := get(t, s, engine.Ref{Kind: "run", ID: "7/1 MiB"})
	for _, body := range [][]byte{[]byte("small"), bytes.Repeat([]byte("x"), 1<<20), nil} {
		it.Body = body
		put(t, s, &it)
		same(t, get(t, s, it.Ref), it)
	}
}

func bodyOwned(t *testing.T, s engine.Store) {
	it := item("run", "7/a")
	it.Body = []byte("before")
	put(t, s, it)
	copy(it.Body, "after!")
	read := get(t, s, it.Ref)
	if string(read.Body) != "before" {
		t.Errorf("a later change of the caller's body was stored: %q", read.Body)
	}
	copy(read.Body, "after!")
	if got := get(t, s, it.Ref); string(got.Body) != "before" {
		t.Errorf("a change of a body that was read was stored: %q", got.Body)
	}
}

func unicodeIDs(t *testing.T, s engine.Store) {
	// Composed and decomposed, both cases and trailing spaces are all different IDs.
	all := []string{
		"7/é", "7/e\u0301", "7/É", "7/日本語/🚀", "7/שלום", "7/a", "7/A", "7/a ", "7/ a", "7/%", "7/_",
		"7/it's \"quoted\"", `7/back\slash`, "7/line\nbreak", "7/a?b#c&d=e", "7/..", "7/" + strings.Repeat("long", 100),
	}
	for _, id := range all {
		it := full("run", id)
		it.Scope, it.State = "scope of "+id, "state of "+id
		put(t, s, it)
	}
	for _, id := range all {
		got := get(t, s, engine.Ref{Kind: "run", ID: id})
		if string(got.Body) != id {
			t.Errorf("ID %q returned the item of %q", id, got.Body)
		}
		listed, err := s.List(t.Context(), engine.Query{Kind: "run", Scope: "scope of " + id, State: "state of " + id})
		if err != nil {
			t.Errorf("List by the scope of %q: %v", id, err)
		}
		sameIDs(t, "List by scope and state", listed, id)
	}
}

func times(t *testing.T, s engine.Store) {
	zone := time.FixedZone("far", 13*3600+45*60)
	for name, moment := range map[string]time.Time{
		"zero":        {},
		"base":        base(),
		"nanoseconds": base().Add(789 * time.Nanosecond),
		"zone":        base().In(zone),
		"epoch":       time.Unix(0, 0),
		"before 1970": time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
		"far":         time.Date(2262, 4, 11, 23, 47, 16, 854775000, time.UTC),
	} {
		it := item("run", "7/"+name)
		it.WakeAt, it.Expires = moment, moment
		put(t, s, it)
		if !it.WakeAt.Equal(moment) {
			t.Errorf("%s: Swap changed the caller's WakeAt to %v", name, it.WakeAt)
		}
		same(t, get(t, s, it.Ref), *it)
	}
}

func checkOpen(t *testing.T, s engine.Store) {
	it := item("run", "7/a")
	put(t, s, it)
	for range 3 {
		if err := s.Check(t.Context()); err != nil {
			t.Errorf("Check of a healthy store: %v", err)
		}
	}
	same(t, get(t, s, it.Ref), *it)
	listed, err := s.List(t.Context(), engine.Query{Kind: "run"})
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	sameIDs(t, "List after Check", listed, "7/a")
}

package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// What an earlier version stored is read whole: nothing that it wrote is lost when
// this version writes it back, and the audit trail is a chain still. The databases
// are of versions that people ran, each made by `gatehouse demo --keep`.
func TestReadsWhatEarlierVersionsStored(t *testing.T) {
	files, err := filepath.Glob("testdata/stored/*/*.db.gz")
	if err != nil || len(files) < 3 {
		t.Fatalf("stored by earlier versions: %q, %v", files, err)
	}
	seen := map[engine.Kind]int{}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			store := stored(t, file)
			for _, kind := range []engine.Kind{
				engine.KindDelivery, engine.KindIntake, engine.KindRun, engine.KindLane, engine.KindLog, engine.KindLink, engine.KindAnswer,
			} {
				for _, item := range everything(t, store, kind) {
					seen[kind]++
					keepsAll(t, item)
				}
			}
			trailsHold(t, store)
		})
	}
	for _, kind := range []engine.Kind{engine.KindDelivery, engine.KindIntake, engine.KindRun, engine.KindLane, engine.KindLog, engine.KindLink, engine.KindAnswer} {
		if seen[kind] == 0 {
			t.Errorf("no earlier version stored a %s", kind)
		}
	}
}

func stored(t *testing.T, file string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), storetest.Unpack(t, file), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func everything(t *testing.T, store engine.Store, kind engine.Kind) (all []engine.Item) {
	t.Helper()
	q := engine.Query{Kind: kind, Limit: 1000}
	for {
		items, err := store.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			return all
		}
		all, q.After = append(all, items...), items[len(items)-1].ID
	}
}

func keepsAll(t *testing.T, item engine.Item) {
	t.Helper()
	now, err := engine.Reread(item)
	if err != nil {
		t.Errorf("%s %s is not understood: %v", item.Kind, item.ID, err)
		return
	}
	for _, lost := range missing("", value(t, item.Body), value(t, now)) {
		t.Errorf("%s %s: %s", item.Kind, item.ID, lost)
	}
}

func value(t *testing.T, body []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// missing lists what was and is not any more, or is otherwise now. What was added
// is none of its business.
func missing(at string, was, is any) []string {
	switch was := was.(type) {
	case map[string]any:
		now, ok := is.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s was an object and is %v", at, is)}
		}
		var lost []string
		for name, v := range was {
			lost = append(lost, missing(at+"."+name, v, now[name])...)
		}
		return lost
	case []any:
		now, ok := is.([]any)
		if !ok || len(now) != len(was) {
			return []string{fmt.Sprintf("%s had %d parts and is %v", at, len(was), is)}
		}
		var lost []string
		for n, v := range was {
			lost = append(lost, missing(fmt.Sprintf("%s[%d]", at, n), v, now[n])...)
		}
		return lost
	default:
		if was != is {
			return []string{fmt.Sprintf("%s was %v and is %v", at, was, is)}
		}
		return nil
	}
}

func trailsHold(t *testing.T, store engine.Store) {
	t.Helper()
	w := newWorld(t, func(c *engine.Config) { c.Store = store })
	for _, item := range everything(t, store, engine.KindLane) {
		var lane pipeline.Lane
		if err := json.Unmarshal(item.Body, &lane); err != nil {
			t.Fatal(err)
		}
		entries, err := w.eng.Log(t.Context(), lane.Installation, lane.ID)
		if err != nil || len(entries) == 0 {
			t.Fatalf("the trail of %s: %d entries, %v", lane.ID, len(entries), err)
		}
		if err := pipeline.VerifyLog(entries, lane.LogHead); err != nil {
			t.Errorf("the trail of %s: %v", lane.ID, err)
		}
	}
}

// The test of what earlier versions stored sees a field that is gone.
func TestMissing(t *testing.T) {
	was := value(t, []byte(`{"v":1,"run":{"id":"a","seq":9007199254740993,"notes":[{"text":"x"}]}}`))
	for is, want := range map[string]int{
		`{"v":1,"run":{"id":"a","seq":9007199254740993,"notes":[{"text":"x","new":1}]},"more":[]}`: 0,
		`{"v":1,"run":{"seq":9007199254740993,"notes":[{"text":"x"}]}}`:                            1,
		`{"v":1,"run":{"id":"a","seq":9007199254740992,"notes":[{"text":"x"}]}}`:                   1,
		`{"v":1,"run":{"id":"b","seq":9007199254740993,"notes":[]}}`:                               2,
		`{"v":1}`: 1,
	} {
		if got := missing("", was, value(t, []byte(is))); len(got) != want {
			t.Errorf("%s: %q, want %d", is, got, want)
		}
	}
}

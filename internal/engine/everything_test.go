package engine_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// kindsInCode are the constants of type Kind.
func kindsInCode(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "refs.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && fmt.Sprint(spec.Type) == "Kind" {
			all = append(all, strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
		}
		return true
	})
	return all
}

// No kind is left out of what is read whole, and all pages are.
func TestEverythingReadsEveryKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		kinds := kindsInCode(t)
		if len(kinds) < 10 {
			t.Fatalf("kinds found in refs.go: %v", kinds)
		}
		want := map[string]int{}
		for _, kind := range kinds {
			for i := range 101 {
				if err := w.store.Swap(context.Background(), &engine.Item{Ref: engine.Ref{Kind: engine.Kind(kind), ID: fmt.Sprintf("%d/x", i)}, Body: []byte("?")}); err != nil {
					t.Fatal(err)
				}
			}
			want[kind] = 101
		}
		got := map[string]int{}
		err := w.eng.Everything(context.Background(), func(item engine.Item) error { got[string(item.Kind)]++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, want) {
			t.Errorf("items read: %v, want %v", got, want)
		}
	})
}

func TestIdentityIsOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, other := newWorld(t), newWorld(t)
		var ids []string
		for _, eng := range []*engine.Engine{w.eng, w.eng, other.eng} {
			id, err := eng.Identity(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if ids[0] == "" || ids[0] != ids[1] || ids[0] == ids[2] {
			t.Errorf("identities: %v", ids)
		}
	})
}

// tenants are the installations of which anything is stored.
func (w *world) tenants(t *testing.T) []string {
	t.Helper()
	var all []string
	err := w.eng.Everything(context.Background(), func(item engine.Item) error {
		if inst, _, _ := strings.Cut(item.ID, "/"); inst != "0" {
			all = append(all, inst)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// What belongs to an installation that GitHub no longer lists goes when its
// runs would have, to the last item; what belongs to others stays.
func TestRemovedInstallationIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		w := newWorld(t, keeping, func(c *engine.Config) { c.Logger = slog.New(slog.NewTextHandler(&said, nil)) })
		stop := w.serve()
		defer stop()
		w.receive("quiet", push("quiet"))
		synctest.Wait()
		lane := engine.LaneRef(8, "lane")
		if err := w.store.Swap(context.Background(), &engine.Item{Ref: lane, Body: []byte(`{"v":1}`)}); err != nil {
			t.Fatal(err)
		}
		look := func(forgotten int, listed ...int64) {
			t.Helper()
			if n, err := w.eng.Installed(context.Background(), listed); err != nil || n != forgotten {
				t.Errorf("forgot %d, want %d: %v", n, forgotten, err)
			}
			time.Sleep(time.Minute) // a sweep
		}
		look(0, 8) // never looked for before: counts as seen
		for range int(kept/(24*time.Hour)) - 1 {
			time.Sleep(24 * time.Hour)
			look(0, 8)
		}
		equal(t, "installations", w.tenants(t), []string{"7", "8"})
		time.Sleep(25 * time.Hour)
		look(1, 8)
		equal(t, "installations", w.tenants(t), []string{"8"})
		if n := strings.Count(said.String(), "no longer installed"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

// One that is missing from a list now and then is not forgotten.
func TestInstallationThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, keeping)
		stop := w.serve()
		defer stop()
		w.receive("quiet", push("quiet"))
		for i := range 3 {
			time.Sleep(kept - time.Hour)
			if _, err := w.eng.Installed(context.Background(), []int64{inst}[:i%2]); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, "installations", w.tenants(t), []string{"7"})
	})
}

// In a new store a duty that has time begins after its time, not at once.
func TestDutyThatHasTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		turns := 0
		d := engine.Duty{Name: "clean", Every: time.Hour, Hold: time.Minute, Later: true, Do: func(_ context.Context, m time.Time) (time.Time, error) {
			turns++
			return m, nil
		}}
		for range 7 {
			if err := w.eng.Take(context.Background(), d, false); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Minute)
		}
		if turns != 2 {
			t.Errorf("%d turns in two hours", turns)
		}
	})
}

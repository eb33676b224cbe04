package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

// aged puts a blob that nobody has touched for a year.
func aged(t *testing.T, a *App, content string) string {
	t.Helper()
	name, err := a.keeper.place.Put(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	year := time.Now().AddDate(-1, 0, 0)
	if err := os.Chtimes(filepath.Join(a.cfg.Google.Blobs[len("dir:"):], name[:2], name), year, year); err != nil {
		t.Fatal(err)
	}
	return name
}

func there(t *testing.T, a *App, name string) bool {
	t.Helper()
	for b, err := range a.keeper.place.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Name == name {
			return true
		}
	}
	return false
}

// Of old blobs those go that nothing stored mentions, and none at all once another store keeps its own there.
func TestUnusedBlobsGo(t *testing.T) {
	a := startOn(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	source := aged(t, a, "PK the source of a function")
	used, unused := aged(t, a, `{"v":1,"sources":{"api":"`+source+`"}}`), aged(t, a, "nobody needs me")
	if err := a.store.Swap(t.Context(), &engine.Item{Ref: engine.LaneRef(7, "avalo"), Body: []byte(`{"v":1,"history":[{"after":"` + used + `"}]}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.keeper.sweep(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if !there(t, a, source) || !there(t, a, used) || there(t, a, unused) {
		t.Errorf("source %t, snapshot %t, unused %t", there(t, a, source), there(t, a, used), there(t, a, unused))
	}
	unused = aged(t, a, "somebody else may need me")
	if _, err := a.keeper.place.Claim(t.Context(), "ANOTHER"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.keeper.sweep(t.Context(), time.Time{}); err != nil || !there(t, a, unused) {
		t.Errorf("swept in a shared place: %v", err)
	}
}

// Every snapshot that the lanes of real releases could return to is found to be used.
func TestSnapshotsOfLanesAreUsed(t *testing.T) {
	files, err := filepath.Glob("../internal/engine/testdata/stored/*/*.db.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("%q, %v", files, err)
	}
	snapshots := map[string]bool{}
	for _, file := range files {
		a := startOn(t, storetest.Unpack(t, file))
		installations, err := a.engine.Installations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, inst := range installations {
			lanes, err := a.engine.Lanes(t.Context(), inst)
			if err != nil {
				t.Fatal(err)
			}
			for _, lane := range lanes {
				for _, r := range lane.History {
					for _, name := range slices.DeleteFunc([]string{r.Before, r.After}, func(s string) bool { return s == "" }) {
						want[name], snapshots[name] = true, true
					}
				}
			}
		}
		m := blobs.NewMentions(want)
		if err := a.engine.Everything(context.Background(), func(item engine.Item) error { m.Read(item.Body); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(m.In) != len(want) {
			t.Errorf("%s: %d of %d snapshots are found", file, len(m.In), len(want))
		}
	}
	if len(snapshots) < 2 {
		t.Errorf("only %d snapshots in the databases", len(snapshots))
	}
}

package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// keep stores a run as its lane's trail and the engine keep it.
func (w *world) keep(inst, seq int64, lane pipeline.LaneID, id pipeline.RunID) {
	w.t.Helper()
	put := func(item engine.Item, body any) *engine.Item {
		b, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		item.Body = b
		return &item
	}
	run := &pipeline.Run{V: pipeline.RunVersion, ID: id, Seq: seq, Lane: lane, Repo: pipeline.Repo{Installation: inst, ID: 11}, Status: pipeline.RunSucceeded}
	entry := func(seq int64, what string) *engine.Item {
		e := pipeline.Entry{Lane: lane, Seq: seq, Run: id, What: what}
		ref := engine.Ref{Kind: engine.KindLog, ID: fmt.Sprintf("%d/%s/%012d", inst, lane, seq)}
		return put(engine.Item{Ref: ref, Scope: string(id), State: what}, e)
	}
	err := w.store.Swap(context.Background(),
		put(engine.Item{Ref: engine.RunRef(inst, id), State: string(run.Status)}, map[string]any{"v": 1, "run": run}),
		entry(2*seq-1, "run-started"), entry(2*seq, "run-succeeded"))
	if err != nil {
		w.t.Fatal(err)
	}
}

// The history of a lane is read in pages, newest first, and holds nothing of
// another lane whose name begins alike, nor of another tenant.
func TestHistory(t *testing.T) {
	w := newWorld(t)
	for seq := range int64(7) {
		w.keep(inst, seq+1, "avalo", pipeline.RunID(fmt.Sprintf("a%d", seq+1)))
	}
	w.keep(inst, 9, "avalo-x", "x9")
	w.keep(70, 9, "avalo", "t9")
	var got []string
	for before := int64(0); ; {
		past, err := w.eng.History(context.Background(), inst, "avalo", before, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(past) == 0 {
			break
		}
		for _, p := range past {
			got = append(got, string(p.Run.ID))
		}
		before = past[len(past)-1].Seq
	}
	equal(t, "the history", got, []string{"a7", "a6", "a5", "a4", "a3", "a2", "a1"})
	log, err := w.eng.RunLog(context.Background(), inst, "avalo", "a3")
	if err != nil || len(log) != 2 || log[0].What != "run-started" || log[1].What != "run-succeeded" {
		t.Errorf("the log of a3: %v, %v", log, err)
	}
	for _, lane := range []pipeline.LaneID{"avalo-x", ""} {
		if log, err := w.eng.RunLog(context.Background(), inst, lane, "a3"); err != nil || len(log) > 0 {
			t.Errorf("lane %q knows a3: %v, %v", lane, log, err)
		}
	}
	runs, err := w.eng.RunsByID(context.Background(), 70, "a3", "t9", "nothing")
	if err != nil || len(runs) != 1 || runs[0].ID != "t9" {
		t.Errorf("installation 70 reads %v, %v", runs, err)
	}
}

func TestInstallations(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"7/a", "7/b", "70/a", "8/a", "1028/z"} {
		if err := w.store.Swap(context.Background(), &engine.Item{Ref: engine.Ref{Kind: engine.KindLane, ID: id}}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := w.eng.Installations(context.Background()); err != nil || !slices.Equal(got, []int64{7, 8, 70, 1028}) {
		t.Errorf("%v, %v", got, err)
	}
}

// Whoever shows a run hears of each of its changes, after it was stored.
func TestChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		var w *world
		w = newWorld(t, func(c *engine.Config) {
			c.Hooks.Changed = func(ref engine.Ref, rev string) {
				if ref.Kind != engine.KindRun {
					return
				}
				stored, err := w.store.Get(context.Background(), ref)
				if err != nil || stored.Rev != rev {
					t.Errorf("told of revision %s, stored is %q, %v", rev, stored.Rev, err)
				}
				heard = append(heard, ref.ID)
			}
		})
		id := w.run("quiet")
		equal(t, "heard", heard, []string{engine.RunRef(inst, id).ID})
	})
}

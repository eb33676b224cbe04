package engine_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// A run that cannot be read keeps no news from the other runs of its commit, and
// the news stays open for the one that could not take it.
func TestPoisonBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		w.receive("g", push("quiet"))
		synctest.Wait()
		link := engine.Ref{Kind: engine.KindLink, ID: "7/11/commit/quiet"}
		item, err := w.store.Get(context.Background(), link)
		if err != nil {
			t.Fatal(err)
		}
		item.Body = []byte(`{"v":1,"runs":["run-bad","run-quiet"]}`)
		bad := engine.Item{Ref: engine.RunRef(inst, "run-bad"), Scope: "11", State: "active", Body: []byte("{garbage")}
		if err := w.store.Swap(context.Background(), &item, &bad); err != nil {
			t.Fatal(err)
		}
		w.receive("news", engine.Signal{Commit: "quiet", Fact: pipeline.ChecksChanged{SHA: "quiet"}}, engine.Signal{Run: "run-quiet", Fact: pipeline.LaneGranted{}})
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		equal(t, "notes", w.notes("run-quiet"), []string{"Started", "ChecksChanged", "LaneGranted"})
		parked, err := w.eng.Parked(context.Background(), inst)
		if err != nil || len(parked) != 1 || parked[0].Ref != engine.DeliveryRef(inst, appID, "news") {
			t.Errorf("parked %v, %v", parked, err)
		}
	})
}

// A process that was down while it dispatched finds GitHub's question at its
// door in the inbox. The question is kept until the dispatch was looked for, not
// taken for a foreign job's and refused.
func TestDoorAfterDowntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.run("start")
		w.setPerform(func(context.Context, engine.Job) (pipeline.Outcome, error) { return nil, context.Canceled })
		w.advance(engine.RunRef(inst, id))
		w.receive("door", engine.Signal{Workflow: 99, Fact: pipeline.DoorRequested{Workflow: 99, Environment: "production"}})
		time.Sleep(time.Hour)

		next := joinWorld(t, w.store, func(c *engine.Config) { c.Instance, c.Options.SoleOwner = "two", true })
		next.setPerform(func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
			if job.Key == "start" {
				time.Sleep(5 * time.Second) // GitHub is looked through
				return pipeline.WorkflowStarted{Workflow: pipeline.WorkflowRun{ID: 99}}, nil
			}
			return pipeline.Done{}, nil
		})
		stop := next.serve()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		stop()
		equal(t, "notes", next.notes(id), []string{"Started", "start WorkflowStarted", "DoorRequested"})
		equal(t, "performed", next.performed(), []string{"start 1"})
	})
}

// What is parked is counted by every sweep, and a start tries it once more: what
// an older version could not read a newer one may. The rest goes on meanwhile.
func TestStartWithPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count, tries := -1, 0
		hooked := func(c *engine.Config) {
			c.Options.SoleOwner = true
			c.Hooks.StillParked = func(n int) { count = n }
			c.Hooks.Parked = func(engine.Kind) { tries++ }
		}
		w := newWorld(t, hooked)
		bad := engine.Item{Ref: engine.RunRef(inst, "bad"), WakeAt: time.Now(), Scope: "11", State: "active", Body: []byte("{garbage")}
		if err := w.store.Swap(context.Background(), &bad); err != nil {
			t.Fatal(err)
		}
		for start := range 3 {
			if start == 2 { // the newer version reads it
				item, err := w.store.Get(context.Background(), bad.Ref)
				if err != nil || item.State != engine.StateParked {
					t.Fatalf("%+v, %v", item, err)
				}
				item.Body = []byte(`{"v":1,"run":{"v":1,"id":"bad","repo":{"installation":7,"id":11},"lane":"lane","status":"active"}}`)
				if err := w.store.Swap(context.Background(), &item); err != nil {
					t.Fatal(err)
				}
			}
			stop := w.serve()
			sha := fmt.Sprintf("notice-%d", start)
			w.receive(sha, push(sha))
			time.Sleep(time.Hour)
			synctest.Wait()
			stop()
			if want := []int{1, 1, 0}[start]; count != want {
				t.Errorf("start %d: %d items are parked, want %d", start, count, want)
			}
			equal(t, "the rest", w.notes(pipeline.RunID("run-"+sha)), []string{"Started", "notice/0 Done"})
			w = joinWorld(t, w.store, hooked)
		}
		if tries != 2 {
			t.Errorf("it was parked %d times, want once a start", tries)
		}
	})
}

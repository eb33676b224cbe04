package engine_test

import (
	"context"
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

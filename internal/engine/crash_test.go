package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// A process that dies at any of its swaps, before or after it is stored, is
// followed by one that finishes the same story: every outcome once in the run,
// no chain broken, and nothing begun twice without being told to look.
func TestDeathAtEverySwap(t *testing.T) {
	for _, stored := range []bool{false, true} {
		for n := 1; ; n++ {
			died := false
			t.Run(fmt.Sprintf("swap=%d,stored=%v", n, stored), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { died = dieAt(t, int64(n), stored) })
			})
			if !died || t.Failed() {
				break
			}
		}
	}
}

// dieAt reports whether the story was long enough to die in it.
func dieAt(t *testing.T, n int64, stored bool) bool {
	w := newWorld(t, func(c *engine.Config) { c.Options.SoleOwner = true })
	answer := func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
		if job.Key == "start" {
			return pipeline.WorkflowStarted{Workflow: pipeline.WorkflowRun{ID: 99}}, nil
		}
		return pipeline.Done{}, nil
	}
	w.setPerform(answer)
	var count atomic.Int64
	w.store.BeforeSwap(func([]*engine.Item) error {
		switch k := count.Add(1); {
		case k < n:
			return nil
		case k == n && stored:
			return nil
		default:
			return engine.ErrUnavailable
		}
	})
	story := []engine.Delivery{
		delivery("g1", push("quiet")),
		delivery("g2", push("notice-start-slack-tell-notice")),
		delivery("g3", engine.Signal{Workflow: 99, Fact: pipeline.WorkflowSeen{}}, engine.Signal{Commit: "quiet", Fact: pipeline.ChecksChanged{}}),
	}
	tell := func(w *world) {
		for _, d := range story {
			_, _ = w.eng.Receive(context.Background(), d) // GitHub sees the failure; somebody redelivers
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
	}
	stop := w.serve()
	tell(w)
	stop()
	w.store.BeforeSwap(nil)
	next := joinWorld(t, w.store, func(c *engine.Config) { c.Options.SoleOwner, c.Instance = true, "two" })
	next.setPerform(answer)
	stop = next.serve()
	tell(next)
	time.Sleep(time.Minute)
	synctest.Wait()
	stop()
	checkStory(t, w, next)
	return count.Load() > n
}

func checkStory(t *testing.T, before, after *world) {
	t.Helper()
	notes := after.notes("run-notice-start-slack-tell-notice")
	slices.Sort(notes)
	equal(t, "notes", notes, []string{
		"Started", "WorkflowSeen", "notice/0 Done", "notice/4 Done", "start WorkflowStarted", "tell Done",
	})
	quiet := after.notes("run-quiet")
	slices.Sort(quiet)
	equal(t, "the other run's notes", quiet, []string{"ChecksChanged", "LaneGranted", "Started"})
	first := map[string]bool{}
	for _, did := range append(before.performed(), after.performed()...) {
		key, tries, _ := strings.Cut(did, " ")
		if first[key] && tries == "0" {
			t.Errorf("%s was begun twice as if it were the first time", key)
		}
		first[key] = true
	}
	ctx := context.Background()
	lanes, err := after.eng.Lanes(ctx, inst)
	if err != nil || len(lanes) != 1 {
		t.Fatalf("lanes %v, %v", lanes, err)
	}
	entries, err := after.eng.Log(ctx, inst, lanes[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := pipeline.VerifyLog(entries, lanes[0].LogHead); err != nil {
		t.Error(err)
	}
	for _, kind := range []engine.Kind{engine.KindDelivery, engine.KindIntake, engine.KindRun} {
		for _, item := range after.store.All(kind) {
			if !item.WakeAt.IsZero() {
				t.Errorf("%s %s still wants to be woken", kind, item.ID)
			}
		}
	}
}

package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// brewing says that a slot changes in a moment until the run has heard of its notice.
func brewing(c *engine.Config) {
	c.Machine.Brewing = func(s pipeline.State, _ pipeline.Slot) bool { return len(s.Run.Notes) < 2 }
}

// What changes in a moment is written once, with the answer in it.
func TestBrewingSlotWaitsForTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, brewing)
		w.setPerform(func(ctx context.Context, _ engine.Job) (pipeline.Outcome, error) {
			pause(ctx, 300*time.Millisecond)
			return pipeline.Done{}, nil
		})
		stop := w.serve()
		w.receive("g", push("slack-notice"))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		stop()
		equal(t, "shown", w.shows(), []string{"slack 2", "slack/details 2"})
	})
}

// An answer that does not come keeps nothing from being shown.
func TestBrewingSlotIsShownAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, brewing)
		began, seen := time.Now(), time.Time{}
		w.setPerform(func(ctx context.Context, _ engine.Job) (pipeline.Outcome, error) {
			pause(ctx, time.Minute)
			return pipeline.Done{}, nil
		})
		w.setShow(func(context.Context, engine.ShowJob) (engine.Shown, error) {
			if seen.IsZero() {
				seen = time.Now()
			}
			return engine.Shown{Remote: "r"}, nil
		})
		stop := w.serve()
		w.receive("g", push("slack-notice"))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if took := seen.Sub(began); took != time.Second { // the bubble's time: exact
			t.Errorf("first shown after %s, want 1s", took)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
	})
}

// pause waits in the bubble's time.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

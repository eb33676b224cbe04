package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const kept = 40 * 24 * time.Hour

func keeping(c *engine.Config) { c.Options.KeepRuns = kept }

// A run goes when it has been over for as long as runs are kept, a run that goes
// on stays, and the trail that tells of both is whole.
func TestRunsAreDeletedLongAfterTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, keeping)
		stop := w.serve()
		defer stop()
		for _, sha := range []string{"end-slack-notice", "fail", "quiet"} {
			w.receive(sha, push(sha))
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		w.receive("retry", engine.Signal{Run: "run-fail", Fact: pipeline.ChecksChanged{SHA: "retry"}})
		synctest.Wait()
		time.Sleep(kept - time.Hour - time.Minute)
		if n := len(w.store.All(engine.KindRun)); n != 3 {
			t.Fatalf("%d runs a minute before the time, want 3", n)
		}
		time.Sleep(5 * time.Minute)
		var left []string
		for _, item := range w.store.All(engine.KindRun) {
			left = append(left, item.ID)
		}
		equal(t, "runs left", left, []string{"7/run-fail", "7/run-quiet"})
		if _, _, err := w.eng.Run(context.Background(), inst, "run-end-slack-notice"); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("the deleted run: %v", err)
		}
		theTrailIsWhole(t, w)
	})
}

func theTrailIsWhole(t *testing.T, w *world) {
	t.Helper()
	entries, err := w.eng.Log(context.Background(), inst, "lane")
	if err != nil {
		t.Fatal(err)
	}
	lanes, err := w.eng.Lanes(context.Background(), inst)
	if err != nil || len(lanes) != 1 {
		t.Fatalf("lanes: %v, %v", lanes, err)
	}
	if err := pipeline.VerifyLog(entries, lanes[0].LogHead); err != nil {
		t.Error(err)
	}
	past, err := w.eng.History(context.Background(), inst, "lane", 0, 10)
	if err != nil || len(past) != 0 { // the toy's trail has no run-started
		t.Errorf("history: %v, %v", past, err)
	}
}

// What a run that is over still owes or shows is carried out first.
func TestRunsThatOweAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, keeping)
		deaf := errors.New("nobody answers")
		w.setShow(func(context.Context, engine.ShowJob) (engine.Shown, error) { return engine.Shown{}, deaf })
		stop := w.serve()
		defer stop()
		w.receive("g", push("end-slack"))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if run := w.store.All(engine.KindRun)[0]; !run.Expires.IsZero() {
			t.Fatalf("the run would be deleted at %s while Slack does not show its end", run.Expires)
		}
		w.setShow(nil)
		time.Sleep(time.Hour)
		synctest.Wait()
		if run := w.store.All(engine.KindRun)[0]; run.Expires.Before(time.Now().Add(kept - time.Hour)) {
			t.Errorf("it expires at %s, want %s after it was shown", run.Expires, kept)
		}
	})
}

// Without the option nothing that a run says is ever deleted.
func TestRunsAreKeptForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		defer stop()
		w.receive("g", push("end"))
		synctest.Wait()
		if run := w.store.All(engine.KindRun)[0]; run.State != string(pipeline.RunSucceeded) || !run.Expires.IsZero() {
			t.Errorf("run: %+v", run)
		}
	})
}

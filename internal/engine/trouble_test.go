package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Retries: later with backoff, at a time, unsure five times, given up in a day.
func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(job engine.Job) error
		wait   time.Duration
		tries  int
		last   string
	}{
		"later": {func(job engine.Job) error {
			if job.Tries < 3 {
				return &engine.Retry{Class: engine.RetryLater, Reason: "no"}
			}
			return nil
		}, 8 * time.Second, 4, "notice/0 Done"},
		"at": {func(job engine.Job) error {
			if job.Tries == 0 {
				return &engine.Retry{Class: engine.RetryAt, At: job.Now.Add(time.Hour), Reason: "rate"}
			}
			return nil
		}, time.Hour + time.Second, 2, "notice/0 Done"},
		"unsure": {func(engine.Job) error { return &engine.Retry{Class: engine.RetryUnsure, Reason: "two"} }, time.Hour, 6, "notice/0 Failed unsure"},
		"panics": {func(job engine.Job) error {
			if job.Tries == 0 {
				panic("performer")
			}
			return nil
		}, 2 * time.Second, 2, "notice/0 Done"},
		"gave up": {func(engine.Job) error { return errors.New("down") }, 25 * time.Hour, -1, "notice/0 Failed gave-up"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.setPerform(func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
					if err := c.answer(job); err != nil {
						return nil, err
					}
					return pipeline.Done{}, nil
				})
				stop := w.serve()
				w.receive("g", push("notice"))
				time.Sleep(c.wait)
				synctest.Wait()
				stop()
				if got := len(w.performed()); c.tries >= 0 && got != c.tries {
					t.Errorf("%d tries, want %d", got, c.tries)
				}
				equal(t, "notes", w.notes("run-notice"), []string{"Started", c.last})
			})
		})
	}
}

// A burst is one call, the latest state wins, a reply waits for its message.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		w.receive("g", push("slack"))
		synctest.Wait()
		for n := range 20 {
			w.receive(fmt.Sprint("c", n), engine.Signal{Commit: "slack", Fact: pipeline.ChecksChanged{}})
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		stop()
		equal(t, "shown", w.shows(), []string{"slack 1", "slack/details 1", "slack 21"})
	})
}

// A surface that fails or hangs keeps no effect waiting.
func TestDeadSurface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setShow(func(ctx context.Context, _ engine.ShowJob) (engine.Shown, error) {
			<-ctx.Done()
			return engine.Shown{}, ctx.Err()
		})
		w.setPerform(func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
			if job.Tries < 3 {
				return nil, errors.New("not yet")
			}
			return pipeline.Done{}, nil
		})
		stop := w.serve()
		w.receive("g", push("slack-notice"))
		time.Sleep(10 * time.Second) // the surface hangs for a minute
		synctest.Wait()
		equal(t, "notes", w.notes("run-slack-notice"), []string{"Started", "notice/1 Done"})
		time.Sleep(80 * time.Hour)
		synctest.Wait()
		stop()
		_, info, err := w.eng.Run(context.Background(), inst, "run-slack-notice")
		if err != nil || info.Slots[pipeline.SlotSlack].Behind {
			t.Errorf("the slot was not given up: %+v, %v", info, err)
		}
	})
}

// What panics the machine is parked after ten failures, visible, and comes back.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		w.receive("g", push("quiet"))
		synctest.Wait()
		w.receive("bad", engine.Signal{Run: "run-quiet", Fact: pipeline.ChecksChanged{SHA: "panic"}})
		time.Sleep(time.Hour)
		synctest.Wait()
		parked, err := w.eng.Parked(context.Background(), inst)
		if err != nil || len(parked) != 1 || parked[0].Count != 10 || !strings.Contains(parked[0].Reason, "toy machine") {
			t.Fatalf("parked %+v, %v", parked, err)
		}
		if other, err := w.eng.Parked(context.Background(), 70); err != nil || len(other) != 0 {
			t.Errorf("another tenant sees %v, %v", other, err)
		}
		w.receive("good", engine.Signal{Run: "run-quiet", Fact: pipeline.LaneGranted{}})
		synctest.Wait()
		equal(t, "notes", w.notes("run-quiet"), []string{"Started", "LaneGranted"})
		if err := w.eng.Unpark(context.Background(), parked[0].Ref); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		stop()
		if parked, _ := w.eng.Parked(context.Background(), inst); len(parked) != 0 {
			t.Errorf("still parked: %v", parked)
		}
	})
}

// What a newer version stored is left alone, body and all.
func TestNewerVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		body := json.RawMessage(`{"v":2,"what":"ever"}`)
		for _, ref := range []engine.Ref{engine.RunRef(inst, "x"), engine.IntakeRef(inst, "x"), engine.DeliveryRef(inst, appID, "x")} {
			item := engine.Item{Ref: ref, WakeAt: time.Now(), Body: body}
			if err := w.store.Swap(context.Background(), &item); err != nil {
				t.Fatal(err)
			}
			w.advance(ref)
			got, err := w.store.Get(context.Background(), ref)
			if err != nil || string(got.Body) != string(body) || !got.WakeAt.After(time.Now()) {
				t.Errorf("%v: %+v, %v", ref, got, err)
			}
		}
		if faults := w.store.All(engine.KindFault); len(faults) != 0 {
			t.Errorf("faults: %v", faults)
		}
	})
}

// A body that cannot be read is parked untouched, and counts for nobody else.
func TestGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var refs []engine.Ref
		for _, ref := range []engine.Ref{engine.RunRef(inst, "x"), engine.IntakeRef(inst, "x"), engine.DeliveryRef(inst, appID, "x")} {
			item := engine.Item{Ref: ref, WakeAt: time.Now(), Scope: "11", State: "active", Body: []byte("{garbage")}
			if err := w.store.Swap(context.Background(), &item); err != nil {
				t.Fatal(err)
			}
			refs = append(refs, ref)
		}
		stop := w.serve()
		w.receive("g", push("notice"))
		w.receive("find", engine.Signal{Fact: pipeline.CommandGiven{}})
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		equal(t, "notes", w.notes("run-notice"), []string{"Started", "notice/0 Done"})
		parked, err := w.eng.Parked(context.Background(), 0)
		if err != nil || len(parked) != len(refs) {
			t.Fatalf("parked %v, %v", parked, err)
		}
		for _, ref := range refs {
			if item, err := w.store.Get(context.Background(), ref); err != nil || string(item.Body) != "{garbage" || item.State != engine.StateParked {
				t.Errorf("%v: %+v, %v", ref, item, err)
			}
		}
	})
}

// A store that is gone for a moment does not cost an outcome.
func TestOutcomeOutlivesStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.run("notice")
		w.setPerform(func(context.Context, engine.Job) (pipeline.Outcome, error) {
			down := true
			w.store.BeforeSwap(func([]*engine.Item) error {
				if down {
					down = false
					return engine.ErrUnavailable
				}
				return nil
			})
			return pipeline.Done{}, nil
		})
		w.advance(engine.RunRef(inst, id))
		equal(t, "performed", w.performed(), []string{"notice/0 0"})
		equal(t, "notes", w.notes(id), []string{"Started", "notice/0 Done"})
	})
}

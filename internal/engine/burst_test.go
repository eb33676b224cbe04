package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	slotRest  = 1200 * time.Millisecond
	slotBurst = 3
)

// bursts has people wait for what the slots of a run show, or nobody.
func bursts(awaited bool) option {
	return func(c *engine.Config) {
		c.Machine.Awaited = func(pipeline.State, pipeline.Slot) bool { return awaited }
		c.Options.Coalesce = map[string]time.Duration{"": slotRest}
		c.Options.Burst = map[string]int{"slack": slotBurst}
	}
}

// shownAt writes down when the message of Slack is written, since it was asked to.
type shownAt struct {
	mu   sync.Mutex
	from time.Time
	at   []time.Duration
}

func (s *shownAt) watch(w *world) {
	w.setShow(func(_ context.Context, job engine.ShowJob) (engine.Shown, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if job.Slot == pipeline.SlotSlack && !s.from.IsZero() {
			s.at = append(s.at, time.Since(s.from))
		}
		return engine.Shown{Remote: "r", Hash: fmt.Sprint(len(job.State.Run.Notes))}, nil
	})
}

func (s *shownAt) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.at = time.Now(), nil
}

func (s *shownAt) times() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.at)
}

// changes come one after the other, each seen before the next.
func changes(w *world, name string, n int) {
	for i := range n {
		w.receive(fmt.Sprint(name, i), engine.Signal{Run: "run-slack", Fact: pipeline.ChecksChanged{}})
		synctest.Wait()
	}
}

// After a pause the calls that were saved up go at once, and no more: in the long
// run a slot is called once in its rest. Where nobody waits there is no hurry.
func TestBurstOfAnAwaitedSlot(t *testing.T) {
	for name, c := range map[string]struct {
		awaited bool
		want    []time.Duration
	}{
		"people wait":  {true, []time.Duration{0, 0, 0, slotRest}},
		"nobody waits": {false, []time.Duration{0, slotRest}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, saw := newWorld(t, bursts(c.awaited)), new(shownAt)
				saw.watch(w)
				stop := w.serve()
				defer stop()
				w.receive("g", push("slack"))
				time.Sleep(time.Minute)
				synctest.Wait()
				saw.start()
				changes(w, "first", 5)
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := saw.times(); !slices.Equal(got, c.want) {
					t.Errorf("five changes at once are shown after %s, want %s", got, c.want)
				}
				saw.start() // the pause gave the calls back
				changes(w, "second", 5)
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := saw.times(); !slices.Equal(got, c.want) {
					t.Errorf("after a pause: %s, want %s", got, c.want)
				}
			})
		})
	}
}

// Whatever changes and however often, a slot is not called more often than its
// burst and once a rest.
func TestBurstKeepsTheAverage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, saw := newWorld(t, bursts(true)), new(shownAt)
		saw.watch(w)
		stop := w.serve()
		defer stop()
		w.receive("g", push("slack"))
		time.Sleep(time.Minute)
		synctest.Wait()
		saw.start()
		for i := range 60 {
			changes(w, fmt.Sprint("c", i, "-"), 1)
			time.Sleep(200 * time.Millisecond)
		}
		times := saw.times()
		for i, at := range times {
			for j := range i {
				if most := slotBurst + int((at-times[j])/slotRest); i-j+1 > most {
					t.Fatalf("%d calls within %s, at most %d may be: %s", i-j+1, at-times[j], most, times)
				}
			}
		}
		if len(times) < 10 {
			t.Errorf("in 12 s it was called %d times only", len(times))
		}
	})
}

// An older process stored when a slot was called last, and nothing of saved calls.
func TestBurstOfAnOldRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, saw := newWorld(t, bursts(true)), new(shownAt)
		saw.watch(w)
		stop := w.serve()
		defer stop()
		w.receive("g", push("slack"))
		time.Sleep(time.Minute)
		synctest.Wait()
		item := w.store.All(engine.KindRun)[0]
		var body map[string]any
		if err := json.Unmarshal(item.Body, &body); err != nil {
			t.Fatal(err)
		}
		slot := body["slots"].(map[string]any)["slack"].(map[string]any) //nolint:forcetypeassert // the test's own record
		if slot["paid_at"] == nil || slot["shown_at"] == nil {
			t.Fatalf("slot: %v", slot)
		}
		delete(slot, "paid_at")
		var err error
		if item.Body, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
		if err := w.store.Swap(t.Context(), &item); err != nil {
			t.Fatal(err)
		}
		saw.start()
		changes(w, "c", 2)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := saw.times(); !slices.Equal(got, []time.Duration{0, 0}) {
			t.Errorf("shown after %s, want both at once", got)
		}
	})
}

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The laws of docs/laws.md that the engine keeps. `make mutants` breaks each and
// sees that its test, and no other, turns red.

// An effect is performed after the swap that owes and leases it, never when
// that swap has failed.
func TestLaw02_SaveThenAct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.run("notice")
		for _, cause := range []error{engine.ErrUnavailable, engine.ErrConflict} {
			w.store.BeforeSwap(func([]*engine.Item) error { return cause })
			if err := w.eng.Advance(context.Background(), engine.RunRef(inst, id)); err == nil {
				t.Errorf("%v: the swap failed and Advance says nothing", cause)
			}
			if got := w.performed(); len(got) > 0 {
				t.Fatalf("%v: performed %q although nothing was stored", cause, got)
			}
		}
		w.store.BeforeSwap(nil)
		w.advance(engine.RunRef(inst, id))
		equal(t, "performed", w.performed(), []string{"notice/0 0"})
	})
}

// What is done is done each time; what is shown is shown once for a burst of
// changes, as it is at the end of it.
func TestLaw03_TwoKindsOfEffect(t *testing.T) {
	const burst = 5
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		w.receive("g", push("slack-notice-notice"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		before := len(w.shows())
		for n := range burst {
			w.receive(fmt.Sprint("burst", n), engine.Signal{Run: "run-slack-notice-notice", Fact: pipeline.ChecksChanged{}})
			synctest.Wait() // each is applied before the next comes
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		stop()
		if got := w.performed(); len(got) != 2 {
			t.Errorf("performed %q, want both notices", got)
		}
		shows := w.shows()[before:]
		latest := fmt.Sprintf("slack %d", len(w.notes("run-slack-notice-notice")))
		if len(shows) < 1 || len(shows) > 2 || shows[len(shows)-1] != latest {
			t.Errorf("%d changes were shown as %q; want at most one at once and one after the rest, the last %q", burst, shows, latest)
		}
	})
}

// counted is a clock that knows how many timers are set.
type counted struct {
	bubble
	set *atomic.Int64
}

func (c counted) AfterFunc(d time.Duration, f func()) func() bool {
	c.set.Add(1)
	stop := c.bubble.AfterFunc(d, func() {
		c.set.Add(-1)
		f()
	})
	return func() bool {
		stopped := stop()
		if stopped {
			c.set.Add(-1)
		}
		return stopped
	}
}

// A thousand runs that wait cost what one costs: no goroutine and no timer
// but the waker's own.
func TestLaw05_NobodyWaits(t *testing.T) {
	const (
		crowd = 1_000
		own   = 10 // goroutines of Go itself, which come and go
	)
	synctest.Test(t, func(t *testing.T) {
		clock := counted{set: new(atomic.Int64)}
		local := engine.NewLocal(clock, slog.New(slog.DiscardHandler), 4)
		w := newWorld(t, func(c *engine.Config) { c.Clock, c.Waker = clock, local })
		w.local = local
		stop := w.serve()
		wait := func(n int) (goroutines int, timers int64) {
			w.receive(fmt.Sprint("g", n), push(fmt.Sprint("deadline-", n)))
			synctest.Wait()
			return runtime.NumGoroutine(), clock.set.Load()
		}
		goroutines, timers := wait(0)
		for n := 1; n < crowd; n++ {
			wait(n)
		}
		g, s := wait(crowd)
		stop()
		if n := len(w.store.All(engine.KindRun)); n != crowd+1 {
			t.Fatalf("%d runs are stored, want %d", n, crowd+1)
		}
		if g > goroutines+own || s > timers {
			t.Errorf("%d waiting runs have %d goroutines and %d timers; one has %d and %d", crowd, g, s, goroutines, timers)
		}
	})
}

// A run of one installation cannot be read, listed or moved by another, and
// every stored key begins with the installation it belongs to.
func TestLaw11_TenantsAreApart(t *testing.T) {
	const other = 8
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setPerform(func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
			if job.Key == "start" {
				return pipeline.WorkflowStarted{Workflow: pipeline.WorkflowRun{ID: 99}}, nil
			}
			return pipeline.Done{}, nil
		})
		id := w.run("start")
		w.advance(engine.RunRef(inst, id))
		for kind, want := range map[engine.Kind]int{
			engine.KindDelivery: 1, engine.KindIntake: 1, engine.KindRun: 1, engine.KindLane: 1, engine.KindLog: 2, engine.KindLink: 2,
		} {
			items := w.store.All(kind)
			if len(items) != want {
				t.Errorf("%d items of kind %s, want %d", len(items), kind, want)
			}
			for _, item := range items {
				if !strings.HasPrefix(item.ID, fmt.Sprintf("%d/", inst)) {
					t.Errorf("%s %q does not begin with its installation", kind, item.ID)
				}
			}
		}
		if _, _, err := w.eng.Run(context.Background(), other, id); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("installation %d reads the run: %v", other, err)
		}
		if runs, err := w.eng.Runs(context.Background(), engine.RunQuery{Installation: other}); err != nil || len(runs) > 0 {
			t.Errorf("installation %d lists %d runs, %v", other, len(runs), err)
		}
		heard := w.notes(id)
		d := delivery("cross", engine.Signal{Run: id, Fact: pipeline.ChecksChanged{}}, engine.Signal{Workflow: 99, Fact: pipeline.ChecksChanged{}},
			engine.Signal{Commit: "start", Fact: pipeline.ChecksChanged{}})
		d.Repo.Installation = other
		if _, err := w.eng.Receive(context.Background(), d); err != nil {
			t.Fatal(err)
		}
		w.advance(engine.DeliveryRef(other, appID, "cross"))
		equal(t, "what the run heard", w.notes(id), heard)
	})
}

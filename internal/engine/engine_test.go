package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/engine/enginetest"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// A push becomes an intake, a run in its lane with a log, and performed effects.
func TestPushToRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setPerform(func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
			if _, ok := job.Effect.(pipeline.StartWorkflow); ok {
				return pipeline.WorkflowStarted{Workflow: pipeline.WorkflowRun{ID: 99}}, nil
			}
			return pipeline.Done{}, nil
		})
		stop := w.serve()
		if got := w.receive("g1", push("notice-start")); got != engine.Stored {
			t.Fatalf("first: %s", got)
		}
		synctest.Wait()
		if got := w.receive("g1", push("notice-start")); got != engine.Duplicate {
			t.Fatalf("second: %s", got)
		}
		synctest.Wait()
		stop()
		if n := len(w.notes("run-notice-start")); n != 3 {
			t.Errorf("notes: %q", w.notes("run-notice-start"))
		}
		if got := w.performed(); len(got) != 2 {
			t.Errorf("performed %q, want each effect once", got)
		}
		entries, err := w.eng.Log(context.Background(), inst, "lane")
		if err != nil || len(entries) != 3 {
			t.Fatalf("log: %v, %v", entries, err)
		}
		lanes, err := w.eng.Lanes(context.Background(), inst)
		if err != nil || len(lanes) != 1 {
			t.Fatalf("lanes: %v, %v", lanes, err)
		}
		if err := pipeline.VerifyLog(entries, lanes[0].LogHead); err != nil {
			t.Error(err)
		}
		links := w.store.All(engine.KindLink)
		if len(links) != 2 || links[0].ID != "7/11/commit/notice-start" || links[1].ID != "7/11/workflow/99" {
			t.Errorf("links: %v", links)
		}
		for _, d := range w.store.All(engine.KindDelivery) {
			if !d.WakeAt.IsZero() || d.Expires.IsZero() || d.State != engine.StateDone {
				t.Errorf("delivery is not closed: %+v", d)
			}
		}
		if run := w.store.All(engine.KindRun)[0]; !run.WakeAt.IsZero() || run.Scope != "11" || run.State != "active" {
			t.Errorf("run: %+v", run)
		}
	})
}

// A waiting run is one stored item: weeks pass without a wake, then one Tick.
func TestNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		w.receive("g", push("deadline"))
		synctest.Wait()
		swaps := w.store.Swaps()
		time.Sleep(20 * 24 * time.Hour)
		if got := w.store.Swaps(); got != swaps {
			t.Errorf("%d swaps while waiting", got-swaps)
		}
		time.Sleep(24*time.Hour + time.Second)
		synctest.Wait()
		stop()
		equal(t, "notes", w.notes("run-deadline"), []string{"Started", "Tick"})
	})
}

// Two engines on one store, both advancing everything: each effect once, and
// every fact applied once.
func TestTwoEngines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newWorld(t)
		b := joinWorld(t, a.store, func(c *engine.Config) { c.Instance = "two" })
		a.run("notice-notice-start")
		var signals []engine.Signal
		for range 5 {
			signals = append(signals, engine.Signal{Run: "run-notice-notice-start", Fact: pipeline.ChecksChanged{}})
		}
		a.receive("g2", signals...)
		var all sync.WaitGroup
		for _, w := range []*world{a, b, a, b} {
			all.Go(func() {
				for _, ref := range []engine.Ref{engine.DeliveryRef(inst, appID, "g2"), engine.RunRef(inst, "run-notice-notice-start")} {
					if err := w.eng.Advance(context.Background(), ref); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if got := append(a.performed(), b.performed()...); len(got) != 3 {
			t.Errorf("performed %q, want 3", got)
		}
		if got := strings.Count(strings.Join(a.notes("run-notice-notice-start"), " "), "ChecksChanged"); got != 5 {
			t.Errorf("%d facts applied, want 5", got)
		}
	})
}

// A process that dies after a swap leaves the lease; the next one takes over at
// its end and is told that it is not the first. Alone, it need not wait.
func TestTakeOver(t *testing.T) {
	for _, sole := range []bool{false, true} {
		t.Run(fmt.Sprintf("sole=%v", sole), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.setPerform(func(context.Context, engine.Job) (pipeline.Outcome, error) {
					w.store.BeforeSwap(func([]*engine.Item) error { return engine.ErrUnavailable }) // dead from here
					return pipeline.Done{}, nil
				})
				id := w.run("notice")
				if err := w.eng.Advance(context.Background(), engine.RunRef(inst, id)); !errors.Is(err, engine.ErrUnavailable) {
					t.Fatalf("error %v", err)
				}
				w.store.BeforeSwap(nil)
				start := time.Now()
				next := joinWorld(t, w.store, func(c *engine.Config) { c.Instance, c.Options.SoleOwner = "two", sole })
				stop := next.serve()
				if !sole {
					time.Sleep(3 * time.Minute)
				}
				synctest.Wait()
				stop()
				equal(t, "performed", next.performed(), []string{"notice/0 1"})
				equal(t, "notes", next.notes(id), []string{"Started", "notice/0 Done"})
				if sole && time.Since(start) > time.Second {
					t.Error("the sole owner waited for a dead lease")
				}
			})
		})
	}
}

// The outcome of a try that somebody has taken over is ignored.
func TestOldOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		w.setPerform(func(context.Context, engine.Job) (pipeline.Outcome, error) {
			<-release // deaf to its time-out
			return pipeline.Failed{Refusal: pipeline.Refusal{Code: "old"}}, nil
		})
		id := w.run("notice")
		var all sync.WaitGroup
		all.Go(func() { w.advance(engine.RunRef(inst, id)) })
		synctest.Wait()
		next := joinWorld(t, w.store, func(c *engine.Config) { c.Instance, c.Options.SoleOwner = "two", true })
		next.advance(engine.RunRef(inst, id))
		close(release)
		all.Wait()
		equal(t, "notes", next.notes(id), []string{"Started", "notice/0 Done"})
	})
}

// A swap that fails in the middle of a delivery with several signals applies
// none of them twice.
func TestCrashBetweenSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for n := range 12 {
			w.run("quiet")
			guid := fmt.Sprint("multi", n)
			w.receive(guid, engine.Signal{Run: "run-quiet", Fact: pipeline.LaneGranted{}}, engine.Signal{Commit: "quiet", Fact: pipeline.ChecksChanged{}},
				engine.Signal{Run: "run-none", Fact: pipeline.LaneGranted{}})
			left := n
			w.store.BeforeSwap(func([]*engine.Item) error {
				if left--; left < 0 {
					return engine.ErrUnavailable
				}
				return nil
			})
			_ = w.eng.Advance(context.Background(), engine.DeliveryRef(inst, appID, guid))
			w.store.BeforeSwap(nil)
			w.advance(engine.DeliveryRef(inst, appID, guid))
			notes := strings.Join(w.notes("run-quiet"), " ")
			if a, b := strings.Count(notes, "LaneGranted"), strings.Count(notes, "ChecksChanged"); a != n+1 || b != n+1 {
				t.Fatalf("died after %d swaps: applied %d and %d times in all, want %d", n, a, b, n+1)
			}
		}
	})
}

// Conflicts are resolved by loading again; a storm of them is handed back.
func TestConflicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.run("quiet")
		w.receive("g", engine.Signal{Run: id, Fact: pipeline.LaneGranted{}})
		n := 0
		w.store.BeforeSwap(func([]*engine.Item) error {
			if n++; n <= 10 {
				return engine.ErrConflict
			}
			return nil
		})
		w.advance(engine.DeliveryRef(inst, appID, "g"))
		equal(t, "notes", w.notes(id), []string{"Started", "LaneGranted"})
		w.store.BeforeSwap(nil)
		w.receive("g2", engine.Signal{Run: id, Fact: pipeline.LaneGranted{}})
		w.store.BeforeSwap(func([]*engine.Item) error { return engine.ErrConflict })
		if err := w.eng.Advance(context.Background(), engine.DeliveryRef(inst, appID, "g2")); err == nil {
			t.Error("an endless storm is no error")
		}
		w.store.BeforeSwap(nil)
		if parked, err := w.eng.Parked(context.Background(), 0); err != nil || len(parked) > 0 {
			t.Errorf("parked %v, %v", parked, err)
		}
	})
}

// The sweep finds what a lost wake left behind.
func TestLostWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		deaf := joinWorld(t, w.store, func(c *engine.Config) { c.Waker = broken{} })
		deaf.receive("g", push("notice"))
		stop := w.serve()
		time.Sleep(31 * time.Second)
		synctest.Wait()
		stop()
		equal(t, "performed", w.performed(), []string{"notice/0 0"})
	})
}

type broken struct{}

func (broken) Wake(context.Context, engine.Item) error { return errors.New("no queue") }

// A door for an unknown workflow waits while a dispatch is under way; its link
// then leads to the run. Without one it is foreign.
func TestDoor(t *testing.T) {
	door := func(id int64) engine.Signal {
		return engine.Signal{Workflow: id, Fact: pipeline.DoorRequested{Workflow: id}}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		answer := make(chan struct{})
		w.setPerform(func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
			if job.Key == "start" {
				<-answer
				return pipeline.WorkflowStarted{Workflow: pipeline.WorkflowRun{ID: 99}}, nil
			}
			return pipeline.Done{}, nil
		})
		stop := w.serve()
		w.receive("g", push("start"))
		synctest.Wait()
		w.receive("d99", door(99))
		w.receive("d50", door(50))
		w.receive("w50", engine.Signal{Workflow: 50, Fact: pipeline.WorkflowSeen{}})
		synctest.Wait()
		equal(t, "notes", w.notes("run-start"), []string{"Started"})
		close(answer)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		stop()
		equal(t, "notes", w.notes("run-start"), []string{"Started", "start WorkflowStarted", "DoorRequested"})
		equal(t, "performed", w.performed(), []string{"start 0", "reject 0"})
	})
}

// Facts never cross tenants or repositories.
func TestTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.run("quiet")
		for _, r := range []pipeline.Repo{{Installation: 70, ID: 11}, {Installation: inst, ID: 12}} {
			d := engine.Delivery{AppID: appID, GUID: fmt.Sprint("x", r.Installation), Repo: r, Signals: []engine.Signal{
				{Run: id, Fact: pipeline.LaneGranted{}}, {Commit: "quiet", Fact: pipeline.LaneGranted{}},
			}}
			if _, err := w.eng.Receive(context.Background(), d); err != nil {
				t.Fatal(err)
			}
			w.advance(engine.DeliveryRef(r.Installation, appID, d.GUID))
		}
		equal(t, "notes", w.notes(id), []string{"Started"})
		if runs, err := w.eng.Runs(context.Background(), engine.RunQuery{Installation: 70}); err != nil || len(runs) != 0 {
			t.Errorf("another tenant sees %v, %v", runs, err)
		}
		if _, _, err := w.eng.Run(context.Background(), 70, id); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("another tenant reads the run: %v", err)
		}
	})
}

// Drain lets what is in hand finish, stores its outcome and begins nothing new.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		w.setPerform(func(context.Context, engine.Job) (pipeline.Outcome, error) {
			<-release
			return pipeline.Done{}, nil
		})
		ended := make(chan struct{})
		go func() {
			_ = w.local.Run(context.Background(), w.eng.Advance)
			close(ended)
		}()
		w.receive("g", push("notice"))
		synctest.Wait()
		w.eng.Stop()
		drained := make(chan error)
		go func() { drained <- w.local.Drain(context.Background()) }()
		synctest.Wait()
		w.receive("late", push("notice-late"))
		close(release)
		if err := <-drained; err != nil {
			t.Error(err)
		}
		<-ended
		equal(t, "notes", w.notes("run-notice"), []string{"Started", "notice/0 Done"})
		if n := len(w.store.All(engine.KindRun)); n != 1 {
			t.Errorf("%d runs: something new was begun", n)
		}
	})
}

// A drain that is cut short interrupts what is in hand; that costs no rest, and
// the next try is told to look.
func TestDrainInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setPerform(func(ctx context.Context, _ engine.Job) (pipeline.Outcome, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		go func() { _ = w.local.Run(context.Background(), w.eng.Advance) }()
		w.receive("g", push("notice"))
		synctest.Wait()
		w.eng.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.local.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drain: %v", err)
		}
		next := joinWorld(t, w.store, func(c *engine.Config) { c.Instance = "two" })
		next.advance(engine.RunRef(inst, "run-notice"))
		equal(t, "performed", next.performed(), []string{"notice/0 1"})
	})
}

// The store's failure is the sender's to know, and nobody's fault.
func TestStoreDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := joinWorld(t, enginetest.NewMemStore())
		w.store.BeforeSwap(func([]*engine.Item) error { return errors.New("disk full") })
		if _, err := w.eng.Receive(context.Background(), delivery("g", push("quiet"))); err == nil {
			t.Error("a delivery that was not stored is no error")
		}
		for _, bad := range []string{"", "a/b", strings.Repeat("x", 300)} {
			if _, err := w.eng.Receive(context.Background(), delivery(bad)); err == nil {
				t.Errorf("id %.10q is taken", bad)
			}
		}
	})
}

// Runs tell each other, and a command finds them.
func TestInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		w.receive("g", push("quiet"))
		synctest.Wait()
		w.receive("g2", push("tell"))
		w.receive("g3", engine.Signal{Fact: pipeline.CommandGiven{}})
		synctest.Wait()
		stop()
		equal(t, "notes", w.notes("run-quiet"), []string{"Started", "LaneGranted"})
		equal(t, "notes", w.notes("run-tell"), []string{"Started", "tell Done"})
		found := false
		for _, in := range w.store.All(engine.KindIntake) {
			found = found || strings.Contains(string(in.Body), "run-quiet")
		}
		if !found {
			t.Error("the command did not find the run")
		}
	})
}

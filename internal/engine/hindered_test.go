package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// shut is an outside that a person has to open.
type shut struct{ open atomic.Bool }

func (s *shut) err() error {
	if s.open.Load() {
		return nil
	}
	why := pipeline.Refusal{Code: pipeline.CodePermission, Reason: "The App lacks a permission.", Fix: "Grant it."}
	return &engine.Retry{Class: engine.RetryHindered, Reason: why.Reason, Err: errors.New("403"), Hindered: &why}
}

func (s *shut) perform(context.Context, engine.Job) (pipeline.Outcome, error) {
	return pipeline.Done{}, s.err()
}

func (s *shut) show(context.Context, engine.ShowJob) (engine.Shown, error) {
	return engine.Shown{Remote: "r"}, s.err()
}

// noted are the notes of a run about what keeps it, and of what came of effects.
func (w *world) noted(run pipeline.RunID) []string {
	w.t.Helper()
	var all []string
	for _, n := range w.notes(run) {
		if what, ok := strings.CutPrefix(n, "hindered "); ok || strings.HasSuffix(n, " Done") {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	return all
}

// kept counts what the run says to be kept.
func (w *world) kept(run pipeline.RunID) int {
	w.t.Helper()
	state, _, err := w.eng.Run(context.Background(), inst, run)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(state.Run.Hindered)
}

// What a person has to lift is waited for, longer than any failure is, through
// a restart, and goes on as soon as it is told that it is lifted.
func TestHinderedEffectWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outside shut
		w := newWorld(t)
		w.setPerform(outside.perform)
		stop := w.serve()
		w.receive("notice", push("notice"))
		time.Sleep(2 * 24 * time.Hour)
		stop()
		w = joinWorld(t, w.store)
		w.setPerform(outside.perform)
		stop = w.serve()
		defer stop()
		time.Sleep(5 * 24 * time.Hour)
		if n := len(w.performed()); n < 10 || n > 5*24*20 {
			t.Errorf("%d tries in five days", n)
		}
		equal(t, "said", w.noted("run-notice"), []string{"notice/0 true"})
		outside.open.Store(true)
		tries := len(w.performed())
		if err := w.eng.Lifted(context.Background(), inst); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(w.performed()); n != tries+1 {
			t.Errorf("%d tries as soon as it is lifted", n-tries)
		}
		equal(t, "said", w.noted("run-notice"), []string{"notice/0 Done", "notice/0 true"})
		if n := w.kept("run-notice"); n != 0 {
			t.Errorf("%d things are still said to be kept", n)
		}
	})
}

// Nobody tells that it is lifted: it is seen all the same.
func TestHinderedEffectIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outside shut
		w := newWorld(t)
		w.setPerform(outside.perform)
		stop := w.serve()
		defer stop()
		w.receive("notice", push("notice"))
		time.Sleep(24 * time.Hour)
		outside.open.Store(true)
		time.Sleep(10 * time.Minute)
		equal(t, "said", w.noted("run-notice"), []string{"notice/0 Done", "notice/0 true"})
		if n := w.kept("run-notice"); n != 0 {
			t.Errorf("%d things are still said to be kept", n)
		}
	})
}

// After it is lifted, an effect that fails otherwise has its whole day.
func TestHinderedTimeIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outside shut
		w := newWorld(t)
		w.setPerform(func(ctx context.Context, job engine.Job) (pipeline.Outcome, error) {
			if outside.open.Load() {
				return nil, errors.New("500")
			}
			return outside.perform(ctx, job)
		})
		stop := w.serve()
		defer stop()
		w.receive("notice", push("notice"))
		time.Sleep(40 * time.Hour)
		outside.open.Store(true)
		failed := func() bool {
			state, _, err := w.eng.Run(context.Background(), inst, "run-notice")
			return err == nil && slices.ContainsFunc(state.Run.Notes, func(n pipeline.Note) bool { return strings.HasPrefix(n.Text, "notice/0 Failed") })
		}
		time.Sleep(23 * time.Hour)
		if failed() {
			t.Error("given up within a day of failures")
		}
		time.Sleep(2 * time.Hour)
		if !failed() {
			t.Error("not given up after a day of failures")
		}
	})
}

// A surface waits likewise, asks seldom, and is shown in its latest state.
func TestHinderedSurfaceWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outside shut
		w := newWorld(t)
		w.setShow(outside.show)
		stop := w.serve()
		defer stop()
		w.receive("slack", push("slack"))
		time.Sleep(9 * 24 * time.Hour)
		if n := len(w.shows()); n > 2*9*24*2+2*20 {
			t.Errorf("%d tries in nine days", n)
		}
		outside.open.Store(true)
		if err := w.eng.Lifted(context.Background(), inst); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		equal(t, "said", w.noted("run-slack"), []string{"show/slack false", "show/slack true", "show/slack/details false", "show/slack/details true"})
	})
}

// A webhook of a suspension that comes late is contradicted by what GitHub takes.
func TestLateSuspension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.serve()
		defer stop()
		w.receive("quiet", push("quiet"))
		synctest.Wait()
		if err := w.eng.Hinder(context.Background(), inst, pipeline.Refusal{Code: pipeline.CodeSuspended}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		equal(t, "said", w.noted("run-quiet"), []string{"installation true"})
		w.receive("checks", engine.Signal{Run: "run-quiet", Fact: pipeline.ChecksChanged{SHA: "check"}})
		time.Sleep(time.Minute)
		equal(t, "said", w.noted("run-quiet"), []string{"installation false", "installation true"})
	})
}

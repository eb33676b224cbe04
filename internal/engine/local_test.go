package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

var _ = engine.Machine{Next: pipeline.Next, NextIntake: pipeline.NextIntake, Wake: pipeline.Wake}

// One item is never advanced twice at a time; wakes meanwhile are one more turn.
func TestLocalSerial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := engine.NewLocal(bubble{}, slog.New(slog.DiscardHandler), 4)
		turns, inside := 0, 0
		release := make(chan struct{})
		go func() {
			_ = l.Run(context.Background(), func(context.Context, engine.Ref) error {
				inside++
				turns++
				if inside > 1 {
					t.Error("two at a time")
				}
				<-release
				inside--
				return nil
			})
		}()
		item := engine.Item{Ref: engine.RunRef(inst, "a"), WakeAt: time.Now()}
		wake := func() {
			if err := l.Wake(context.Background(), item); err != nil {
				t.Error(err)
			}
		}
		wake()
		synctest.Wait()
		for range 5 {
			wake()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if turns != 2 {
			t.Errorf("%d turns, want 2", turns)
		}
		if err := l.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// Items come in the order of their times, the earliest wake of one wins, and a
// failed turn is repeated.
func TestLocalTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := engine.NewLocal(bubble{}, slog.New(slog.DiscardHandler), 1)
		start := time.Now()
		var got []string
		failed := false
		go func() {
			_ = l.Run(context.Background(), func(_ context.Context, ref engine.Ref) error {
				got = append(got, ref.ID+" "+time.Since(start).String())
				if ref.ID == "7/b" && !failed {
					failed = true
					return errors.New("store down")
				}
				return nil
			})
		}()
		for _, w := range []struct {
			id string
			in time.Duration
		}{{"c", time.Hour}, {"b", 2 * time.Minute}, {"a", time.Minute}, {"c", 30 * time.Minute}, {"c", 2 * time.Hour}} {
			item := engine.Item{Ref: engine.RunRef(inst, pipeline.RunID(w.id)), WakeAt: start.Add(w.in)}
			if err := l.Wake(context.Background(), item); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		equal(t, "turns", got, []string{"7/a 1m0s", "7/b 2m0s", "7/b 2m1s", "7/c 30m0s"})
		if err := l.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// One repository, however much it has and however long that hangs, leaves workers
// to the others; what it has comes in its order, none of it twice.
func TestLocalLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := engine.NewLocal(bubble{}, slog.New(slog.DiscardHandler), 8)
		hangs := make(chan struct{})
		var mu sync.Mutex
		var got []string
		hanging, most := 0, 0
		go func() {
			_ = l.Run(context.Background(), func(_ context.Context, ref engine.Ref) error {
				mu.Lock()
				got = append(got, ref.ID)
				flood := ref.ID != "7/other"
				if flood {
					hanging++
					most = max(most, hanging)
				}
				mu.Unlock()
				if flood {
					<-hangs
					mu.Lock()
					hanging--
					mu.Unlock()
				}
				return nil
			})
		}()
		start := time.Now()
		wake := func(id pipeline.RunID, scope string) {
			if err := l.Wake(context.Background(), engine.Item{Ref: engine.RunRef(inst, id), Scope: scope, WakeAt: time.Now()}); err != nil {
				t.Error(err)
			}
		}
		var want []string
		for n := range 1000 {
			id := fmt.Sprintf("%04d", n)
			wake(pipeline.RunID(id), "11")
			want = append(want, "7/"+id)
			time.Sleep(time.Microsecond) // so that their order is known
		}
		synctest.Wait()
		wake("0500", "11") // again, while it waits: no news
		wake("other", "12")
		synctest.Wait()
		if len(got) != 7 || got[6] != "7/other" || hanging != 6 {
			t.Errorf("with everything hanging, these had their turn: %v", got)
		}
		close(hangs)
		synctest.Wait()
		slices.Sort(got) // eight workers note them in any order
		if !slices.Equal(got, append(want, "7/other")) || most > 6 {
			t.Errorf("%d turns, %d at a time: %v", len(got), most, got)
		}
		if err := l.Drain(context.Background()); err != nil || time.Since(start) > time.Second {
			t.Error(err, time.Since(start))
		}
	})
}

package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// chore counts its turns, and what they begin with.
type chore struct {
	marks []time.Time
	next  time.Time
	err   error
	meet  func() // within a turn
}

func (c *chore) duty() engine.Duty {
	return engine.Duty{Name: "chore", Every: time.Minute, Hold: 2 * time.Minute, Do: func(_ context.Context, mark time.Time) (time.Time, error) {
		c.marks = append(c.marks, mark)
		if c.meet != nil {
			c.meet()
		}
		return c.next, c.err
	}}
}

func (c *chore) take(w *world, first bool, turns int) {
	w.t.Helper()
	before := len(c.marks)
	if err := w.eng.Take(context.Background(), c.duty(), first); !errors.Is(err, c.err) {
		w.t.Fatal(err)
	}
	if got := len(c.marks) - before; got != turns {
		w.t.Fatalf("%d turns, want %d", got, turns)
	}
}

// One process at a time does a duty, not sooner than its pace unless it has just
// started, and each goes on where the last good turn ended.
func TestDuty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newWorld(t)
		two := joinWorld(t, one.store, func(c *engine.Config) { c.Instance = "two" })
		mark := time.Now().UTC().Add(-time.Hour)
		c := &chore{next: mark}
		c.meet = func() {
			c.meet = nil
			c.take(two, true, 0)
		}
		c.take(one, false, 1)
		c.take(two, false, 0)
		c.take(two, true, 1)
		time.Sleep(time.Minute)
		c.err = errors.New("GitHub is away")
		c.next = mark.Add(time.Hour)
		c.take(one, false, 1)
		c.err = nil
		time.Sleep(time.Minute)
		c.next = mark.Add(-time.Hour)
		c.take(two, false, 1)
		time.Sleep(time.Minute)
		c.take(one, false, 1)
		for i, want := range []time.Time{{}, mark, mark, mark, mark} {
			if !c.marks[i].Equal(want) {
				t.Errorf("turn %d began at %v, want %v", i, c.marks[i], want)
			}
		}
	})
}

// While the store takes no writes no turn begins; a process that died in one
// keeps the others away for as long as it may take.
func TestDutyOfTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newWorld(t)
		two := joinWorld(t, one.store, func(c *engine.Config) { c.Instance = "two" })
		c := &chore{}
		one.store.BeforeSwap(func([]*engine.Item) error { return engine.ErrUnavailable })
		if err := one.eng.Take(context.Background(), c.duty(), true); !errors.Is(err, engine.ErrUnavailable) || len(c.marks) > 0 {
			t.Errorf("%v, %d turns", err, len(c.marks))
		}
		one.store.BeforeSwap(nil)
		c.meet = func() {
			one.store.BeforeSwap(func([]*engine.Item) error { return engine.ErrUnavailable }) // its end is never stored
		}
		if err := one.eng.Take(context.Background(), c.duty(), true); !errors.Is(err, engine.ErrUnavailable) {
			t.Error(err)
		}
		one.store.BeforeSwap(nil)
		c.meet = nil
		time.Sleep(time.Minute)
		c.take(two, true, 0)
		time.Sleep(time.Minute)
		c.take(two, false, 1)
	})
}

// A process whose store took no end of its turn does not wait for itself.
func TestDutyOfOneself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newWorld(t)
		c := &chore{meet: func() {
			one.store.BeforeSwap(func([]*engine.Item) error { return engine.ErrUnavailable })
		}}
		if err := one.eng.Take(context.Background(), c.duty(), true); !errors.Is(err, engine.ErrUnavailable) {
			t.Error(err)
		}
		one.store.BeforeSwap(nil)
		c.meet = nil
		c.take(one, true, 1)
	})
}

// A duty that is hastened in the middle of a turn keeps the turn's mark, and its
// next turn begins at once.
func TestDutyIsHastenedInATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newWorld(t)
		two := joinWorld(t, one.store, func(c *engine.Config) { c.Instance = "two" })
		mark := time.Now().UTC().Add(-time.Hour)
		c := &chore{next: mark}
		c.meet = func() {
			if err := one.eng.Hasten(context.Background(), c.duty().Name); err != nil {
				t.Error(err)
			}
			c.meet = nil
		}
		c.take(one, true, 1)
		c.take(two, false, 1)
		c.take(two, false, 0)
		if !c.marks[1].Equal(mark) {
			t.Errorf("the next turn began at %v, want %v", c.marks[1], mark)
		}
	})
}

// A turn that took longer than it may ends without undoing the turn of another.
func TestDutyThatTookTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newWorld(t)
		two := joinWorld(t, one.store, func(c *engine.Config) { c.Instance = "two" })
		mark := time.Now().UTC().Add(-time.Hour)
		c := &chore{next: mark}
		other := &chore{next: mark.Add(time.Minute)}
		c.meet = func() {
			time.Sleep(c.duty().Hold + time.Second)
			other.take(two, true, 1)
		}
		if err := one.eng.Take(context.Background(), c.duty(), true); !errors.Is(err, engine.ErrConflict) {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		other.take(two, false, 1)
		if !other.marks[1].Equal(mark.Add(time.Minute)) {
			t.Errorf("it went on at %v", other.marks[1])
		}
	})
}

// Only a delivery of this installation and App is held.
func TestHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive("g1", push("a1"))
		for _, c := range []struct {
			inst, app int64
			guid      string
			want      bool
		}{{inst, appID, "g1", true}, {inst, appID, "g2", false}, {inst + 1, appID, "g1", false}, {inst, appID + 1, "g1", false}} {
			if got, err := w.eng.Holds(context.Background(), c.inst, c.app, c.guid); err != nil || got != c.want {
				t.Errorf("%+v: %v, %v", c, got, err)
			}
		}
	})
}

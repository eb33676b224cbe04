package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// Advance is what a waker calls, as engine.Advance is called.
type Advance func(ctx context.Context, ref engine.Ref) error

// RunWaker holds a waker to its promises. Each call of start must return one of
// its own that runs until the test's end and calls advance.
//
// The suite waits for what is promised, as long as it takes, and asserts of time
// only that nothing is advanced too early.
func RunWaker(t *testing.T, start func(t *testing.T, advance Advance) engine.Waker) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, start func(Advance) engine.Waker)
	}{
		{"wake/what is due", wakesDue},
		{"wake/not too early", wakesInTime},
		{"wake/parked and far away", wakesNever},
		{"wake/again after a failure", wakesAfterFailure},
		{"wake/again with a new revision", wakesAgain},
		{"wake/an old wake is not forgotten", wakesOverdue},
		{"wake/many", wakesMany},
		{"wake/no flood", wakesOnce},
		{"wake/a backlog, swept again and again", wakesBacklog},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, func(advance Advance) engine.Waker { return start(t, advance) })
		})
	}
}

// calls records what a waker advanced.
type calls struct {
	t    *testing.T
	mu   sync.Mutex
	seen map[engine.Ref][]time.Time
	news chan struct{}
}

func newCalls(t *testing.T) *calls {
	return &calls{t: t, seen: map[engine.Ref][]time.Time{}, news: make(chan struct{}, 1)}
}

func (c *calls) advance(_ context.Context, ref engine.Ref) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[ref] = append(c.seen[ref], now())
	select {
	case c.news <- struct{}{}:
	default:
	}
	return nil
}

func (c *calls) of(ref engine.Ref) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[ref]
}

// await waits until an item was advanced so often.
func (c *calls) await(ref engine.Ref, times int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for len(c.of(ref)) < times {
		select {
		case <-c.news:
		case <-ctx.Done():
			c.t.Fatalf("%v was advanced %d times, want %d", ref, len(c.of(ref)), times)
		}
	}
}

func now() time.Time { return time.Now() } //nolint:forbidigo // wakers live by the real time

// stored is an item as a store returns it.
func stored(id string, rev int, wait time.Duration) engine.Item {
	return engine.Item{
		Ref: engine.Ref{Kind: engine.KindRun, ID: id}, Rev: fmt.Sprint(rev),
		WakeAt: now().Add(wait).UTC().Truncate(time.Microsecond),
	}
}

func wake(t *testing.T, w engine.Waker, items ...engine.Item) {
	t.Helper()
	for _, it := range items {
		if err := swept(t.Context(), w, it); err != nil {
			t.Fatal(err)
		}
	}
}

// swept wakes an item as the engine does: what fails, on a queue that has more
// to do than it can, is woken again by later sweeps.
func swept(ctx context.Context, w engine.Waker, it engine.Item) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := w.Wake(ctx, it)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("wake %v: not taken within a minute: %w", it.Ref, err)
		}
	}
}

func wakesDue(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	w := start(c.advance)
	it, past := stored("7/now", 1, 0), stored("7/past", 1, -time.Hour)
	wake(t, w, it, past)
	c.await(it.Ref, 1)
	c.await(past.Ref, 1)
}

func wakesInTime(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	w := start(c.advance)
	for n, wait := range []time.Duration{50 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second} {
		it := stored(fmt.Sprintf("7/%d", n), 1, wait)
		wake(t, w, it)
		c.await(it.Ref, 1)
		if at := c.of(it.Ref)[0]; at.Before(it.WakeAt) {
			t.Errorf("an item was advanced %s before its time", it.WakeAt.Sub(at))
		}
	}
}

func wakesNever(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	w := start(c.advance)
	parked, far := stored("7/parked", 1, 0), stored("7/far", 1, 45*24*time.Hour)
	parked.WakeAt = time.Time{}
	last := stored("7/last", 1, 100*time.Millisecond)
	wake(t, w, parked, far, last)
	c.await(last.Ref, 1)
	if n := len(c.of(parked.Ref)) + len(c.of(far.Ref)); n != 0 {
		t.Errorf("what is parked or due in 45 days was advanced %d times", n)
	}
}

func wakesAfterFailure(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	it := stored("7/a", 1, 0)
	wake(t, start(func(ctx context.Context, ref engine.Ref) error {
		if err := c.advance(ctx, ref); err != nil || len(c.of(ref)) > 2 {
			return err
		}
		return errors.New("the store is out of reach")
	}), it)
	c.await(it.Ref, 3)
}

func wakesAgain(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	w := start(c.advance)
	for n := range 5 {
		it := stored("7/a", n+1, 0)
		wake(t, w, it)
		c.await(it.Ref, n+1)
	}
}

// wakesOverdue wakes one revision again after it was advanced: what the first
// wake was to begin may have died under way.
func wakesOverdue(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	w := start(c.advance)
	it := stored("7/a", 1, 0)
	wake(t, w, it)
	c.await(it.Ref, 1)
	it.WakeAt = it.WakeAt.Add(-time.Minute)
	wake(t, w, it)
	c.await(it.Ref, 2)
}

func wakesMany(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	w := start(c.advance)
	items := make([]engine.Item, 200)
	for n, err := range together(len(items), func(n int) error {
		items[n] = stored(fmt.Sprintf("%d/%03d", n%2+7, n), 1, 0)
		return swept(t.Context(), w, items[n])
	}) {
		if err != nil {
			t.Fatalf("Wake %d: %v", n, err)
		}
	}
	for _, it := range items {
		c.await(it.Ref, 1)
	}
}

// wakesOnce wakes an item 50 times while it is being advanced: that may have it
// advanced once more, and not 50 times.
func wakesOnce(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	all := make(chan struct{})
	w := start(func(ctx context.Context, ref engine.Ref) error {
		select {
		case <-all:
		case <-ctx.Done():
		}
		return c.advance(ctx, ref)
	})
	it := stored("7/a", 1, 0)
	for range 50 {
		wake(t, w, it)
	}
	close(all)
	last := stored("7/last", 1, 100*time.Millisecond)
	wake(t, w, last)
	c.await(it.Ref, 1)
	c.await(last.Ref, 1)
	if n := len(c.of(it.Ref)); n > 3 {
		t.Errorf("an item that was woken 50 times for one revision was advanced %d times", n)
	}
}

// wakesBacklog has the items of two tenants, whose last writer's clock was an hour
// behind, woken by five sweeps while none of them is done: each is advanced, and
// the sweeps do not multiply the backlog.
func wakesBacklog(t *testing.T, start func(Advance) engine.Waker) {
	c := newCalls(t)
	all := make(chan struct{})
	w := start(func(ctx context.Context, ref engine.Ref) error {
		select {
		case <-all:
		case <-ctx.Done():
		}
		return c.advance(ctx, ref)
	})
	var items []engine.Item
	for n := range 40 {
		items = append(items, stored(fmt.Sprintf("%d/%02d", 7+n%2*63, n), 1, -time.Hour))
	}
	for range 5 {
		wake(t, w, items...)
	}
	close(all)
	total := 0
	for _, it := range items {
		c.await(it.Ref, 1)
	}
	last := stored("7/last", 1, 100*time.Millisecond)
	wake(t, w, last)
	c.await(last.Ref, 1)
	for _, it := range items {
		total += len(c.of(it.Ref))
	}
	if total > 3*len(items) {
		t.Errorf("%d items that five sweeps woke were advanced %d times", len(items), total)
	}
}

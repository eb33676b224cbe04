package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// showsAtOnce bounds the surfaces of one run that are being called at once.
// They have places of their own: a surface that hangs keeps no effect waiting.
const showsAtOnce = 4

// crew performs what one item owes until nothing is due. One goroutine, the
// crew's own, does all the storing; the others only perform.
type crew struct {
	e       *Engine
	ctx     context.Context
	ref     Ref
	began   time.Time
	results chan result
	effects int // in hand
	shows   int // in hand
	item    Item
	next    time.Time
	full    bool // something is due that there is no place for
	err     error
}

// result is what came of a task.
type result struct {
	task
	outcome pipeline.Outcome
	shown   Shown
	err     error
	stack   []byte          // of a panic
	span    context.Context //nolint:containedctx // whose span the outcome belongs under; nothing else of it is used
	took    time.Duration
}

func (e *Engine) crew(ctx context.Context, ref Ref) *crew {
	now := e.now()
	return &crew{
		e: e, ctx: ctx, ref: ref, began: now, next: now, item: Item{Ref: ref},
		results: make(chan result, e.opt.Concurrency+showsAtOnce+1),
	}
}

// work goes on until nothing is in hand and nothing is due, then has the item
// woken at its next time.
func (c *crew) work() error {
	for {
		if c.mayBegin() && !c.full && !c.next.IsZero() && !c.next.After(c.e.now()) {
			c.pass()
			continue
		}
		if c.effects+c.shows == 0 {
			break
		}
		c.await()
	}
	if c.err == nil && !c.e.stopping.Load() {
		c.item.WakeAt = c.next
		c.e.wake(c.ctx, c.item)
	}
	return c.err
}

// mayBegin is false once the process stops, the store fails, or the budget is
// used up: what is in hand is then brought to its end and nothing is added.
func (c *crew) mayBegin() bool {
	return c.err == nil && c.ctx.Err() == nil && !c.e.stopping.Load() && c.e.now().Sub(c.began) < c.e.opt.Budget
}

func (c *crew) room() (effects, shows int) {
	if !c.mayBegin() {
		return 0, 0
	}
	return c.e.opt.Concurrency - c.effects, showsAtOnce - c.shows
}

// pass lets time pass in the machine and claims what is due.
func (c *crew) pass() {
	t, err := c.e.update(c.ctx, c.ref, func(t *tx) error {
		if t.item.State == StateParked {
			return errNothing
		}
		if at := t.machineWake(); !at.IsZero() && !at.After(t.now) {
			t.ticked = true
			if err := t.apply("time", pipeline.Tick{}); err != nil {
				return err
			}
		}
		t.claim(c.room())
		if !t.ticked && len(t.jobs) == 0 && sameWake(t.item.WakeAt, t.next(), t.now) {
			return errNothing
		}
		return nil
	})
	if err != nil {
		c.err = err
		return
	}
	c.full = len(t.jobs) == 0 && !t.ticked
	c.adopt(t)
}

// sameWake reports whether the stored time serves as well as the wanted one:
// all that is past means "now".
func sameWake(stored, want, now time.Time) bool {
	if stored.IsZero() || want.IsZero() {
		return stored.IsZero() && want.IsZero()
	}
	return stored.Equal(want) || (!stored.After(now) && !want.After(now))
}

// adopt begins what a stored swap has claimed.
func (c *crew) adopt(t *tx) {
	c.item, c.next = *t.item, t.next()
	if t.item.State == StateParked {
		c.next = time.Time{}
	}
	for _, job := range t.jobs {
		if job.effect != nil {
			c.effects++
		} else {
			c.shows++
		}
		go func() { c.results <- c.e.do(c.ctx, job) }()
	}
}

// await takes one result, or returns when something else has become due.
func (c *crew) await() {
	due := make(chan struct{}, 1)
	if c.mayBegin() && !c.full && !c.next.IsZero() {
		stop := c.e.clock.AfterFunc(c.next.Sub(c.e.now()), func() { due <- struct{}{} })
		defer stop()
	}
	select {
	case <-due:
	case r := <-c.results:
		if r.effect != nil {
			c.effects--
		} else {
			c.shows--
		}
		c.full = false
		if err := c.settle(r); err != nil && c.err == nil {
			c.err = err
		}
	}
}

// do performs one task. A panic is a failed try, not the end of the process.
func (e *Engine) do(ctx context.Context, t task) (r result) {
	r.task = t
	if t.early != nil {
		return *t.early
	}
	begun := e.clock.Now()
	ctx, span := e.spanTask(ctx, t)
	r.span = ctx
	defer func() {
		r.took = e.clock.Now().Sub(begun)
		if p := recover(); p != nil {
			r.err, r.stack = fmt.Errorf("the performer panicked: %v", p), debug.Stack()
		}
		span.End(r.err)
	}()
	switch {
	case t.bad != nil:
		r.outcome = unreadable(t.bad)
	case t.effect != nil:
		ctx, end := e.within(ctx, e.opt.EffectTimeout)
		defer end()
		r.outcome, r.err = e.performOne(ctx, t)
	default:
		ctx, end := e.within(ctx, e.opt.ShowTimeout)
		defer end()
		r.shown, r.err = e.shower.Show(ctx, *t.show)
	}
	return r
}

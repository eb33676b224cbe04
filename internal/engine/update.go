package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// errBusy means that others changed the item again and again. The caller's
// retry, which comes later, is what resolves it.
var errBusy = errors.New("the item is being changed by others all the time; try again later")

// errNothing makes update return without storing anything.
var errNothing = errors.New("nothing to store")

// tx is one attempt at a step: what was loaded, what was decided, and all the
// items that will be stored together.
type tx struct {
	e        *Engine
	ctx      context.Context
	now      time.Time
	item     *Item
	rec      *record
	lane     *pipeline.Lane
	laneItem *Item
	laneAt   time.Time // when the lane was to be woken, as loaded
	with     []*Item   // stored together with the item: lane, log, links, the delivery
	ticked   bool      // the machine was asked because its time had come
	over     bool      // the intake ends with this step
	refused  *pipeline.Refusal
	fact     pipeline.Fact    // the last one that was applied
	entered  []pipeline.Entry // into the audit trail
	jobs     []task
	was      *pipeline.Run    // as loaded; nil: a new one
	hearing  *tracing.Started // the span of the step
}

// update loads an item, lets change decide, and stores it all, again whenever
// somebody else was faster. The answer is the tx that was stored, or the last
// one that found nothing to store.
func (e *Engine) update(ctx context.Context, ref Ref, change func(*tx) error) (*tx, error) {
	return e.attempt(ctx, ref.Kind, func() (*tx, error) { return e.load(ctx, ref) }, change)
}

func (e *Engine) attempt(ctx context.Context, kind Kind, load func() (*tx, error), change func(*tx) error) (*tx, error) {
	for range swapTries {
		t, err := load()
		if err != nil {
			return nil, err
		}
		err = t.step(change)
		if errors.Is(err, errNothing) {
			return t, nil
		} else if err != nil {
			return nil, err
		}
		t.early()
		err = e.store.Swap(t.ctx, append([]*Item{t.item}, t.with...)...)
		t.spanHeard(err)
		if err == nil {
			t.spanOver(ctx)
			t.sayOver()
			t.tell()
			if t.laneItem != nil && !t.laneItem.WakeAt.Equal(t.laneAt) {
				e.wake(ctx, *t.laneItem)
			}
			return t, nil
		}
		if !errors.Is(err, ErrConflict) {
			return nil, fmt.Errorf("store %s %s: %w", t.item.Kind, t.item.ID, err)
		}
		e.hooks.Conflict(kind)
	}
	return nil, errBusy
}

// step has change decide, and writes down what came of it.
func (t *tx) step(change func(*tx) error) error {
	err := change(t)
	if err == nil {
		err = t.seal()
	}
	if err != nil {
		t.spanHeard(err)
	}
	return err
}

// sayOver logs what came of a push or command: why no run began is nowhere
// else to be read.
func (t *tx) sayOver() {
	if in := t.rec.Intake; in != nil && t.over {
		t.e.log.InfoContext(t.ctx, "an intake is over", logItem, in.ID, logDelivery, in.Cause, logRepo, in.Repo.FullName(), logReason, in.Result)
	}
}

// load reads a run with its lane, or an intake.
func (e *Engine) load(ctx context.Context, ref Ref) (*tx, error) {
	item, err := e.store.Get(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("load %s %s: %w", ref.Kind, ref.ID, err)
	}
	rec, err := decodeRecord(item)
	if err != nil {
		return nil, err
	}
	t := &tx{e: e, ctx: ctx, now: e.now(), item: &item, rec: rec, was: rec.Run}
	if rec.Run == nil {
		return t, nil
	}
	return t, t.loadLane()
}

// loadLane reads the run's lane; one that is not there yet is new.
func (t *tx) loadLane() error {
	item, lane, err := t.e.loadLane(t.ctx, LaneRef(t.rec.Run.Repo.Installation, t.rec.Run.Lane))
	t.laneItem, t.lane, t.laneAt = &item, lane, item.WakeAt
	return err
}

func decodeLane(item Item) (*pipeline.Lane, error) {
	lane := new(pipeline.Lane)
	if err := json.Unmarshal(item.Body, lane); err != nil {
		return nil, fmt.Errorf("%s %s: decode the stored body: %w", item.Kind, item.ID, err)
	}
	return lane, versioned(item, lane.V == pipeline.RunVersion, lane.V)
}

func (t *tx) state() pipeline.State { return pipeline.State{Lane: t.lane, Run: t.rec.Run} }

// apply asks the machine and takes over what it answers.
func (t *tx) apply(cause string, fact pipeline.Fact) error {
	t.fact = fact
	t.spanHear(fact)
	ev := pipeline.Event{At: t.now, Zones: t.e.zones, Cause: cause, Fact: fact}
	if t.rec.Intake != nil {
		step := t.e.machine.NextIntake(t.rec.Intake, ev)
		t.over = t.over || step.Intake.Over && !t.rec.Intake.Over
		t.rec.Intake = step.Intake
		return t.rec.owe(step.Effects, t.now)
	}
	before := t.rec.Run
	step := t.e.machine.Next(t.state(), ev)
	t.rec.Run, t.lane, t.refused = step.State.Run, step.State.Lane, step.Refused
	t.rec.want(step.Show, t.now)
	if err := t.rec.owe(step.Effects, t.now); err != nil {
		return err
	}
	if err := t.links(before); err != nil {
		return err
	}
	return t.append(step.Log)
}

// append adds the lines of the audit trail, and the lane: what was decided by
// looking at it must not be stored beside another lane.
func (t *tx) append(entries []pipeline.Entry) error {
	inst := t.lane.Installation
	for _, entry := range entries {
		item, err := logItemOf(inst, entry)
		if err != nil {
			return err
		}
		t.with = append(t.with, item)
	}
	t.entered = append(t.entered, entries...)
	for _, w := range t.with {
		if w == t.laneItem {
			return nil
		}
	}
	t.with = append(t.with, t.laneItem)
	return nil
}

// seal writes the bodies, and when the item must be looked at next.
func (t *tx) seal() error {
	if t.laneItem != nil {
		if err := encode(t.laneItem, t.lane); err != nil {
			return err
		}
		t.laneItem.WakeAt = t.e.laneWake(t.lane)
	}
	t.item.WakeAt = t.next()
	t.item.Scope = scopeOf(t.rec.repo())
	if run := t.rec.Run; run != nil {
		t.item.State, t.item.Expires = string(run.Status), t.keptUntil()
	} else {
		t.item.State, t.item.Expires = StateOpen, time.Time{}
		if t.rec.Intake.Over && len(t.rec.Owed) == 0 {
			t.item.State, t.item.Expires = StateDone, t.now.Add(keepDelivery)
		}
	}
	return encode(t.item, t.rec)
}

// keptUntil is when a run may be deleted: long after its end, once all that it
// owes is done and all that it shows is shown. Zero is never. What people need to
// return to a release stands in its lane, and what happened in the audit trail.
func (t *tx) keptUntil() time.Time {
	if t.e.opt.KeepRuns == 0 || t.rec.Run.Status == pipeline.RunActive || len(t.rec.Owed) > 0 || !t.item.WakeAt.IsZero() {
		return time.Time{}
	}
	return t.now.Add(t.e.opt.KeepRuns)
}

// next is when the item must be looked at: the earliest of the machine's own
// time, what is owed, and what is to be shown. Zero means that only news moves
// it: law 5.
func (t *tx) next() time.Time {
	var next time.Time
	earliest := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	earliest(t.machineWake())
	for _, o := range t.rec.Owed {
		earliest(t.e.owedAt(o, t.now))
	}
	for name := range t.rec.Slots {
		earliest(t.slotAt(name))
	}
	return next
}

// machineWake is when the machine wants to be asked again.
func (t *tx) machineWake() time.Time {
	if t.rec.Run == nil {
		return time.Time{}
	}
	at := t.e.machine.Wake(t.state())
	if t.ticked && !at.IsZero() && !at.After(t.now) {
		return t.now.Add(idleTick)
	}
	if at.IsZero() {
		return at
	}
	return ceil(at)
}

// ceil rounds up to what the store keeps, so that a time is never reached early.
func ceil(at time.Time) time.Time {
	at = at.UTC()
	if short := at.Truncate(time.Microsecond); !short.Equal(at) {
		return short.Add(time.Microsecond)
	}
	return at
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// changeLane has a lane judge what somebody asks of it.
func (e *Engine) changeLane(ctx context.Context, job Job, f pipeline.ChangeLane, cause string) (pipeline.Outcome, error) {
	if f.Lane == "" {
		return nil, errors.New("a lane without a name cannot be changed")
	}
	ref := LaneRef(job.Repo.Installation, f.Lane)
	ev := pipeline.LaneEvent{Cause: cause, Behind: f.Behind}
	if f.Behind == nil {
		ev.Ask = &f.Ask
	}
	step, err := e.stepLane(ctx, ref, ev)
	if err != nil {
		return nil, fmt.Errorf("change lane %s: %w", f.Lane, err)
	}
	return pipeline.LaneChanged{Refused: step.Refused, Said: step.Said}, nil
}

// advanceLane lets time pass in a lane.
func (e *Engine) advanceLane(ctx context.Context, item Item) error {
	switch {
	case item.WakeAt.IsZero() || item.State == StateParked || e.machine.NextLane == nil:
		return nil
	case item.WakeAt.After(e.now()):
		e.wake(ctx, item)
		return nil
	}
	_, err := e.stepLane(ctx, item.Ref, pipeline.LaneEvent{Cause: "time"})
	return err
}

// stepLane takes a lane a step further that none of its runs takes: lane, log
// and what is owed to the runs, as an intake, are stored in one swap.
func (e *Engine) stepLane(ctx context.Context, ref Ref, ev pipeline.LaneEvent) (pipeline.LaneStep, error) {
	for range swapTries {
		item, lane, err := e.loadLane(ctx, ref)
		if err != nil {
			return pipeline.LaneStep{}, err
		}
		ev.At = e.now()
		step := e.machine.NextLane(lane, ev)
		items, errand, err := e.sealLane(ctx, &item, step, ev)
		if err != nil {
			return pipeline.LaneStep{}, err
		}
		if err = e.store.Swap(ctx, items...); err == nil {
			e.wake(ctx, item)
			if errand != nil {
				e.wake(ctx, *errand)
			}
			return step, nil
		}
		if !errors.Is(err, ErrConflict) {
			return pipeline.LaneStep{}, fmt.Errorf("store %s %s: %w", ref.Kind, ref.ID, err)
		}
		e.hooks.Conflict(KindLane)
	}
	return pipeline.LaneStep{}, errBusy
}

// loadLane reads a lane; one that is not there yet is new.
func (e *Engine) loadLane(ctx context.Context, ref Ref) (Item, *pipeline.Lane, error) {
	inst := installation(ref.ID)
	item, err := e.store.Get(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		id := pipeline.LaneID(ref.ID[len(tenant(inst)):])
		return Item{Ref: ref, Scope: string(id)}, &pipeline.Lane{V: pipeline.RunVersion, ID: id, Installation: inst}, nil
	}
	if err != nil {
		return Item{}, nil, fmt.Errorf("load %s %s: %w", ref.Kind, ref.ID, err)
	}
	lane, err := decodeLane(item)
	return item, lane, err
}

// sealLane makes the items that a step of a lane stores together.
func (e *Engine) sealLane(ctx context.Context, item *Item, step pipeline.LaneStep, ev pipeline.LaneEvent) (items []*Item, errand *Item, err error) {
	if err := encode(item, step.Lane); err != nil {
		return nil, nil, err
	}
	item.WakeAt = e.laneWake(step.Lane)
	items = []*Item{item}
	for _, entry := range step.Log {
		line, err := logItemOf(step.Lane.Installation, entry)
		if err != nil {
			return nil, nil, err
		}
		items = append(items, line)
	}
	if step.Errand == nil {
		return items, nil, nil
	}
	errand, err = e.errand(ctx, *item, step, ev)
	return append(items, errand), errand, err
}

// errand makes the intake that carries out what a lane owes.
func (e *Engine) errand(ctx context.Context, lane Item, step pipeline.LaneStep, ev pipeline.LaneEvent) (*Item, error) {
	in := &pipeline.Intake{
		V: pipeline.IntakeVersion, ID: intakeID(ev.At, lane.ID+"\x00"+lane.Rev, 0), Repo: pipeline.Repo{Installation: step.Lane.Installation},
		At: ev.At, Cause: lane.ID + " " + ev.Cause, Errand: step.Errand,
	}
	if look := step.Errand.Look; look != nil {
		in.Repo = look.Repo
	}
	t := &tx{e: e, ctx: ctx, now: ev.At, item: &Item{Ref: IntakeRef(in.Repo.Installation, in.ID)}, rec: &record{V: bodyVersion, Intake: in}}
	err := t.apply(in.Cause, pipeline.Started{})
	if err == nil {
		err = t.seal()
	}
	t.spanHeard(err)
	return t.item, err
}

// laneWake is when a lane changes by itself; zero: never.
func (e *Engine) laneWake(lane *pipeline.Lane) time.Time {
	if e.machine.WakeLane == nil {
		return time.Time{}
	}
	at := e.machine.WakeLane(lane)
	if at.IsZero() {
		return at
	}
	return ceil(at)
}

// logItemOf makes the item of a line of the log.
func logItemOf(inst int64, entry pipeline.Entry) (*Item, error) {
	item := &Item{Ref: logRef(inst, entry.Lane, entry.Seq), Scope: string(entry.Run), State: entry.What}
	return item, encode(item, entry)
}

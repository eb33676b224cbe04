package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// dutyEnd is how long the end of a turn may take to be stored, also while the
// process stops.
const dutyEnd = 5 * time.Second

// Duty is work of the whole service that one process at a time does, such as
// the look for lost webhooks. How far it came is stored with everything else,
// so that a store from a backup knows no more than it holds.
type Duty struct {
	Name  string        // unique in the store
	Every time.Duration // whoever comes sooner after another's turn passes
	Hold  time.Duration // how long one turn may take; a process that dies in it keeps the others away no longer
	Later bool          // in a new store the first turn comes after Every
	// Do works from the mark of the last turn that ended well, zero at first,
	// and returns its own.
	Do func(ctx context.Context, mark time.Time) (time.Time, error)
}

// duty is the body of a duty's item.
type duty struct {
	V       int       `json:"v"`
	Mark    time.Time `json:"mark,omitzero"`
	BeganAt time.Time `json:"began_at"`
	lease
}

// Take does a turn of the duty, unless another process is at it, or was a
// moment ago and this is not the first turn of a process. A process calls it for
// one turn at a time.
func (e *Engine) Take(ctx context.Context, d Duty, first bool) error {
	item, body, err := e.loadDuty(ctx, d.Name)
	if err != nil {
		return fmt.Errorf("read the duty %s: %w", d.Name, err)
	}
	now := e.now()
	// A tick comes a little early now and then; a clock that was set back waits for nothing.
	soon := now.Sub(body.BeganAt) < d.Every*9/10 && !body.BeganAt.After(now)
	fresh := d.Later && body.BeganAt.IsZero()
	others := body.By != e.instance && e.freeAt(body.lease).After(now) // a turn of one's own whose end the store did not take holds nobody up
	if others || soon && !first {
		return nil
	}
	body.BeganAt = now
	if fresh {
		return e.beginDuty(ctx, d, item, body)
	}
	body.take(e.instance, now.Add(d.Hold))
	if err := e.storeDuty(ctx, item, body); err != nil {
		if errors.Is(err, ErrConflict) {
			return nil // another process was quicker
		}
		return fmt.Errorf("take the duty %s: %w", d.Name, err)
	}
	return e.doDuty(ctx, d, item, body)
}

// beginDuty stores that time runs from now on.
func (e *Engine) beginDuty(ctx context.Context, d Duty, item *Item, body *duty) error {
	if err := e.storeDuty(ctx, item, body); err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("begin the duty %s: %w", d.Name, err)
	}
	return nil
}

// Hasten has a duty's next turn begin as soon as anybody looks.
func (e *Engine) Hasten(ctx context.Context, name string) error {
	for range swapTries {
		item, body, err := e.loadDuty(ctx, name)
		if err != nil {
			return fmt.Errorf("read the duty %s: %w", name, err)
		}
		body.BeganAt = time.Time{}
		if err = e.storeDuty(ctx, item, body); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return errBusy
}

func (e *Engine) doDuty(ctx context.Context, d Duty, item *Item, body *duty) error {
	work, cancel := context.WithTimeout(ctx, d.Hold)
	defer cancel()
	mark, failed := d.Do(work, body.Mark)
	if failed != nil {
		mark = body.Mark
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), dutyEnd)
	defer stop()
	if err := e.endDuty(end, d.Name, item, body, mark); err != nil {
		return errors.Join(failed, fmt.Errorf("end the turn of the duty %s: %w", d.Name, err))
	}
	return failed
}

// endDuty stores how far a turn came. That the next one was hastened meanwhile
// stays so.
func (e *Engine) endDuty(ctx context.Context, name string, item *Item, body *duty, mark time.Time) error {
	turn := body.lease
	for range swapTries {
		if body.By != turn.By || !body.LeasedUntil.Equal(turn.LeasedUntil) {
			return ErrConflict // it took longer than it may, and another process is at it
		}
		if mark.After(body.Mark) {
			body.Mark = mark
		}
		body.release()
		err := e.storeDuty(ctx, item, body)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		next, now, err := e.loadDuty(ctx, name)
		if err != nil {
			return err
		}
		item, body = next, now
	}
	return errBusy
}

func (e *Engine) loadDuty(ctx context.Context, name string) (*Item, *duty, error) {
	item, err := e.store.Get(ctx, DutyRef(name))
	if errors.Is(err, ErrNotFound) {
		return &Item{Ref: DutyRef(name)}, &duty{V: bodyVersion}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	body, err := decode[duty](item)
	return &item, body, err
}

func (e *Engine) storeDuty(ctx context.Context, item *Item, body *duty) error {
	if err := encode(item, body); err != nil {
		return err
	}
	return e.store.Swap(ctx, item)
}

// Holds tells whether a delivery of this installation and app is stored,
// applied or not.
func (e *Engine) Holds(ctx context.Context, inst, app int64, guid string) (bool, error) {
	_, err := e.store.Get(ctx, DeliveryRef(inst, app, guid))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

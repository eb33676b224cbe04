package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// fault is the body of a fault item: how often another item failed, and why.
// It stands beside the item, because that item's body may be the trouble.
type fault struct {
	V       int       `json:"v"`
	Kind    Kind      `json:"kind"`
	ID      string    `json:"id"`
	Count   int       `json:"count"`
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
	Error   string    `json:"error"`
	State   string    `json:"state"` // the item's, before it was parked
}

// fault books a failure on an item. It is tried again with backoff, and parked
// when it has failed too often in a row.
func (e *Engine) fault(ctx context.Context, ref Ref, cause error) error {
	attrs := []any{logItem, ref.ID, logError, cause}
	var p *panicError
	if errors.As(cause, &p) {
		attrs = append(attrs, logStack, string(p.stack))
	}
	e.log.ErrorContext(ctx, "an item could not be advanced", attrs...)
	for range swapTries {
		parked, err := e.bookFault(ctx, ref, cause)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err == nil && parked {
			e.hooks.Parked(ref.Kind)
			e.log.ErrorContext(ctx, "an item is parked: it failed too often and needs a person", logItem, ref.ID, logReason, cause.Error())
		}
		return err
	}
	return errBusy
}

func (e *Engine) bookFault(ctx context.Context, ref Ref, cause error) (parked bool, err error) {
	item, err := e.store.Get(ctx, ref)
	if err != nil {
		return false, err
	}
	if item.State == StateParked {
		return false, nil
	}
	note, f, err := e.loadFault(ctx, ref)
	if err != nil {
		return false, err
	}
	now := e.now()
	if f.Count == 0 || now.Sub(f.LastAt) > faultsForget {
		f.Count, f.FirstAt = 0, now
	}
	f.Count++
	f.LastAt, f.Error, f.State = now, cause.Error(), item.State
	note.State, note.Expires = StateOpen, now.Add(keepDelivery)
	item.WakeAt = now.Add(e.backoff(f.Count))
	if f.Count >= faultsToPark {
		parked = true
		item.WakeAt, item.State = time.Time{}, StateParked
		note.State, note.Expires = StateParked, time.Time{}
	}
	if err := encode(&note, f); err != nil {
		return false, err
	}
	if err := e.store.Swap(ctx, &item, &note); err != nil {
		return false, err
	}
	e.wake(ctx, item)
	return parked, nil
}

func (e *Engine) loadFault(ctx context.Context, of Ref) (Item, *fault, error) {
	item, err := e.store.Get(ctx, faultRef(of))
	if errors.Is(err, ErrNotFound) {
		return Item{Ref: faultRef(of)}, &fault{V: bodyVersion, Kind: of.Kind, ID: of.ID}, nil
	}
	if err != nil {
		return Item{}, nil, err
	}
	f, err := decode[fault](item)
	return item, f, err
}

// Parked is an item that failed too often and waits for a person.
type Parked struct {
	Ref
	Reason  string
	Count   int
	FirstAt time.Time
	LastAt  time.Time
}

// Parked lists what is parked, of one installation or, with 0, of all.
func (e *Engine) Parked(ctx context.Context, inst int64) ([]Parked, error) {
	q := Query{Kind: KindFault, State: StateParked}
	if inst != 0 {
		q.Prefix = tenant(inst)
	}
	var parked []Parked
	err := e.each(ctx, q, func(note Item) error {
		f, err := decode[fault](note)
		if err != nil {
			return err
		}
		ref := Ref{Kind: f.Kind, ID: f.ID}
		item, err := e.store.Get(ctx, ref)
		if err == nil && item.State == StateParked {
			parked = append(parked, Parked{Ref: ref, Reason: f.Error, Count: f.Count, FirstAt: f.FirstAt, LastAt: f.LastAt})
		}
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what is parked: %w", err)
	}
	return parked, nil
}

// Unpark has a parked item tried again from now on.
func (e *Engine) Unpark(ctx context.Context, ref Ref) error { return e.unpark(ctx, ref, 0) }

// retryParked gives each parked item one more try: a newer version may know how
// to go on with it. One that fails is parked again at once.
func (e *Engine) retryParked(ctx context.Context) {
	parked, err := e.Parked(ctx, 0)
	for _, p := range parked {
		err = errors.Join(err, e.unpark(ctx, p.Ref, faultsToPark-1))
	}
	if err != nil {
		e.log.WarnContext(ctx, "what is parked could not all be tried once more", logError, err)
	}
}

// unpark takes an item up again as one that has failed so often in a row.
func (e *Engine) unpark(ctx context.Context, ref Ref, failed int) error {
	item, err := e.store.Get(ctx, ref)
	if err != nil {
		return fmt.Errorf("unpark %s %s: %w", ref.Kind, ref.ID, err)
	}
	if item.State != StateParked {
		return nil
	}
	note, f, err := e.loadFault(ctx, ref)
	if err != nil {
		return fmt.Errorf("unpark %s %s: %w", ref.Kind, ref.ID, err)
	}
	item.State, item.WakeAt = f.State, e.now()
	f.Count, f.LastAt = failed, e.now()
	note.State, note.Expires = StateOpen, e.now().Add(keepDelivery)
	if err := encode(&note, f); err != nil {
		return err
	}
	if err := e.store.Swap(ctx, &item, &note); err != nil {
		return fmt.Errorf("unpark %s %s: %w", ref.Kind, ref.ID, err)
	}
	e.wake(ctx, item)
	return nil
}

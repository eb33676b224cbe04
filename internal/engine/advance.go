package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// ErrStopping means that this process begins nothing new; another will.
var ErrStopping = errors.New("this process is stopping; try again, another one will answer")

// Advance takes one item a step further and performs what that makes due. It
// may be called at any time and by anybody, also twice. An error means that the
// caller should try again later; what is wrong with the item itself is booked
// on it and is no error.
func (e *Engine) Advance(ctx context.Context, ref Ref) error {
	if e.stopping.Load() {
		return ErrStopping
	}
	return e.blame(ctx, ref, func() error {
		switch ref.Kind {
		case KindRun, KindIntake:
			return e.crew(ctx, ref).work()
		case KindLane:
			item, err := e.store.Get(ctx, ref)
			if err != nil {
				return err
			}
			return e.advanceLane(ctx, item)
		case KindDelivery:
			item, err := e.store.Get(ctx, ref)
			if err != nil {
				return err
			}
			if item.WakeAt.After(e.now()) {
				e.wake(ctx, item)
				return nil
			}
			if item.WakeAt.IsZero() {
				return nil
			}
			return e.advanceDelivery(ctx, item)
		default:
			return nil // logs and links move only with a run or a lane
		}
	})
}

// guarded turns a panic into an error, so that one item cannot end the process.
func (e *Engine) guarded(f func() (*tx, error)) (t *tx, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return f()
}

type panicError struct {
	value any
	stack []byte
}

// Error names what was thrown; the stack goes to the log only.
func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// blame runs f and books on the item what is the item's fault.
func (e *Engine) blame(ctx context.Context, ref Ref, f func() error) error {
	_, err := e.guarded(func() (*tx, error) { return nil, f() })
	var unknown *pipeline.UnknownKindError
	var store *storeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &store), errors.Is(err, errBusy), errors.Is(err, ErrUnavailable),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict):
		e.log.DebugContext(ctx, "an item is gone or was changed by another", logItem, ref.ID, logError, err)
		return nil
	case errors.As(err, &unknown):
		return e.leave(ctx, ref, err)
	}
	return e.fault(context.WithoutCancel(ctx), ref, err)
}

// leave keeps an item for a newer process: its body is not touched, it is only
// looked at again later.
func (e *Engine) leave(ctx context.Context, ref Ref, cause error) error {
	e.log.WarnContext(ctx, "an item is left for a newer version", logItem, ref.ID, logError, cause)
	item, err := e.store.Get(ctx, ref)
	if err != nil || item.WakeAt.IsZero() || item.WakeAt.After(e.now()) {
		return err
	}
	item.WakeAt = e.now().Add(unknownRest)
	if err := e.store.Swap(ctx, &item); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	e.wake(ctx, item)
	return nil
}

// storeError marks what the store said, so that it is never held against an item.
type storeError struct{ err error }

func (s *storeError) Error() string { return s.err.Error() }
func (s *storeError) Unwrap() error { return s.err }

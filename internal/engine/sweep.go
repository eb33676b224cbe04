package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The pace of the sweeps, and what one of them may do.
const (
	sweepEvery  = 30 * time.Second
	recoverMost = 10000 // items that a start looks at
	purgeAtOnce = 500
	purgeRounds = 20
)

// Sweep wakes what is due and, by its age, in nobody's hand, oldest first, and
// deletes what has expired. It says how many items it woke.
func (e *Engine) Sweep(ctx context.Context) (int, error) {
	now := e.now()
	before := now.Add(-e.opt.SweepGrace)
	if e.opt.SoleOwner {
		// Its waker lives in memory: what is due before the next sweep is told now.
		before = now.Add(sweepEvery)
	}
	items, err := e.store.Due(ctx, before, e.opt.SweepLimit)
	if err != nil {
		return 0, fmt.Errorf("find what is due: %w", err)
	}
	overdue, oldest, unapplied := 0, time.Duration(0), time.Duration(0)
	for _, item := range items {
		if late := now.Sub(item.WakeAt); late >= 0 {
			overdue++
			oldest = max(oldest, late)
			if item.Kind == KindDelivery {
				unapplied = max(unapplied, late)
			}
		}
		e.wake(ctx, item)
	}
	e.hooks.Overdue(overdue, oldest)
	e.hooks.Unapplied(unapplied)
	parked, err := e.Parked(ctx, 0)
	if err == nil {
		e.hooks.StillParked(len(parked))
	}
	return len(items), errors.Join(err, e.purge(ctx, now))
}

// Recover is the first sweep of a process: what was parked has one more try.
// If the process owns its store alone, what a dead predecessor had leased is
// taken over at once, and what becomes due before the next sweep is put in the
// waker; elsewhere a lease may be that of a living process.
func (e *Engine) Recover(ctx context.Context) (int, error) {
	if !e.opt.SoleOwner {
		e.retryParked(ctx)
		return e.Sweep(ctx)
	}
	now := e.now()
	horizon := max(e.opt.EffectTimeout, e.opt.ShowTimeout) + leaseMargin
	items, err := e.store.Due(ctx, now.Add(horizon), recoverMost)
	if err != nil {
		return 0, fmt.Errorf("find what the last process left: %w", err)
	}
	for _, item := range items {
		if item.WakeAt.After(now) && (item.Kind == KindRun || item.Kind == KindIntake) {
			item.WakeAt = now // it may be a dead process' lease that ends then
		}
		e.wake(ctx, item)
	}
	e.retryParked(ctx)
	return len(items), nil
}

// RunSweeps recovers, and then sweeps every 30 seconds until ctx ends. An error
// is logged: the next sweep may be luckier.
func (e *Engine) RunSweeps(ctx context.Context) {
	sweep := e.Recover
	for ctx.Err() == nil && !e.stopping.Load() {
		if _, err := sweep(ctx); err != nil && ctx.Err() == nil {
			e.log.ErrorContext(ctx, "a sweep failed; the next one comes in 30 seconds", logError, err)
		} else {
			sweep = e.Sweep
		}
		again := make(chan struct{})
		stop := e.clock.AfterFunc(sweepEvery, func() { close(again) })
		select {
		case <-again:
		case <-ctx.Done():
			stop()
		}
	}
}

func (e *Engine) purge(ctx context.Context, now time.Time) error {
	for range purgeRounds {
		n, err := e.store.Purge(ctx, now, purgeAtOnce)
		if err != nil {
			return fmt.Errorf("delete what has expired: %w", err)
		}
		if n < purgeAtOnce {
			return nil
		}
	}
	return nil
}

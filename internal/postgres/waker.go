package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

var _ engine.Waker = (*Waker)(nil)

const (
	// near is how far a wake lies ahead that this process times itself. River's
	// leader looks for scheduled jobs every 5 seconds only, and not at all while
	// a new leader is found.
	near = 10 * time.Second

	retryFirst = time.Second
	retryMost  = time.Minute
	retries    = 20 // about a quarter of an hour; what fails longer is the sweep's

	// An advance begins nothing new after 5 minutes, and what it began ends.
	advanceMost = 15 * time.Minute
	stuckAfter  = 20 * time.Minute
	keepDone    = 10 * time.Minute
	keepFailed  = 24 * time.Hour
)

// Waker spreads wakes over all processes of a database, as River's jobs.
// A job names the item only; a job that dies with its process is found by the
// sweep long before River takes it for stuck.
type Waker struct {
	client  *river.Client[pgx.Tx]
	clock   engine.Clock
	log     *slog.Logger
	advance func(context.Context, engine.Ref) error

	mu     sync.Mutex
	near   map[string]timed // by name
	closed bool

	drained chan struct{} // closed by Drain
}

// timed is a wake that waits in this process.
type timed struct {
	item engine.Item
	stop func() bool
}

// job is a wake in the queue. Name makes it one with those that ask for the same.
type job struct {
	Name string      `json:"name" river:"unique"`
	Item engine.Kind `json:"item"`
	ID   string      `json:"id"`
	At   time.Time   `json:"at"`
}

// Kind is River's name for such jobs.
func (job) Kind() string { return "gatehouse.wake" }

// NewWaker makes a waker with that many workers in this process.
func NewWaker(s *Store, clock engine.Clock, log *slog.Logger, workers int) (*Waker, error) {
	w := &Waker{clock: clock, log: log, near: map[string]timed{}, drained: make(chan struct{})}
	kinds := river.NewWorkers()
	if err := river.AddWorkerSafely(kinds, river.WorkFunc(w.work)); err != nil {
		return nil, err
	}
	client, err := river.NewClient(riverpgxv5.New(s.pool), &river.Config{
		// Its words at errors repeat what is logged here with the item's name.
		Logger:                      slog.New(slog.DiscardHandler),
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:                     kinds,
		FetchCooldown:               5 * time.Millisecond,
		JobTimeout:                  advanceMost,
		RescueStuckJobsAfter:        stuckAfter,
		MaxAttempts:                 retries,
		RetryPolicy:                 w,
		CompletedJobRetentionPeriod: keepDone,
		CancelledJobRetentionPeriod: keepDone,
		DiscardedJobRetentionPeriod: keepFailed,
	})
	w.client = client
	return w, err
}

// Wake puts the item into the queue, or has this process do so at its time if
// that is near.
func (w *Waker) Wake(ctx context.Context, item engine.Item) error {
	if item.WakeAt.IsZero() {
		return nil
	}
	wait := item.WakeAt.Sub(w.clock.Now())
	if wait > 0 && wait <= near && w.time(item, wait) {
		return nil
	}
	return w.insert(ctx, item)
}

// time keeps a near wake in this process, unless that is stopping.
func (w *Waker) time(item engine.Item, wait time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := engine.WakeName(item, item.WakeAt)
	if _, known := w.near[name]; known || w.closed {
		return known
	}
	w.near[name] = timed{item: item, stop: w.clock.AfterFunc(wait, func() { w.ring(name) })}
	return true
}

// ring puts a wake whose time has come into the queue.
func (w *Waker) ring(name string) {
	w.mu.Lock()
	t, waits := w.near[name]
	delete(w.near, name)
	w.mu.Unlock()
	if !waits {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.insert(ctx, t.item); err != nil {
		w.log.Warn("an item could not be woken; the sweep will find it", "item", t.item.ID, "error", err)
	}
}

func (w *Waker) insert(ctx context.Context, item engine.Item) error {
	now := w.clock.Now()
	// Whether a job like it was done before is of no interest.
	options := river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
	if item.WakeAt.After(now) {
		options.ScheduledAt = item.WakeAt // unset for now: what has a time goes through River's leader
	}
	_, err := w.client.Insert(ctx, job{Name: engine.WakeName(item, now), Item: item.Kind, ID: item.ID, At: item.WakeAt}, &options)
	return explain(ctx, "wake an item", err)
}

// work advances the item of a job.
func (w *Waker) work(ctx context.Context, j *river.Job[job]) error {
	if early := j.Args.At.Sub(w.clock.Now()); early > 0 {
		return river.JobSnooze(early) // the clock of who put it in is ahead of ours
	}
	err := w.advance(ctx, engine.Ref{Kind: j.Args.Item, ID: j.Args.ID})
	switch {
	case errors.Is(err, engine.ErrStopping):
		return river.JobSnooze(0) // for another process
	case err != nil && ctx.Err() == nil:
		w.log.WarnContext(ctx, "an item could not be advanced now and is tried again", "item", j.Args.ID, "error", err, "tries", j.Attempt)
	}
	return err
}

// NextRetry is for River: when a job that failed is tried again.
func (w *Waker) NextRetry(row *rivertype.JobRow) time.Time {
	return w.clock.Now().Add(min(retryFirst<<min(len(row.Errors), 10), retryMost))
}

// Run works until ctx ends, which interrupts what is in hand, or Drain is
// called, which does not. It is called once.
//
// A server that cannot be reached at the start is tried again: until it is back,
// webhooks are refused and fetched later, as at any other time.
func (w *Waker) Run(ctx context.Context, advance func(context.Context, engine.Ref) error) error {
	w.advance = advance
	for {
		err := w.client.Start(ctx)
		if err == nil {
			<-w.client.Stopped()
			return nil
		}
		err = explain(ctx, "start the waker", fmt.Errorf("start River: %w", err))
		if !errors.Is(err, engine.ErrUnavailable) {
			return err
		}
		w.log.WarnContext(ctx, "the waker cannot start; it is tried again in a second", "error", err)
		if !w.rest(ctx, time.Second) {
			return nil
		}
	}
}

// rest waits, and says whether the waker is still wanted then.
func (w *Waker) rest(ctx context.Context, d time.Duration) bool {
	over := make(chan struct{})
	defer w.clock.AfterFunc(d, func() { close(over) })()
	select {
	case <-over:
		return true
	case <-w.drained:
		return false
	case <-ctx.Done():
		return false
	}
}

// Drain takes no new work, hands what waits in this process to the queue, and
// waits for what is in hand. If ctx ends first, that is interrupted, and the
// error of ctx returned.
func (w *Waker) Drain(ctx context.Context) error {
	w.mu.Lock()
	if !w.closed {
		close(w.drained)
	}
	w.closed = true
	left := w.near
	w.near = map[string]timed{}
	w.mu.Unlock()
	for _, t := range left {
		t.stop()
		if err := w.insert(ctx, t.item); err != nil {
			w.log.WarnContext(ctx, "an item could not be handed on; the sweep will find it", "item", t.item.ID, "error", err)
		}
	}
	err := w.client.Stop(ctx)
	if err != nil {
		err = errors.Join(err, w.client.StopAndCancel(context.WithoutCancel(ctx)))
	}
	return err
}

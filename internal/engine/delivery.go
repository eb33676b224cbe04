package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// advanceDelivery applies what a delivery says to the runs it speaks of, each
// in one swap with its mark, and then performs what that made due. A run that
// cannot take it keeps it from no other; the delivery stays open for that one.
func (e *Engine) advanceDelivery(ctx context.Context, item Item) (err error) {
	body, err := decodeInbox(item)
	if err != nil {
		return err
	}
	ctx, span := e.spanProcess(ctx, item.Ref, body.Event)
	defer func() { span.End(err) }()
	var followUps []*tx
	var wait time.Time
	var errs []error
	for i := range body.Signals {
		if body.Signals[i].Done {
			continue
		}
		done, until, err := e.applySignal(ctx, item.Ref, body, i)
		followUps, errs = append(followUps, done...), append(errs, err)
		if !until.IsZero() && (wait.IsZero() || until.Before(wait)) {
			wait = until
		}
	}
	err = errors.Join(errs...)
	if err == nil {
		err = e.closeDelivery(ctx, item.Ref, wait)
	}
	return errors.Join(err, e.follow(ctx, followUps))
}

// applySignal brings one signal to all its targets. A time means that it must
// be looked at again then.
func (e *Engine) applySignal(ctx context.Context, ref Ref, body *inbox, i int) ([]*tx, time.Time, error) {
	way, err := e.route(ctx, body, i)
	if err != nil {
		return nil, time.Time{}, err
	}
	switch {
	case !way.wait.IsZero():
		return nil, way.wait, nil
	case way.intake != nil:
		t, err := e.begin(ctx, ref, i, way.intake)
		return only(t), time.Time{}, err
	}
	s := body.Signals[i]
	left := slices.DeleteFunc(slices.Clone(way.runs), func(id pipeline.RunID) bool { return slices.Contains(s.Applied, id) })
	if len(left) == 0 {
		return nil, time.Time{}, e.drop(ctx, ref, i, s, way.drop)
	}
	var done []*tx
	var failed error
	for n, run := range left {
		last := n == len(left)-1 && failed == nil
		t, err := e.deliver(ctx, ref, i, run, last)
		done, failed = append(done, only(t)...), errors.Join(failed, err)
	}
	return done, time.Time{}, failed
}

// drop ends a signal that has no target, or none left.
func (e *Engine) drop(ctx context.Context, ref Ref, i int, s *signal, why string) error {
	if len(s.Applied) == 0 {
		e.log.InfoContext(ctx, "a fact belongs to nothing here", logDelivery, ref.ID, logFact, pipeline.FactKind(s.fact), logReason, why)
	}
	return e.mark(ctx, ref, func(b *inbox, _ *Item) { b.Signals[i].Done, b.Signals[i].Note = true, why })
}

// only is the list of a tx that was stored and has something to follow up.
func only(t *tx) []*tx {
	if t == nil || t.item.Rev == "" {
		return nil
	}
	return []*tx{t}
}

// deliver applies a signal to one run: delivery mark, lane, run, log and links
// change together or not at all.
func (e *Engine) deliver(ctx context.Context, ref Ref, i int, run pipeline.RunID, last bool) (*tx, error) {
	applied, heard := false, pipeline.Fact(nil)
	t, err := e.update(ctx, RunRef(installation(ref.ID), run), func(t *tx) error {
		item, body, err := e.loadInbox(ctx, ref)
		if err != nil {
			return err
		}
		s := body.Signals[i]
		if applied = !s.Done && !slices.Contains(s.Applied, run); !applied {
			return errNothing
		}
		heard = s.fact
		s.Applied = append(s.Applied, run)
		s.Done = last
		if !sameRepo(t.rec.Run.Repo, body.Repo) {
			s.Note = fmt.Sprintf("run %s is of another repository", run)
			e.log.WarnContext(ctx, "a fact names a run of another repository and is dropped", logDelivery, ref.ID, logRun, string(run))
		} else if err := t.apply(ref.ID, s.fact); err != nil {
			return err
		}
		t.claim(e.opt.Concurrency, showsAtOnce)
		t.with = append(t.with, &item)
		return body.close(&item, t.now)
	})
	if errors.Is(err, ErrNotFound) {
		// A link can outlive its run.
		return nil, e.mark(ctx, ref, func(b *inbox, _ *Item) {
			b.Signals[i].Applied = append(b.Signals[i].Applied, run)
			b.Signals[i].Done = last
		})
	}
	if err != nil || !applied {
		return nil, err
	}
	e.log.InfoContext(ctx, "a fact is applied", logDelivery, ref.ID, logRun, string(run), logFact, pipeline.FactKind(heard))
	e.logRefusal(t)
	return t, nil
}

// begin stores an intake together with the mark of the delivery it came from.
func (e *Engine) begin(ctx context.Context, ref Ref, i int, in *pipeline.Intake) (*tx, error) {
	to := IntakeRef(installation(ref.ID), in.ID)
	applied := false
	t, err := e.attempt(ctx, KindIntake, func() (*tx, error) {
		t, err := e.load(ctx, to)
		if errors.Is(err, ErrNotFound) {
			fresh := *in
			return &tx{e: e, ctx: ctx, now: e.now(), item: &Item{Ref: to}, rec: &record{V: bodyVersion, Intake: &fresh}}, nil
		}
		return t, err
	}, func(t *tx) error {
		item, body, err := e.loadInbox(ctx, ref)
		if err != nil {
			return err
		}
		if applied = !body.Signals[i].Done; !applied {
			return errNothing
		}
		body.Signals[i].Done = true
		if t.item.Rev == "" {
			if err := t.tally(); err != nil {
				return err
			}
			if err := t.apply(ref.ID, pipeline.Started{}); err != nil {
				return err
			}
		}
		t.claim(e.opt.Concurrency, 0)
		t.with = append(t.with, &item)
		return body.close(&item, t.now)
	})
	if err != nil || !applied {
		return nil, err
	}
	e.log.InfoContext(ctx, "an intake has begun", logDelivery, ref.ID, logItem, t.item.ID)
	return t, nil
}

func (e *Engine) loadInbox(ctx context.Context, ref Ref) (Item, *inbox, error) {
	item, err := e.store.Get(ctx, ref)
	if err != nil {
		return Item{}, nil, fmt.Errorf("load %s %s: %w", ref.Kind, ref.ID, err)
	}
	body, err := decodeInbox(item)
	return item, body, err
}

// mark changes a delivery alone.
func (e *Engine) mark(ctx context.Context, ref Ref, change func(*inbox, *Item)) error {
	for range swapTries {
		item, body, err := e.loadInbox(ctx, ref)
		if err != nil || item.WakeAt.IsZero() {
			return err
		}
		change(body, &item)
		if err := body.close(&item, e.now()); err != nil {
			return err
		}
		if err = e.store.Swap(ctx, &item); err == nil {
			e.wake(ctx, item)
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("store %s %s: %w", ref.Kind, ref.ID, err)
		}
		e.hooks.Conflict(ref.Kind)
	}
	return errBusy
}

// closeDelivery ends a delivery of which nothing is left, or has it wait.
func (e *Engine) closeDelivery(ctx context.Context, ref Ref, wait time.Time) error {
	item, body, err := e.loadInbox(ctx, ref)
	if err != nil || item.WakeAt.IsZero() {
		return err
	}
	if wait.IsZero() && len(body.Signals) > 0 {
		return nil // somebody else is at what is left
	}
	return e.mark(ctx, ref, func(b *inbox, item *Item) {
		item.WakeAt = wait
		for _, s := range b.Signals {
			if !s.Done {
				s.Waits++
			}
		}
	})
}

// follow performs what the stored swaps have claimed, all items side by side.
// What goes wrong there is the fault of the run, not of the delivery.
func (e *Engine) follow(ctx context.Context, done []*tx) error {
	errs := make([]error, len(done))
	var all sync.WaitGroup
	for i, t := range merge(done) {
		all.Go(func() {
			errs[i] = e.blame(ctx, t[0].item.Ref, func() error {
				c := e.crew(ctx, t[0].item.Ref)
				for _, each := range t {
					c.adopt(each)
				}
				return c.work()
			})
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// merge groups by item, in order: two signals may have moved one run.
func merge(done []*tx) [][]*tx {
	var groups [][]*tx
	for _, t := range done {
		i := slices.IndexFunc(groups, func(g []*tx) bool { return g[0].item.Ref == t.item.Ref })
		if i < 0 {
			groups = append(groups, []*tx{t})
			continue
		}
		groups[i] = append(groups[i], t)
	}
	return groups
}

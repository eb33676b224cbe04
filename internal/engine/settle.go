package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The classes that hooks and log lines name a result by.
const (
	classDone    = "done"
	classFailed  = "failed"
	classStopped = "stopped" // the process was asked to end
	classOld     = "old"     // somebody else took over meanwhile
	classGaveUp  = "gave-up"
)

// settle stores what came of a task. An outcome in hand is worth some patience
// with a store that is out of reach for a moment.
func (c *crew) settle(r result) error {
	err := c.settleOnce(r)
	for n := 1; n < settleTries && retriable(err); n++ {
		rested := make(chan struct{})
		c.e.clock.AfterFunc(c.e.backoff(n), func() { close(rested) })
		<-rested
		err = c.settleOnce(r)
	}
	return err
}

func retriable(err error) bool {
	var store *storeError
	return errors.Is(err, errBusy) || errors.As(err, &store)
}

// settleOnce stores what came of a task, and claims what follows from it. It
// does so even while the process is ending.
func (c *crew) settleOnce(r result) error {
	ctx, end := c.e.within(tracing.Carry(context.WithoutCancel(c.ctx), r.span), settleTimeout)
	defer end()
	var class string
	t, err := c.e.guarded(func() (*tx, error) {
		return c.e.update(ctx, c.ref, func(t *tx) error {
			var err error
			if r.effect != nil {
				class, err = c.settleEffect(t, r)
			} else {
				class, err = c.settleSlot(t, r)
			}
			if err != nil {
				return err
			}
			t.claim(c.room())
			return nil
		})
	})
	if err != nil {
		return err
	}
	if r.effect != nil {
		c.e.hooks.Performed(pipeline.EffectKind(r.effect.Effect), class, r.took)
	} else {
		c.e.hooks.Shown(r.show.Slot, class, r.took)
	}
	c.e.logRefusal(t)
	c.adopt(t)
	return nil
}

// settleEffect books an outcome or a failed try; only the try that is still
// the last one may.
func (c *crew) settleEffect(t *tx, r result) (string, error) {
	o := t.rec.find(r.effect.Key)
	if o == nil || o.Tries != r.tries {
		c.e.log.InfoContext(t.ctx, "the outcome of an old try is ignored", logRun, t.rec.id(), logKey, r.effect.Key, logTries, r.tries)
		return classOld, errNothing
	}
	outcome, class := r.outcome, classDone
	if r.err == nil && outcome == nil {
		r.err = errors.New("the performer gave neither an outcome nor a reason")
	}
	switch {
	case r.err != nil && c.stopped():
		// The try stays counted, so that the next one looks first; it costs no rest.
		o.release()
		o.NotBefore = t.now
		return classStopped, nil
	case r.err != nil:
		retry := classify(r.err)
		c.logFailure(t, r, o.Error, retry)
		class = string(retry.Class)
		if outcome = c.e.judge(o, retry, t.now); outcome == nil {
			return class, t.hindered(o.Key, retry)
		}
	}
	if _, failed := outcome.(pipeline.Failed); failed {
		class = classFailed
	}
	t.rec.drop(o.Key)
	c.e.log.InfoContext(t.ctx, "an effect has its outcome", logRun, t.rec.id(), logEffect, pipeline.EffectKind(r.effect.Effect),
		logKey, o.Key, logTries, o.Tries, logReason, class)
	return class, t.apply(o.Key, pipeline.Answered{Key: o.Key, Outcome: outcome})
}

// settleSlot books what a surface shows now, or why it does not.
func (c *crew) settleSlot(t *tx, r result) (string, error) {
	s := t.rec.Slots[r.show.Slot]
	if s == nil || s.By != c.e.instance || !s.LeasedUntil.Equal(r.until) {
		return classOld, errNothing
	}
	if r.err == nil {
		s.ShownAt = t.now
		if r.shown.Again || r.shown.Hash == "" || r.shown.Hash != s.Hash || r.shown.Remote != s.Remote { // else nothing was written
			t.e.pay(r.show.Slot, s, t.now)
		}
		s.Remote, s.Hash = r.shown.Remote, r.shown.Hash
		if !r.shown.Again {
			s.Shown = r.want
		}
		s.WantedAt = t.now // what came meanwhile
		s.Tries, s.Fails, s.Error = 0, 0, ""
		s.FailingSince, s.NotBefore, s.HinderedAt = time.Time{}, time.Time{}, time.Time{}
		s.release()
		return classDone, t.shown(r.show.Slot)
	}
	if r.shown.Remote != "" {
		s.Remote = r.shown.Remote // what a failed try has made all the same
	}
	if c.stopped() {
		s.release()
		s.NotBefore = t.now
		return classStopped, nil
	}
	retry := classify(r.err)
	c.logFailure(t, r, s.Error, retry)
	if !c.e.judgeSlot(s, retry, t.now) {
		return string(retry.Class), t.hindered(pipeline.ShowKey(r.show.Slot), retry)
	}
	s.Shown, s.Fails, s.FailingSince, s.NotBefore = s.Want, 0, time.Time{}, time.Time{}
	c.e.log.ErrorContext(t.ctx, "a surface was given up after 72 hours of failing", logRun, t.rec.id(), logSlot, string(r.show.Slot),
		logReason, retry.Reason)
	return classGaveUp, nil
}

// stopped reports whether a failure may come from our own ending.
func (c *crew) stopped() bool { return c.ctx.Err() != nil }

// logFailure warns when the reason is a new one; the same one again is noise.
func (c *crew) logFailure(t *tx, r result, before string, retry *Retry) {
	level := slog.LevelWarn
	if retry.Reason == before {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String(logRun, t.rec.id()), slog.Int(logTries, r.tries),
		slog.String(logReason, retry.Reason), slog.Any(logError, retry.Err),
	}
	if r.effect != nil {
		attrs = append(attrs, slog.String(logEffect, pipeline.EffectKind(r.effect.Effect)), slog.String(logKey, r.effect.Key))
	} else {
		attrs = append(attrs, slog.String(logSlot, string(r.show.Slot)))
	}
	if r.stack != nil {
		attrs = append(attrs, slog.String(logStack, string(r.stack)))
	}
	c.e.log.LogAttrs(t.ctx, level, "a try has failed and is made again later", attrs...)
}

package engine

import (
	"errors"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The retry policy, all of it.
const (
	backoffFirst  = time.Second
	backoffMax    = 5 * time.Minute
	jitterShare   = 0.2              // of the backoff, either way
	giveUpDo      = 24 * time.Hour   // an effect, since it was begun first
	giveUpShow    = 72 * time.Hour   // a slot, since it failed first
	unsureLooks   = 5                // how often an unsure effect is looked at again
	leaseMargin   = 10 * time.Second // a lease outlives its effect's timeout by this
	settleTimeout = 15 * time.Second // for storing what came of an effect, each time
	settleTries   = 3                // for the same
	swapTries     = 20               // against conflicts, at once, before the caller is told
	faultsToPark  = 10               // failures of one item in a row
	faultsForget  = 30 * time.Minute // a failure this long after the last one counts as the first
	unknownRest   = 10 * time.Minute // before a newer process' item is looked at again
	doorLooks     = 9                // for the link of a workflow that is being dispatched: some 2 min
	looksAtFirst  = 4                // so much sooner than a failure: a dispatch is answered in a fraction of a second
	hinderedSoon  = 10               // tries of a surface that a person keeps, before it rests longer
	hinderedShow  = 30 * time.Minute // and how long, should nobody tell that it is lifted
	idleTick      = 10 * time.Second // when the machine asks for a time that has passed already
)

// How long things are kept once nothing is left to do with them.
const (
	keepDelivery = 35 * 24 * time.Hour // GitHub redelivers for 3 days; a month serves people
	keepLink     = 90 * 24 * time.Hour // a workflow can be re-run for 30 days
)

// backoff is 1 s, 2 s, 4 s … up to 5 min, each ±20 %.
func (e *Engine) backoff(fails int) time.Duration {
	d := backoffMax
	if fails < 1 {
		fails = 1
	}
	if fails < 10 {
		d = min(backoffFirst<<(fails-1), backoffMax)
	}
	return time.Duration(float64(d) * (1 - jitterShare + 2*jitterShare*e.rand()))
}

// classify says what a performer's error means. Whatever is not a Retry is
// worth another try.
func classify(err error) *Retry {
	var r *Retry
	if errors.As(err, &r) {
		return r
	}
	return &Retry{Class: RetryLater, Reason: err.Error(), Err: err}
}

// judge books a failed try of an effect. A non-nil outcome ends the effect.
func (e *Engine) judge(o *owed, r *Retry, now time.Time) pipeline.Outcome {
	o.Fails++
	o.Error = r.Reason
	o.release()
	if r.Class == RetryHindered {
		if o.HinderedAt.IsZero() {
			o.HinderedAt = now
		}
		o.NotBefore = now.Add(e.backoff(o.Fails)) // short at first: it may have been lifted while this was under way
		return nil
	}
	if !o.HinderedAt.IsZero() {
		o.Waited, o.HinderedAt = o.Waited+now.Sub(o.HinderedAt), time.Time{}
	}
	if r.Class == RetryUnsure {
		o.Unsure++
		if o.Unsure > unsureLooks {
			return unsureFor(r.Reason)
		}
	}
	if now.Sub(o.FirstAt)-o.Waited >= giveUpDo {
		if r.Class == RetryUnsure {
			return unsureFor(r.Reason)
		}
		return gaveUp(r.Reason)
	}
	o.NotBefore = now.Add(e.backoff(o.Fails))
	if r.Class == RetryAt && r.At.After(now) {
		o.NotBefore = r.At.UTC().Add(time.Duration(jitterShare * e.rand() * float64(backoffFirst)))
	}
	return nil
}

// judgeSlot books a failed try of a slot; true means that it is given up.
func (e *Engine) judgeSlot(s *slot, r *Retry, now time.Time) bool {
	s.Fails++
	s.Error = r.Reason
	s.release()
	if s.HinderedAt = (time.Time{}); r.Class == RetryHindered {
		s.HinderedAt, s.FailingSince, s.NotBefore = now, time.Time{}, now.Add(e.backoff(s.Fails))
		if s.Fails >= hinderedSoon {
			s.NotBefore = now.Add(hinderedShow)
		}
		return false
	}
	if s.FailingSince.IsZero() {
		s.FailingSince = now
	}
	if now.Sub(s.FailingSince) >= giveUpShow {
		return true
	}
	s.NotBefore = now.Add(e.backoff(s.Fails))
	if r.Class == RetryAt && r.At.After(now) {
		s.NotBefore = r.At.UTC()
	}
	return false
}

func gaveUp(reason string) pipeline.Outcome {
	return pipeline.Failed{Refusal: pipeline.Refusal{
		Code:   "gave-up",
		Reason: "Gatehouse tried for 24 hours and gave up. The last reason was: " + reason,
		Fix:    "Remove the cause, then retry the stage.",
	}}
}

func unsureFor(reason string) pipeline.Outcome {
	return pipeline.Failed{Unsure: true, Refusal: pipeline.Refusal{
		Code:   "unsure",
		Reason: "It cannot be told whether this was done: " + reason,
		Fix:    "Look at GitHub whether it was done, then retry the stage or cancel the run.",
	}}
}

func unreadable(err error) pipeline.Outcome {
	return pipeline.Failed{Refusal: pipeline.Refusal{
		Code:   "unreadable",
		Reason: "What was to be done is stored in a form that cannot be read: " + err.Error(),
		Fix:    "Retry the stage; if that does not help, push the commit again.",
	}}
}

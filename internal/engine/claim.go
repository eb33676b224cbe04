package engine

import (
	"errors"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// task is something claimed: leased to this process by a stored swap, and to
// be performed by the call that stored it.
type task struct {
	ref    Ref
	effect *Job
	show   *ShowJob
	want   int       // of the slot, when it was claimed
	tries  int       // that the outcome must find unchanged
	until  time.Time // the lease, likewise
	early  *result   // only with a planted bug
	bad    error     // the stored effect cannot be read
}

// owedAt is when an effect may be begun: after its rest, and when nobody is at it.
func (e *Engine) owedAt(o *owed, now time.Time) time.Time {
	return latest(now, o.NotBefore, e.freeAt(o.lease))
}

// latest is the last of the times; those before now all count as now.
func latest(now time.Time, times ...time.Time) time.Time {
	for _, t := range times {
		if t.After(now) {
			now = t
		}
	}
	return now
}

// claim leases up to room due effects and up to shows due slots to this
// process. Effects come first: gates before decoration.
func (t *tx) claim(room, shows int) {
	if t.e.stopping.Load() {
		return
	}
	for _, o := range t.rec.Owed {
		if room > 0 && !t.e.owedAt(o, t.now).After(t.now) && t.claimEffect(o) {
			room--
		}
	}
	for _, name := range sortedSlots(t.rec.Slots) {
		s := t.rec.Slots[name]
		if at := t.slotAt(name); shows <= 0 || at.IsZero() || at.After(t.now) {
			continue
		}
		t.claimSlot(name, s)
		shows--
	}
}

func (t *tx) claimEffect(o *owed) bool {
	effect, err := pipeline.UnmarshalEffect(o.Effect)
	var unknown *pipeline.UnknownKindError
	if errors.As(err, &unknown) {
		// A newer process wrote it and will do it; it is only looked at later.
		o.NotBefore, o.Error = t.now.Add(unknownRest), err.Error()
		t.e.log.WarnContext(t.ctx, "an owed effect is left for a newer version", logRun, t.rec.id(), logKey, o.Key, logError, err)
		return false
	}
	if o.FirstAt.IsZero() {
		o.FirstAt = t.now
	}
	job := &Job{
		Key: o.Key, Effect: effect, Repo: t.rec.repo(), Run: t.rec.Run, Lane: t.lane, Intake: t.rec.Intake,
		Tries: o.Tries, FirstAt: o.FirstAt, Now: t.now,
	}
	o.Tries++
	o.take(t.e.instance, t.now.Add(t.e.opt.EffectTimeout+leaseMargin))
	t.jobs = append(t.jobs, task{ref: t.item.Ref, effect: job, tries: o.Tries, bad: err})
	return true
}

func (t *tx) claimSlot(name pipeline.Slot, s *slot) {
	siblings := map[pipeline.Slot]string{}
	for other, o := range t.rec.Slots {
		if other != name && o.Remote != "" {
			siblings[other] = o.Remote
		}
	}
	job := &ShowJob{
		Slot: name, State: t.state(), Remote: s.Remote, Hash: s.Hash, Tries: s.Tries, Siblings: siblings, Now: t.now,
	}
	s.Tries++
	s.take(t.e.instance, t.now.Add(t.e.opt.ShowTimeout+leaseMargin))
	t.jobs = append(t.jobs, task{ref: t.item.Ref, show: job, want: s.Want, tries: s.Tries, until: s.LeasedUntil})
}

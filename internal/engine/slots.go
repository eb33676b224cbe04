package engine

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// coalesceDefault is how long a slot rests after it was shown: a burst of
// changes becomes one call.
const coalesceDefault = time.Second

// slotAt is when a slot may be shown; zero if it shows the latest state.
func (t *tx) slotAt(name pipeline.Slot) time.Time {
	s := t.rec.Slots[name]
	if s.Want <= s.Shown {
		return time.Time{}
	}
	return latest(t.now, s.NotBefore, t.restedAt(name, s), t.e.freeAt(s.lease), t.parentAt(name), t.settledAt(name, s))
}

// restedAt is when a slot may be called again: after its rest. While people wait
// for what it shows, it also spends the calls that it saved up in a pause.
func (t *tx) restedAt(name pipeline.Slot, s *slot) time.Time {
	if s.ShownAt.IsZero() {
		return time.Time{}
	}
	rest, burst := t.e.rest(name), byPrefix(t.e.opt.Burst, name, 1)
	rested := latest(s.ShownAt.Add(rest), s.PaidAt) // what an older process stored has no PaidAt
	if burst == 1 || t.e.machine.Awaited == nil || !t.e.machine.Awaited(t.state(), name) {
		return rested
	}
	paid := s.PaidAt
	if paid.IsZero() {
		paid = rested
	}
	return paid.Add(-rest * time.Duration(burst-1))
}

// pay books a call: on the average a slot is called once in a rest, however many
// it had saved up.
func (e *Engine) pay(name pipeline.Slot, s *slot, now time.Time) {
	s.PaidAt = latest(now, s.PaidAt).Add(e.rest(name))
}

// settledAt is until when a slot is left alone because what it shows changes in a moment.
func (t *tx) settledAt(name pipeline.Slot, s *slot) time.Time {
	if t.e.machine.Brewing == nil || !t.e.machine.Brewing(t.state(), name) {
		return time.Time{}
	}
	return s.WantedAt.Add(t.e.opt.Patience)
}

// parentAt makes "slack/details" wait until "slack" exists: a reply needs its
// message. A parent that was given up is waited for no more.
func (t *tx) parentAt(name pipeline.Slot) time.Time {
	i := strings.LastIndexByte(string(name), '/')
	if i < 0 {
		return time.Time{}
	}
	parent := t.rec.Slots[name[:i]]
	if parent == nil || parent.Remote != "" {
		return time.Time{}
	}
	return t.slotAt(name[:i])
}

// rest is the time between two calls of a slot, on the average.
func (e *Engine) rest(name pipeline.Slot) time.Duration {
	return byPrefix(e.opt.Coalesce, name, coalesceDefault)
}

// byPrefix is a slot's setting: that of the longest prefix that has one.
func byPrefix[T any](settings map[string]T, name pipeline.Slot, standard T) T {
	found, longest := standard, -1
	for prefix, setting := range settings {
		if strings.HasPrefix(string(name), prefix) && len(prefix) > longest {
			found, longest = setting, len(prefix)
		}
	}
	return found
}

// sortedSlots lists the names in the order in which they are shown: by rank, then
// by name. A parent comes before its children.
func sortedSlots(slots map[pipeline.Slot]*slot) []pipeline.Slot {
	return slices.SortedFunc(maps.Keys(slots), func(a, b pipeline.Slot) int {
		return cmp.Or(a.Rank()-b.Rank(), cmp.Compare(a, b))
	})
}

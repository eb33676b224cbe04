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
	rested := s.ShownAt
	if !rested.IsZero() {
		rested = rested.Add(t.e.rest(name))
	}
	return latest(t.now, s.NotBefore, rested, t.e.freeAt(s.lease), t.parentAt(name), t.settledAt(name, s))
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

// rest is the time between two calls of a slot, by the longest prefix that is
// configured.
func (e *Engine) rest(name pipeline.Slot) time.Duration {
	rest, longest := coalesceDefault, -1
	for prefix, d := range e.opt.Coalesce {
		if strings.HasPrefix(string(name), prefix) && len(prefix) > longest {
			rest, longest = d, len(prefix)
		}
	}
	return rest
}

// sortedSlots lists the names in the order in which they are shown: by rank, then
// by name. A parent comes before its children.
func sortedSlots(slots map[pipeline.Slot]*slot) []pipeline.Slot {
	return slices.SortedFunc(maps.Keys(slots), func(a, b pipeline.Slot) int {
		return cmp.Or(a.Rank()-b.Rank(), cmp.Compare(a, b))
	})
}

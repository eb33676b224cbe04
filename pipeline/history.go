package pipeline

import "slices"

// historyKept bounds what a lane remembers of its releases. The last verified
// one is always kept.
const historyKept = 50

// remember adds a release that has gone to the lane. Before the first one, what
// was live is the release initial.
func (l *Lane) remember(r Released, before *SnapshotRef) {
	if len(l.History) == 0 && before != nil {
		l.History = append(l.History, Released{
			Shipped: Shipped{Version: Initial, Run: Initial, At: before.At, Repo: r.Repo}, After: before.Blob, AfterDigest: before.Digest,
		})
	}
	l.History = append(l.History, r)
	for i := 0; len(l.History) > historyKept && i < len(l.History); {
		if v := l.Verified; v != nil && l.History[i].Run == v.Run {
			i++
			continue
		}
		l.History = slices.Delete(l.History, i, i+1)
	}
}

// released finds a release by its run; nil if it is not remembered.
func (l *Lane) released(run RunID) *Released {
	for i := range l.History {
		if l.History[i].Run == run {
			return &l.History[i]
		}
	}
	return nil
}

// bad marks a release so that it is never returned to, also one that never got
// as far as to be remembered.
func (l *Lane) bad(s Shipped, why string) {
	if r := l.released(s.Run); r != nil {
		r.Bad = why
		return
	}
	l.History = append(l.History, Released{Shipped: s, Bad: why})
}

// lastKnown is the newest release of which a snapshot is stored, and which is
// what should be live now; nil if there is none.
func (l *Lane) lastKnown() *Released {
	if l.Live == nil {
		return nil
	}
	if r := l.released(l.Live.Run); r != nil && r.After != "" {
		return r
	}
	return nil
}

package pipeline

import "time"

// Wake says when a Tick is due, though nothing may happen before: the earliest
// deadline of the run. Zero means never.
func Wake(s State) time.Time {
	var first time.Time
	at := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if s.Run.Status != RunActive {
		return first
	}
	for _, st := range s.Run.Plan().Stages {
		sr := s.Run.Stages[st.ID]
		if sr.Status == StageRunning && s.Run.Hindrance(sr.Doing) == nil {
			at(sr.Deadline)
		}
		at(s.Run.unstartedAt(st, sr))
		at(sr.blockedAt())
	}
	at(s.Run.idleAt())
	if f := s.Run.Frozen; f != nil && s.Run.waits() {
		at(f.Until)
	}
	if x := s.Run.Restore; x != nil && s.Run.Stages[StageRestore].Status == StageWaiting {
		at(x.StopBy)
	}
	if g := s.Run.Gate; g != nil {
		switch {
		case g.Door == DoorShut || g.Door == DoorVerifying:
			at(g.ExpiresAt)
			at(s.Run.remindAt())
			at(s.Run.escalateAt())
		case g.Door == DoorOpening && g.Doing == "" && !g.Parked:
			at(s.Run.Stages[g.Deploy].StartedAt.Add(parkWait))
		}
	}
	return first
}

// waits reports whether a stage waits, for people or for the lane.
func (r *Run) waits() bool {
	for _, sr := range r.Stages {
		if sr.Status == StageWaiting {
			return true
		}
	}
	return false
}

package pipeline

import "time"

const (
	// blockedWithin is how long a stage waits for the lane that another run holds
	// before people of both are told.
	blockedWithin = time.Hour
	// idleWithin is how long nothing may happen to a run before people are told.
	idleWithin = 24 * time.Hour
)

// blockedAt is when it is said that a stage still waits for a run that holds the lane;
// zero: it does not, or that was said.
func (sr *StageRun) blockedAt() time.Time {
	if sr.Status != StageWaiting || sr.Reason == nil || sr.Reason.Code != codeHeld || sr.HeldSince.IsZero() || sr.Blocked {
		return time.Time{}
	}
	return sr.HeldSince.Add(blockedWithin)
}

// tickBlocked says it once, here and to the run that holds the lane: that one knows
// what it waits for, and who can move it.
func (m *machine) tickBlocked(st *Stage, sr *StageRun) {
	if at := sr.blockedAt(); at.IsZero() || m.at.Before(at) {
		return
	}
	sr.Blocked = true
	if m.lane.Holder == "" || m.lane.Holder == m.run.ID {
		return // it is this one's turn
	}
	sr.Reason = m.heldBy()
	m.note("", "%s has waited %s for %s. %s That run says what it waits for, and who can move it.",
		st.Title, waitedFor(m.at.Sub(sr.HeldSince)), m.run.Environment, sr.Reason.Reason)
	m.record("blocked", st.ID, Person{}, "by run "+string(m.lane.Holder))
	m.owe("lane", "blocks", Tell{Run: m.lane.Holder, Fact: Blocks{Run: m.run.ID, Version: m.run.Release.Version, For: m.at.Sub(sr.HeldSince)}})
	m.changed(st.ID)
	m.mark(SlotDetails)
}

// blocks says that another run waits for this one, and what this one waits for.
func (m *machine) blocks(f Blocks) {
	if m.run.Status != RunActive || m.lane.Holder != m.run.ID {
		return
	}
	m.note("", "It keeps %s from %s, for %s now. %s", f.Version, m.run.Environment, waitedFor(f.For), m.waitsFor())
	m.record("blocks", string(m.lane.ID), Person{}, "run "+string(f.Run)+" waits")
	m.markChats()
	m.mark(SlotDetails)
}

// waitsFor is what a run waits for and what to do about it, in a line.
func (m *machine) waitsFor() string {
	waits := Explain(State{Lane: m.lane, Run: m.run}).Waits
	if len(waits) == 0 {
		return "See its page, or comment /status."
	}
	if waits[0].Fix == "" {
		return waits[0].Reason
	}
	return waits[0].Reason + " " + waits[0].Fix
}

// happened notes that something happened, other than that time passed.
func (m *machine) happened(f Fact) {
	if _, tick := f.(Tick); !tick && (len(m.log) > 0 || len(m.owed) > 0 || len(m.show) > 0) {
		m.run.MovedAt, m.run.Idle = m.at, false
	}
}

// idleAt is when it is said that nothing happens to the run; zero: not at all. What is
// said of its wait already, or ends by itself, needs no second word.
func (r *Run) idleAt() time.Time {
	if r.Idle || r.MovedAt.IsZero() || r.Frozen != nil || !r.remindAt().IsZero() || !r.escalateAt().IsZero() {
		return time.Time{}
	}
	return r.MovedAt.Add(idleWithin)
}

// tickIdle says it once, until something happens again.
func (m *machine) tickIdle() {
	if at := m.run.idleAt(); m.run.Status != RunActive || at.IsZero() || m.at.Before(at) {
		return
	}
	m.run.Idle = true
	m.note("", "Nothing has happened here for %s. %s", waitedFor(m.at.Sub(m.run.MovedAt)), m.waitsFor())
	m.record("idle", m.run.Environment, Person{}, "")
	m.markChats()
	m.mark(SlotDetails)
}

package pipeline

import (
	"fmt"
	"strings"
	"time"
)

// How long a freeze is lifted, if it is not said, and at most.
const (
	thawStandard = time.Hour
	thawMost     = 24 * time.Hour
)

// Thaw lifts the freezes of a lane for a time.
type Thaw struct {
	By    Person    `json:"by"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	Why   string    `json:"why"`
}

// Thawed is who lifted the lane's freezes, or nil if nobody has at that time.
func (l *Lane) Thawed(at time.Time) *Thaw {
	if l.Thaw == nil || !at.Before(l.Thaw.Until) {
		return nil
	}
	return l.Thaw
}

// unfreeze lifts the freezes of a lane. Only people who are entitled may.
func (m *laneMachine) unfreeze(a LaneAsk) *Refusal {
	span := a.For
	if span == 0 {
		span = thawStandard
	}
	switch {
	case !a.Entitled:
		return &Refusal{
			Code: "not-entitled", Reason: "To lift a freeze of " + a.Environment + " takes the role maintain" + a.orCommander() + ".",
			Fix: "Ask one of those, or wait: what is approved goes by itself when the freeze ends.", Who: a.Who,
		}
	case strings.TrimSpace(a.Reason) == "":
		return reasonWanted("/unfreeze " + a.Environment + " REASON for 1h")
	case span > thawMost:
		return &Refusal{
			Code: "too-long", Reason: fmt.Sprintf("A freeze is lifted for %s at most.", seconds(thawMost)), Fix: "Type a shorter time:",
			Lines: "/unfreeze " + a.Environment + " " + a.Reason + " for " + seconds(thawMost),
		}
	}
	m.lane.Thaw, m.turned = &Thaw{By: a.By, At: m.at, Until: m.at.Add(span), Why: a.Reason}, true
	m.record("", "unfrozen", a.Environment, a.By, a.Reason+", until "+clock(m.lane.Thaw.Until))
	return nil
}

// calendar looks whether a freeze is on: by the windows that are pinned into the
// run, and by those of the default branch as they were read last.
func (m *machine) calendar() {
	r := m.run
	env := r.Env()
	if r.Status != RunActive || env == nil || r.Restore != nil {
		return // a rollback waits for no freeze
	}
	all := env.Freeze
	if r.Gate != nil && len(r.Gate.Freeze) > 0 {
		all = append(all[:len(all):len(all)], r.Gate.Freeze...)
	}
	now := FrozenAt(all, m.at, m.zones)
	m.thaw = nil
	if now != nil {
		if m.thaw = m.lane.Thawed(m.at); m.thaw != nil {
			now = nil
		}
	}
	turned := (now == nil) != (r.Frozen == nil)
	r.Frozen = now
	if g := r.Gate; turned && g != nil && r.Stages[g.Stage].Status == StageWaiting {
		m.changed(g.Stage) // approvers see whether their click opens the door
	}
}

// lifted writes down that a stage begins in a freeze, and by whose leave.
func (m *machine) lifted(st *Stage) {
	if m.thaw == nil || m.run.Thawed || !st.Kind.Mutating() {
		return
	}
	m.run.Thawed = true
	m.note(m.thaw.By.Login, "lifted the freeze of %s: %s", m.run.Environment, m.thaw.Why)
	m.record("freeze-overridden", m.run.Environment, m.thaw.By, m.thaw.Why)
}

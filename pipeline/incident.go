package pipeline

import (
	"fmt"
	"slices"
	"time"
)

// Call is an incident that keeps a lane locked and has no answer yet: whoever
// takes the lock over or off has answered.
type Call struct {
	Run   RunID           `json:"run"`   // whose incident it is
	Steps []time.Duration `json:"steps"` // of incident.escalate, ascending
	Made  time.Duration   `json:"made,omitempty"`
}

// calling is whom an incident of this run calls, if nobody has acted yet. Who asked
// for a rollback is there already, unless it went wrong.
func (m *machine) calling() *Call {
	x := m.run.Restore
	if x != nil && !x.Automatic() && !x.failed() {
		return nil
	}
	c := &Call{Run: m.run.ID}
	for _, e := range byTime(m.run.Spec.Incident.Escalate) {
		if !slices.Contains(c.Steps, e.After) {
			c.Steps = append(c.Steps, e.After)
		}
	}
	if len(c.Steps) == 0 {
		return nil
	}
	return c
}

// failed reports whether a component could not be moved back.
func (r *Restore) failed() bool {
	for _, s := range r.Moves {
		if s.Status == MoveFailed {
			return true
		}
	}
	return false
}

// Calls lists who is called of the incident of this run, while nobody has answered.
func (s State) Calls() []Escalation {
	k := s.Lane.Lock
	if k == nil || k.Call == nil || k.Call.Run != s.Run.ID {
		return nil
	}
	return escalations(s.Run.Spec.Incident.Escalate, k.At, k.Call.Made)
}

// callAt is when the next people are called. While a rollback is under way somebody
// has acted, or Gatehouse itself has.
func (l *Lane) callAt() time.Time {
	k := l.Lock
	if k == nil || k.Call == nil || l.Restoring() != "" {
		return time.Time{}
	}
	for _, step := range k.Call.Steps {
		if step > k.Call.Made {
			return k.At.Add(step)
		}
	}
	return time.Time{}
}

// call has the incident's run call those whose time has come, once each.
func (m *laneMachine) call() {
	at := m.lane.callAt()
	if at.IsZero() || m.at.Before(at) {
		return
	}
	k := *m.lane.Lock
	c := *k.Call
	waited := m.at.Sub(k.At)
	told := Unanswered{After: c.Made}
	for _, step := range c.Steps {
		if step <= waited {
			c.Made = step
		}
	}
	told.Until = c.Made
	k.Call, m.lane.Lock = &c, &k
	m.tell = append(m.tell, Tell{Run: c.Run, Fact: told})
}

// unanswered calls the people of incident.escalate.
func (m *machine) unanswered(f Unanswered) {
	k := m.lane.Locked(m.at)
	if k == nil || k.Call == nil || k.Call.Run != m.run.ID {
		return // somebody has answered meanwhile
	}
	due := stepsBetween(m.run.Spec.Incident.Escalate, f.After, f.Until)
	if len(due) == 0 {
		return
	}
	m.summon("incident", due, fmt.Sprintf("nobody has answered for %s", waitedFor(m.at.Sub(k.At))), true)
	m.markChats()
	if m.run.Restore != nil {
		m.mark(SlotIncident)
		call := Summon{Step: f.Until, To: Channel{Issue: true}, Incident: true}
		for _, e := range due {
			call.People = append(call.People, e.principal())
		}
		m.owe("incident", "escalate-issue", call)
	}
}

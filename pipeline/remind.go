package pipeline

import "time"

// remindAt is when those who can still approve are reminded next: after the time
// that the policy says, then after twice as long, and so on. Zero: not at all.
func (r *Run) remindAt() time.Time {
	g := r.Gate
	if g == nil || g.Policy.Remind <= 0 || g.OpenAt.IsZero() || g.Reminded > 20 || r.Stages[g.Stage].Status != StageWaiting {
		return time.Time{}
	}
	return g.OpenAt.Add(g.Policy.Remind * time.Duration(int64(2)<<g.Reminded-1))
}

// remind has those asked again who can still fill a place. What was missed while
// nobody looked is made up for once.
func (m *machine) remind() {
	due := false
	for at := m.run.remindAt(); !at.IsZero() && !m.at.Before(at); at = m.run.remindAt() {
		m.run.Gate.Reminded++
		due = true
	}
	if !due {
		return
	}
	g := m.run.Gate
	m.note("", "Reminded those who can approve: it waits for %s.", waitedFor(m.at.Sub(g.OpenAt)))
	m.record("reminded", g.Environment, Person{}, "")
	m.mark(SlotDetails)
	m.say(g.Stage, "remind", func(to Channel) Effect { return Remind{Channel: to.Slack, Discord: to.Discord, Nth: g.Reminded} })
}

// reminds reports whether a reminder still makes sense.
func (r *Run) reminds() bool {
	return r.Status == RunActive && r.Gate != nil && r.Stages[r.Gate.Stage].Status == StageWaiting
}

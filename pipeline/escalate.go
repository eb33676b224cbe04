package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Escalation is a step of a gate that waits: who is told, when, and whether they
// may approve from then on.
type Escalation struct {
	Who        []string // logins, @team
	At         time.Time
	Told       bool
	MayApprove bool
}

// Rules is the policy as it holds now: who was called with may_approve may fill
// any place, beside those whom it names.
func (g *Gate) Rules() Policy {
	if g.Policy == nil {
		return Policy{}
	}
	p := *g.Policy
	var also []Principal
	for _, e := range p.Escalate {
		if e.MayApprove && e.After <= g.Escalated {
			also = append(also, e.principal())
		}
	}
	if len(also) == 0 {
		return p
	}
	p.Need = slices.Clone(p.Need)
	for i := range p.Need {
		p.Need[i].Also = also
	}
	return p
}

// Escalations lists the steps in the order of time, those of one time together.
func (g *Gate) Escalations() []Escalation {
	if g.Policy == nil || g.OpenAt.IsZero() {
		return nil
	}
	return escalations(g.Policy.Escalate, g.OpenAt, g.Escalated)
}

func escalations(steps []Escalate, since time.Time, made time.Duration) []Escalation {
	var all []Escalation
	for _, e := range byTime(steps) {
		at, told := since.Add(e.After), e.After <= made
		if last := len(all) - 1; last >= 0 && all[last].At.Equal(at) && all[last].MayApprove == e.MayApprove {
			all[last].Who = append(all[last].Who, e.principal().Name())
			continue
		}
		all = append(all, Escalation{Who: []string{e.principal().Name()}, At: at, Told: told, MayApprove: e.MayApprove})
	}
	return all
}

func (e Escalate) principal() Principal { return Principal{Team: e.Team, User: e.User} }

func byTime(steps []Escalate) []Escalate {
	sorted := slices.Clone(steps)
	slices.SortStableFunc(sorted, func(a, b Escalate) int { return int(a.After - b.After) })
	return sorted
}

// waitedFor is a wait in words: minutes, once there are any.
func waitedFor(d time.Duration) string {
	if d < time.Minute {
		return d.Truncate(time.Second).String()
	}
	return spelled(d.Truncate(time.Minute))
}

// stepsBetween are those that come after one time and not after the other.
func stepsBetween(steps []Escalate, after, until time.Duration) []Escalate {
	return slices.DeleteFunc(byTime(steps), func(e Escalate) bool { return e.After <= after || e.After > until })
}

// escalateAt is when the next further people are told of a gate that waits.
func (r *Run) escalateAt() time.Time {
	g := r.Gate
	if !r.reminds() || g.Policy == nil || g.OpenAt.IsZero() {
		return time.Time{}
	}
	for _, e := range byTime(g.Policy.Escalate) {
		if e.After > g.Escalated {
			return g.OpenAt.Add(e.After)
		}
	}
	return time.Time{}
}

// escalate tells the people of every step whose time has come, once each.
func (m *machine) escalate() {
	at := m.run.escalateAt()
	if at.IsZero() || m.at.Before(at) {
		return
	}
	g := m.run.Gate
	waited := m.at.Sub(g.OpenAt)
	due := stepsBetween(g.Policy.Escalate, g.Escalated, waited)
	g.Escalated = due[len(due)-1].After
	m.summon(g.Stage, due, fmt.Sprintf("it waits for %s", waitedFor(waited)), false)
	m.changed(g.Stage)
}

// summon owes the message to the people of these steps, on every channel that
// the configuration names, and writes it into the run's story.
func (m *machine) summon(stage string, steps []Escalate, why string, incident bool) {
	var called, entitled []Principal
	for _, e := range steps {
		called = append(called, e.principal())
		if e.MayApprove {
			entitled = append(entitled, e.principal())
		}
	}
	who := strings.Join(names(called), ", ")
	m.note("", "Told %s: %s.", who, why)
	if len(entitled) > 0 {
		m.note("", "%s may approve from now on, too.", strings.Join(names(entitled), ", "))
	}
	m.record("escalated", m.run.Environment, Person{}, who+": "+why)
	m.mark(SlotDetails)
	call := Summon{Step: steps[len(steps)-1].After, People: called, Incident: incident}
	m.say(stage, "escalate", func(to Channel) Effect { call.To = to; return call })
}

// say owes one message to each channel that the run is told in.
func (m *machine) say(stage, verb string, message func(Channel) Effect) {
	for _, to := range m.run.Spec.Notify.channels() {
		if to.Discord {
			m.owe(stage, verb+"-discord", message(to))
			continue
		}
		m.owe(stage, verb, message(to))
	}
}

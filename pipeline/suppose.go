package pipeline

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// Suppose is what is imagined of a run: these people approve it, or its
// environment has this policy.
type Suppose struct {
	Approve []Standing
	Policy  *Policy // nil: as it is
	Zones   Zones   // as of an Event
}

// Supposed is what would happen then.
type Supposed struct {
	Answers []Answer // to each person who was imagined to approve, in order
	Met     bool     // the gate would be passed
	Opens   bool     // and the door would open at once: no stage is in between
	State   State    // as it would be; it is stored nowhere
}

// Answer is what somebody would be told.
type Answer struct {
	By      Person   `json:"by"`
	Refused *Refusal `json:"refused,omitempty"` // nil: the approval would count
}

// WhatIf plays what is imagined through the same machine that decides, and does
// nothing. GitHub is taken to answer as it did last, and as the standings say.
func WhatIf(s State, at time.Time, sup Suppose) Supposed {
	w := &supposing{state: s, at: at, zones: sup.Zones}
	if sup.Policy != nil {
		w.govern(*sup.Policy)
	}
	out := Supposed{}
	for _, who := range sup.Approve {
		out.Answers = append(out.Answers, Answer{By: who.Person, Refused: w.approve(who)})
	}
	if len(sup.Approve) == 0 {
		w.event(Tick{}) // a looser policy may be met already
	}
	out.Opens, out.State = w.opens, w.state
	if g := w.state.Run.Gate; g != nil {
		out.Met = w.opens || w.state.Run.Stages[g.Stage].Status == StagePassed
	}
	return out
}

type supposing struct {
	state   State
	at      time.Time
	zones   Zones
	opens   bool
	refused *Refusal // by the last event
}

// govern puts the run under another policy, and judges by it who approved. What a
// person may do is known as GitHub said it last.
func (w *supposing) govern(p Policy) {
	run := w.state.Run.clone()
	if run.Gate == nil {
		return
	}
	run.Gate.Policy = &p
	for i := range run.Gate.Approvals {
		if a := &run.Gate.Approvals[i]; a.Void == nil && a.Standing != nil {
			a.Refused = Admit(run.Gate.Rules(), run.Release, *a.Standing)
		}
	}
	w.state.Run = run
}

// approve has a person approve, and answers the machine for GitHub.
func (w *supposing) approve(who Standing) *Refusal {
	key := w.event(Commanded{Command: Command{Verb: VerbApprove, Reason: "supposed"}, By: who.Person, Where: Origin{Surface: SurfaceCommand}})
	if key != "" {
		w.event(Answered{Key: key, Outcome: PersonVerified{Standing: who}})
	}
	return w.refused
}

// event gives the machine a fact, answers what the door asks, and returns the key
// under which the person is asked for.
func (w *supposing) event(f Fact) (person string) {
	step := Next(w.state, Event{At: w.at, Zones: w.zones, Fact: f})
	w.state, w.refused = step.State, step.Refused
	refused := step.Refused
	for _, o := range step.Effects {
		if _, ok := o.Effect.(VerifyPerson); ok {
			person = o.Key
		}
		if e, ok := o.Effect.(VerifyDoor); ok {
			w.event(Answered{Key: o.Key, Outcome: w.door(e)})
		}
	}
	g := w.state.Run.Gate
	w.opens = w.opens || g != nil && (g.Door == DoorOpening || g.Door == DoorOpen)
	w.refused = refused
	return person
}

func (w *supposing) door(e VerifyDoor) DoorVerified {
	g := w.state.Run.Gate
	out := DoorVerified{Policy: g.Policy, Freeze: g.Freeze}
	for _, a := range g.Approvals {
		if a.Counts() && slices.ContainsFunc(e.People, func(p Person) bool { return p.ID == a.By.ID }) {
			out.Standings = append(out.Standings, *a.Standing)
		}
	}
	return out
}

// Assume is the standing of a person of whom only the login is given: known from
// the run where it can be, else taken to be in every team that the policy names.
func (r *Run) Assume(login string) Standing {
	s := Standing{Person: r.known(login), Role: "write"}
	if r.Gate == nil {
		return s
	}
	for _, a := range r.Gate.Approvals {
		if a.Standing != nil && a.By.ID == s.Person.ID {
			return *a.Standing
		}
	}
	s.Teams = r.Gate.Policy.Teams()
	return s
}

// known finds who has the login among those who had a hand in the run.
func (r *Run) known(login string) Person {
	people := []Person{r.StartedBy}
	for _, c := range r.Release.Commits {
		people = append(people, c.Authors...)
	}
	if r.Gate != nil {
		for _, a := range r.Gate.Approvals {
			people = append(people, a.By)
		}
	}
	for _, p := range people {
		if p.ID != 0 && strings.EqualFold(p.Login, login) {
			return p
		}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(login))) // a hash takes everything
	return Person{ID: 1<<40 + int64(h.Sum32()), Login: login}
}

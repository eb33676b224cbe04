package pipeline

import (
	"fmt"
	"time"
)

// A person's commands in comments of one repository: so many in so long a time.
// Buttons, pages and the command line are not limited by it.
const (
	CommandLimit = 20
	CommandSpan  = time.Hour
)

// TallyVersion is the version of the stored form of a Tally.
const TallyVersion = 1

// Tally counts what one person commands by comments in one repository. It is
// written over in place: the first command after the end of an hour begins the
// next one, and then nothing of the last is needed any more.
type Tally struct {
	V     int       `json:"v"`
	Since time.Time `json:"since"` // when its hour began: with a command
	Count int       `json:"count"`
	// Told and ToldRollback say that the limit was answered in this hour: to a
	// rollback apart, since one by a commander goes on and is not told.
	Told         bool `json:"told,omitempty"`
	ToldRollback bool `json:"told_rollback,omitempty"`
}

// Over is when the hour is over, and the tally may be deleted.
func (t Tally) Over() time.Time { return t.Since.Add(CommandSpan) }

// Limit says of a command that its giver has given too many.
type Limit struct {
	Frees time.Time `json:"frees"`          // when his commands are carried out again
	Told  bool      `json:"told,omitempty"` // he knows already: no answer
}

// Take counts one command. A Limit is the answer to those above CommandLimit.
func (t Tally) Take(at time.Time, v Verb) (Tally, *Limit) {
	if t.Count == 0 || !at.Before(t.Over()) {
		t = Tally{Since: at}
	}
	t.V = TallyVersion
	if t.Count < CommandLimit {
		t.Count++
		return t, nil
	}
	told := &t.Told
	if v == VerbRollback {
		told = &t.ToldRollback
	}
	l := &Limit{Frees: t.Over(), Told: *told}
	*told = true
	return t, l
}

// refusal is what is answered once.
func (l Limit) refusal(login string) *Refusal {
	return &Refusal{
		Code:   "too-many-commands",
		Reason: fmt.Sprintf("%s has given %d commands in comments of this repository within an hour, so this one is not carried out.", login, CommandLimit),
		Fix: fmt.Sprintf("Until %s the next ones get no answer either. Buttons, pages and the command line are not limited, and a /rollback by a commander never is.",
			clock(l.Frees)),
	}
}

// limited ends a command above the limit, once it is known that its giver may
// know of it.
func (m *intakeMachine) limited() {
	c, l := m.in.Command, m.in.Limit
	why := l.refusal(c.By.Login)
	m.in.Spec = nil
	if l.Told {
		m.in.Result = why.Reason + " That was answered before: no answer"
		return
	}
	m.answer(why)
}

// spared reports whether a command goes on above the limit for now: a rollback,
// until it is known whether a commander asks for it.
func (in *Intake) spared() bool {
	return in.Limit == nil || in.Command.Command.Verb == VerbRollback
}

// limitRollback asks whether a commander wants the rollback above the limit: his
// is never kept back by it.
func (m *intakeMachine) limitRollback(spec *Spec) {
	m.in.Spec = spec
	env := spec.Environments[m.in.rollbackRequest().Environment]
	m.owe("commander", VerifyPerson{Person: m.in.Command.By, Teams: teamsOf(env.commanders()), Role: true})
}

// rollbackLimited lets a commander's rollback go on, and no other.
func (m *intakeMachine) rollbackLimited(s Standing) {
	if !m.in.Spec.Environments[m.in.rollbackRequest().Environment].commands(s) {
		m.limited()
		return
	}
	m.in.Limit = nil
	m.seen()
	m.rollbackConfig(ConfigRead{Spec: m.in.Spec})
}

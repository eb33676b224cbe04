package pipeline

import (
	"maps"
	"slices"
	"strings"
)

// RollbackAsk is what a rollback takes beside its environment and reason.
type RollbackAsk struct {
	To         string `json:"to,omitempty"`     // version, tag, commit or run; empty: the last verified release
	Phrase     string `json:"phrase,omitempty"` // as typed
	BreakGlass bool   `json:"break_glass,omitempty"`
}

// rollbackRequest is what came in, from a comment or from rollback.yml; nil if it
// is something else.
func (in *Intake) rollbackRequest() *JudgeRequest {
	switch {
	case in.Command != nil && in.Command.Command.Verb == VerbRollback:
		c := in.Command.Command
		return &JudgeRequest{
			Environment: c.Target, Reason: c.Reason, RollbackAsk: RollbackAsk{To: c.Ref, Phrase: c.Phrase, BreakGlass: c.BreakGlass},
		}
	case in.Asked != nil && in.Asked.For == AskRollback:
		r := JudgeRequest{Environment: in.Asked.Environment, Reason: in.Asked.Reason}
		if in.Asked.Rollback != nil {
			r.RollbackAsk = *in.Asked.Rollback
		}
		return &r
	}
	return nil
}

// Operator is who holds the operator's token. GitHub knows nobody of that id.
func Operator() Person { return Person{Login: "operator"} }

// beginOffline begins what the operator asks for while GitHub is away. His token
// is authority for a rollback and for nothing else.
func (m *intakeMachine) beginOffline() {
	if m.in.rollbackRequest() == nil {
		m.noRollback(Refusal{
			Code: "needs-person", Reason: "The operator's token is nobody: it is authority for a rollback, and for nothing else.",
			Fix: "Sign in and make a key on the page /account; use it as GATEHOUSE_TOKEN.",
		})
		return
	}
	m.owe("read-config", ReadPinned{Run: m.in.Command.Offline})
}

// rollbackConfig goes on with a rollback once the file is read.
func (m *intakeMachine) rollbackConfig(o ConfigRead) {
	if o.Refused != nil {
		m.noRollback(*o.Refused)
		return
	}
	if o.Spec == nil {
		m.noRollback(Refusal{
			Code: "no-config", Reason: "The configuration on the default branch is missing or broken, so it is not known which project the environment is, nor who commands it.",
			Fix: "Mend .github/gatehouse.yml on the default branch; gatehouse check says what is wrong.",
		})
		return
	}
	r := m.in.rollbackRequest()
	if o.Spec.Environments[r.Environment] == nil {
		known := slices.Sorted(maps.Keys(o.Spec.Environments))
		m.noRollback(Refusal{
			Code: "unknown-environment", Reason: "There is no environment " + quoted(r.Environment) + ".",
			Fix: "It is one of " + strings.Join(known, ", ") + ".", Lines: "/rollback " + known[len(known)-1],
		})
		return
	}
	if o.Spec.Mode == ModeObserve {
		m.noRollback(Refusal{
			Code: "observed", Reason: "mode: observe: Gatehouse changes nothing here, and so rolls nothing back.",
			Fix: "Remove mode: observe from the configuration on the default branch.",
		})
		return
	}
	if m.in.Limit != nil {
		m.limitRollback(o.Spec)
		return
	}
	if c := m.in.Command; c != nil && c.Command.Plan {
		m.owe("plan", PlanRestore{Project: o.Spec.Environments[r.Environment].Firebase, Environment: r.Environment, To: r.To})
		return
	}
	m.in.Spec = o.Spec
	m.owe("judge-request", *r)
}

// rollbackJudged starts the rollback of a request that is complete.
func (m *intakeMachine) rollbackJudged() {
	r := m.in.rollbackRequest()
	env := m.in.Spec.Environments[r.Environment]
	x := Restore{To: r.To, Why: r.Reason, BreakGlass: r.BreakGlass}
	sha := ""
	if c := m.in.Command; c != nil {
		x.By, sha = c.By, c.Where.commit()
		if c.Offline != "" {
			x.By, x.Offline, x.BreakGlass = Operator(), true, true
		}
		x.Asked = &Ask{Verb: VerbRollback, By: c.By, Text: r.Reason, Where: c.Where}
	} else {
		x.By, sha = m.in.Asked.By, m.in.Push.After
	}
	m.owe("start/"+PipelineRollback, StartRun{Run: NewRollback(m.in.Spec, env, *m.in, sha, x)})
	m.in.Spec = nil // pinned in the run
}

// planned answers who only wanted to know.
func (m *intakeMachine) planned(o RestorePlanned) {
	m.in.Result = "told what a rollback would move"
	m.owe("reply", Reply{Where: m.in.Command.Where, OK: true, Text: o.Text, Plan: o.Plan})
}

// noRollback says why nothing is rolled back, where it was asked.
func (m *intakeMachine) noRollback(why Refusal) {
	m.in.Result, m.in.Spec = why.Reason, nil
	if c := m.in.Command; c != nil {
		m.owe("reply", Reply{Where: c.Where, Refused: &why})
		return
	}
	m.owe("show", ShowProblems{SHA: m.in.Push.After, Asked: AskRollback, Refusals: []Refusal{why}})
}

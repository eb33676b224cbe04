package pipeline

// Trouble is a release that has begun to be live and went wrong. What follows is
// judged outside, by package rollback, and comes back as an outcome.
type Trouble struct {
	Kind   string        `json:"kind"` // of package rollback: deploy-half, smoke-critical …
	Stage  string        `json:"stage"`
	Why    Refusal       `json:"why"`
	Doing  string        `json:"doing,omitempty"`
	Action TroubleAction `json:"action,omitempty"` // what was decided
	Reason *Refusal      `json:"reason,omitempty"` // why that
	Run    RunID         `json:"run,omitempty"`    // the rollback that was started
}

// TroubleAction is what automation does about a trouble.
type TroubleAction string

// The actions.
const (
	TroubleRestore TroubleAction = "restore"
	TroubleHold    TroubleAction = "hold"
	TroubleAsk     TroubleAction = "ask"
)

// The kinds of trouble, in the words of package rollback.
const (
	troubleHalf    = "deploy-half"
	troubleUnknown = "deploy-unknown"
	troubleSmoke   = "smoke-critical"
)

// troubled reports whether a failed stage means that what is live is bad.
func (m *machine) troubled(st *Stage, sr *StageRun) string {
	r := m.run
	if r.Restore != nil || r.Trouble != nil || r.verified() == nil {
		return ""
	}
	switch {
	case st.verifies() && sr.Check != nil && sr.Check.Looked && len(sr.Check.Changes) > 0:
		return troubleHalf
	case st.verifies() && sr.Check != nil && sr.Check.Before != nil && !sr.Check.Looked:
		return troubleUnknown
	case st.Kind == KindSmoke && m.lane.Live != nil && m.lane.Live.Run == r.ID:
		return troubleSmoke
	}
	return ""
}

// verified is the deploy of the run around which what is live is looked at.
func (r *Run) verified() *Stage {
	for _, st := range r.Plan().Stages {
		if st.verifies() {
			return st
		}
	}
	return nil
}

// trouble has it judged what happens now. Until then the run keeps the lane.
func (m *machine) trouble(kind string, st *Stage, why Refusal) {
	live := m.run.shipped(m.at)
	t := &Trouble{Kind: kind, Stage: st.ID, Why: why}
	t.Doing = m.owe(st.ID, "judge", JudgeTrouble{
		Kind: kind, Environment: m.run.Environment, OnFailure: m.run.verified().Deploy.OnFailure, History: m.lane.History, Live: &live,
		Tried: m.lane.triedFor(m.run.ID),
	})
	m.run.Trouble = t
}

// triedFor reports whether a rollback was made for the run already.
func (l *Lane) triedFor(run RunID) bool {
	r := l.released(run)
	return r != nil && r.Bad != ""
}

func (m *machine) troubleJudged(o Outcome) {
	t := m.run.Trouble
	t.Doing = ""
	if started, ok := o.(RunStarted); ok {
		t.Run = started.Run
		return
	}
	if judged, ok := o.(TroubleJudged); ok {
		t.Action, t.Reason = judged.Action, judged.Why
	} else {
		t.Action, t.Reason = TroubleHold, failureOf(o, "It could not be judged what to do.")
	}
	m.record("trouble", t.Stage, Person{}, t.Kind+": "+string(t.Action))
	m.shown()
	if t.Action == TroubleRestore {
		m.startAutomatic()
		return
	}
	if t.Reason != nil {
		m.note("", "Nothing is rolled back by itself: %s", t.Reason.Reason)
	}
	m.shutLane(m.run.Release.Version + " went wrong and what is live needs a person: " + t.Why.Reason)
}

// startAutomatic begins the rollback, which takes the lane from this run.
func (m *machine) startAutomatic() {
	r, t := m.run, m.run.Trouble
	in := Intake{At: m.at, Cause: string(r.ID) + " " + t.Kind, Repo: r.Repo}
	run := NewRollback(r.Spec, r.Env(), in, r.Release.SHA, Restore{Why: t.Why.Reason, Trouble: t.Kind, Of: r.ID})
	t.Doing = m.owe(t.Stage, "rollback", StartRun{Run: run})
}

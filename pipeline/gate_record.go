package pipeline

import (
	"fmt"
	"slices"
)

// CodeNotSignedIn says that GitHub was not told, because only the person's own
// token could and there is none.
const CodeNotSignedIn = "not-signed-in"

// recordReview has a decision that somebody made elsewhere recorded on GitHub
// too, where GitHub wants one of its own reviewers and has none yet. Only the
// person's own token can; whether there is one the performer knows.
func (m *machine) recordReview(a Ask, who Person) {
	g := m.run.Gate
	w := m.run.Stages[g.Deploy].Workflow
	if len(g.Reviewers) == 0 || g.Reviewed || g.Recording != "" || a.Where.Surface == SurfaceReview || w == nil {
		return
	}
	comment := fmt.Sprintf("%s approved by %s.", who.Login, a.Where.Surface)
	if a.Text != "" {
		comment += " " + a.Text
	}
	g.Recorder = who
	g.Recording = m.owe(g.Stage, "record-review", RecordReview{Workflow: w.ID, Environment: g.Environment, Person: who, Comment: comment})
}

// reviewRecorded is what GitHub made of it. Without it the click in GitHub
// remains, as every surface says.
func (m *machine) reviewRecorded(o Outcome) {
	g := m.run.Gate
	g.Recording = ""
	if m.run.Status != RunActive {
		return
	}
	var why Refusal
	switch o := o.(type) {
	case ReviewRecorded:
		if o.Refused == nil {
			g.Reviewed = true
			m.record("review-recorded", g.Environment, g.Recorder, "with the person's own token")
			m.changed(g.Stage)
			return
		}
		why = *o.Refused
	case Failed:
		why = o.Refusal
	case Done, ReleaseRead, WorkflowStarted, WorkflowRead, ReviewsRead, ChecksRead, GateInspected, PersonVerified, DoorVerified, DeploymentMade,
		Probed, HeadRead, ConfigRead, RunStarted, RunsFound, LaneChanged, BehindRead, SnapshotTaken, DeployVerified, TargetLoaded, PartMoved, RestorePlanned, TroubleJudged:
		return
	}
	if why.Code != CodeNotSignedIn && why.Code != "withdrawn" && !g.Reviewed {
		m.note(g.Recorder.Login, "the review could not be recorded on GitHub: %s", why.Reason)
		m.changed(g.Stage)
	}
}

// records reports whether a review is still to be recorded.
func (r *Run) records(key string, e RecordReview) bool {
	g := r.Gate
	return r.Status == RunActive && g != nil && g.Recording == key && !g.Reviewed && (g.Door == DoorShut || g.Door == DoorVerifying) &&
		slices.ContainsFunc(g.Approvals, func(a Approval) bool { return a.Counts() && a.By.ID == e.Person.ID })
}

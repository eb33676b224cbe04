package pipeline

import (
	"fmt"
	"time"
)

// startWithin is how long a dispatched workflow may wait for a runner, and one that is
// to wait at the door for its job to get there, before people are told.
const startWithin = 10 * time.Minute

// unstartedAt is when it is said that a workflow has not begun; zero: it has, or
// that was said.
func (r *Run) unstartedAt(st *Stage, sr *StageRun) time.Time {
	since := r.unstartedSince(st, sr)
	if sr.Unstarted || since.IsZero() {
		return time.Time{}
	}
	return since.Add(startWithin)
}

// unstartedSince is since when a workflow run waits for a runner, as far as GitHub
// told; zero: it does not. Behind an open door it is still told as waiting.
func (r *Run) unstartedSince(st *Stage, sr *StageRun) time.Time {
	if sr.Workflow == nil {
		return time.Time{}
	}
	g := r.Gate
	door := g != nil && g.Deploy == st.ID && g.Kind == GateByEnvironment
	switch status := sr.Workflow.Status; {
	case rank(status) > rank("waiting"), status == "waiting" && !door:
		return time.Time{}
	case door && (g.Door == DoorShut || g.Door == DoorVerifying):
		if g.Parked || status == "waiting" {
			return time.Time{}
		}
		return g.OpenAt
	case door && g.Door == DoorOpen:
		return g.DoorAt
	case door, sr.Status != StageRunning:
		return time.Time{}
	}
	return sr.StartedAt
}

// tickUnstarted says it once. The stage's own time-out, or the gate's, ends it, if
// nobody does.
func (m *machine) tickUnstarted(st *Stage, sr *StageRun) {
	if at := m.run.unstartedAt(st, sr); at.IsZero() || m.at.Before(at) {
		return
	}
	sr.Unstarted = true
	m.note("", "%s", m.run.notStarted(st, sr).Reason)
	m.record("not-started", st.ID, Person{}, "")
	m.changed(st.ID)
	if m.parked(st) {
		m.changed(m.run.Gate.Stage) // where people look while it waits
	}
	m.mark(SlotDetails)
}

// notStarted is what a stage waits for whose workflow has not begun; nil: it has, or
// nobody was told yet.
func (r *Run) notStarted(st *Stage, sr *StageRun) *Refusal {
	since := r.unstartedSince(st, sr)
	if !sr.Unstarted || since.IsZero() {
		return nil
	}
	why := &Refusal{
		Code: "not-started", Reason: fmt.Sprintf("%s was started at %s, and no runner of GitHub Actions has taken it since.", st.Title, clock(since)),
		Fix:    "See whether runners with its labels are there and free, whether a concurrency group holds it back, and githubstatus.com; it goes on by itself, or /cancel ends it.",
		Source: sr.Workflow.URL,
	}
	switch g := r.Gate; {
	case g == nil || g.Deploy != st.ID || g.Kind != GateByEnvironment:
	case g.Door == DoorOpen:
		why.Reason = fmt.Sprintf("Gatehouse opened the door to %s at %s, and its job has not begun since.", r.Environment, clock(since))
		why.Fix = "Its page in GitHub says what else holds it: another protection rule or a wait timer of the environment, a concurrency group, or that no runner with its labels is free. It goes on by itself; until it has begun, only a rollback ends it."
	default:
		why.Reason = fmt.Sprintf("The workflow of %s was started at %s, and its job has not come to the environment %s since, so GitHub asks no reviewer yet.", st.Title, clock(since), r.Environment)
	}
	return why
}

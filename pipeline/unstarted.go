package pipeline

import (
	"fmt"
	"time"
)

// startWithin is how long a dispatched workflow may wait for a runner before
// people are told.
const startWithin = 10 * time.Minute

// unstartedAt is when it is said that a workflow has not begun; zero: it has, or
// that was said.
func (sr *StageRun) unstartedAt() time.Time {
	if sr.Status != StageRunning || sr.Unstarted || !sr.unstarted() {
		return time.Time{}
	}
	return sr.StartedAt.Add(startWithin)
}

// unstarted reports whether GitHub has a workflow run that no runner took, as far as it told.
func (sr *StageRun) unstarted() bool {
	if sr.Workflow == nil {
		return false
	}
	switch sr.Workflow.Status {
	case "", "requested", "queued", "pending":
		return true
	}
	return false
}

// tickUnstarted says it once. The stage's own time-out ends it, if nobody does.
func (m *machine) tickUnstarted(st *Stage, sr *StageRun) {
	if at := sr.unstartedAt(); at.IsZero() || m.at.Before(at) {
		return
	}
	sr.Unstarted = true
	m.note("", "%s", sr.notStarted(st).Reason)
	m.record("not-started", st.ID, Person{}, "")
	m.changed(st.ID)
	m.mark(SlotDetails)
}

// notStarted is what a stage waits for whose workflow has not begun.
func (sr *StageRun) notStarted(st *Stage) Refusal {
	return Refusal{
		Code: "not-started", Reason: fmt.Sprintf("%s was started at %s, and no runner of GitHub Actions has taken it since.", st.Title, clock(sr.StartedAt)),
		Fix:    "See whether runners with its labels are there and free, whether a concurrency group holds it back, and githubstatus.com; it goes on by itself, or /cancel ends it.",
		Source: sr.Workflow.URL,
	}
}

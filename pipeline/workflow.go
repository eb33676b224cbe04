package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// grace is how long a stage past its deadline may take to be read once more.
const grace = 2 * time.Minute

func (m *machine) workflowStarted(st *Stage, sr *StageRun, w WorkflowRun) {
	sr.Workflow = &w
	m.changed(st.ID)
	if m.parked(st) && m.run.Gate.OpenAt.IsZero() {
		m.openForApprovals()
	}
	m.judgeWorkflow(st, sr)
}

// workflowSeen merges news of a workflow run. News that is older than what is
// known changes nothing, in whatever order it arrives.
func (m *machine) workflowSeen(w WorkflowRun) {
	for _, st := range m.run.Plan().Stages {
		sr := m.run.Stages[st.ID]
		if sr.Workflow == nil || sr.Workflow.ID != w.ID {
			continue
		}
		if !newer(w, *sr.Workflow) {
			m.tie(st, sr, w)
			return
		}
		if w.HeadSHA == "" {
			w.HeadSHA = sr.Workflow.HeadSHA
		}
		sr.Workflow = &w
		m.refuseAgain(st, sr)
		if m.run.Status == RunActive {
			m.changed(st.ID)
			m.judgeWorkflow(st, sr)
		}
		return
	}
}

// tie has GitHub asked again when two pieces of news of one moment differ.
func (m *machine) tie(st *Stage, sr *StageRun, w WorkflowRun) {
	had := sr.Workflow
	same := w.Attempt == had.Attempt && rank(w.Status) == rank(had.Status) && w.UpdatedAt.Equal(had.UpdatedAt)
	differ := w.Status != had.Status || w.Conclusion != had.Conclusion
	if same && differ && sr.Doing == "" && sr.Status == StageRunning {
		had.UpdatedAt = had.UpdatedAt.Add(-time.Nanosecond) // what is read counts as newer
		sr.Doing = m.owe(st.ID, "read", ReadWorkflow{Workflow: w.ID})
	}
}

// refuseAgain closes the door to an attempt that somebody started in GitHub after
// ours had its verdict.
func (m *machine) refuseAgain(st *Stage, sr *StageRun) {
	w := sr.Workflow
	if st.Kind == KindDeploy && sr.Verdict > 0 && w.Attempt > sr.Verdict && w.Status == "waiting" {
		m.verdict(st, sr, DoorRequested{Workflow: w.ID, Environment: m.run.Environment}, false, reattempt)
	}
}

// newer orders facts by attempt, then the rank of the status, then GitHub's time.
func newer(a, b WorkflowRun) bool {
	if a.Attempt != b.Attempt {
		return a.Attempt > b.Attempt
	}
	if ra, rb := rank(a.Status), rank(b.Status); ra != rb {
		return ra > rb
	}
	return a.UpdatedAt.After(b.UpdatedAt)
}

func rank(status string) int {
	switch status {
	case "":
		return 0
	case "requested", "queued", "pending":
		return 1
	case "waiting":
		return 2
	case "in_progress":
		return 3
	case "completed":
		return 4
	}
	return 1 // a status that GitHub may add is no reason to stop
}

func (m *machine) judgeWorkflow(st *Stage, sr *StageRun) {
	w := sr.Workflow
	if w.HeadSHA != "" && w.HeadSHA != m.run.Release.SHA && m.run.Gated() && !sr.Status.Over() {
		if st.Kind == KindDeploy && !m.parked(st) {
			m.lane.Doubt = &Doubt{Shipped: m.run.shipped(m.at), Reason: "a deploy began at another commit than the approved one"}
		}
		m.end(RunSuperseded, Refusal{
			Code: "branch-moved",
			Reason: fmt.Sprintf("%s has moved on: GitHub would run %s at %s, not at this release's commit %s.",
				m.run.Release.Branch(), st.Title, short(w.HeadSHA), short(m.run.Release.SHA)),
			Fix: "The run of the newer commit goes on in its place. A bare commit cannot be dispatched: tag it or push a branch.",
		})
		return
	}
	if m.parked(st) {
		m.judgeParked(st, sr)
		return
	}
	if g := m.run.Gate; g != nil && g.Deploy == st.ID && g.Door == DoorOpening {
		m.judgeOpening(sr)
		return
	}
	if w.Status != "completed" || sr.Status != StageRunning || sr.Doing != "" && !sr.Overdue {
		return
	}
	looks := st.verifies() && sr.Check != nil && sr.Check.Before != nil
	if w.Conclusion == "success" {
		if looks {
			m.lookAtLive(st, sr, nil)
			return
		}
		m.finishStage(st, sr, StagePassed, nil)
		return
	}
	why := Refusal{
		Code: "workflow-" + w.Conclusion, Reason: fmt.Sprintf("The workflow %s ended with %s.", workflowFile(st), w.Conclusion),
		Fix: "See its log.", Source: w.URL,
	}
	if looks {
		m.lookAtLive(st, sr, &why)
		return
	}
	m.fail(st, sr, why)
}

// judgeOpening looks at a workflow run whose door is being opened. That it goes
// on says more than the verdict's own answer, which may be late.
func (m *machine) judgeOpening(sr *StageRun) {
	switch sr.Workflow.Status {
	case "waiting":
		m.run.Gate.Parked = true
		m.tryDoor()
	case "in_progress", "completed":
		m.doorOpened()
	}
}

func workflowFile(st *Stage) string {
	switch {
	case st.Workflow != nil:
		return st.Workflow.File
	case st.Deploy != nil:
		return st.Deploy.File
	}
	return st.Title
}

// stillRunning ends a stage that was read once more past its deadline and still
// runs.
func (m *machine) stillRunning(st *Stage, sr *StageRun) {
	if !sr.Overdue || sr.Status != StageRunning {
		return
	}
	m.cancelWorkflow(st, sr)
	m.fail(st, sr, m.timedOut(st))
}

func (m *machine) timedOut(st *Stage) Refusal {
	return Refusal{
		Code: "timed-out", Reason: fmt.Sprintf("%s did not end within %s.", st.Title, seconds(st.Timeout)),
		Fix: "See where it hangs; press Retry, or give the stage a longer timeout in .github/gatehouse.yml.",
	}
}

func (m *machine) cancelWorkflow(st *Stage, sr *StageRun) {
	closing := m.run.Gate != nil && m.run.Gate.Closing != "" && m.run.Gate.Deploy == st.ID
	if sr.Workflow != nil && sr.Workflow.Status != "completed" && !closing {
		m.cancelRun(st.ID, sr.Workflow.ID)
	}
}

// cancelRun ends a workflow run; a rollback that stops this run waits for it.
func (m *machine) cancelRun(stage string, workflow int64) {
	m.run.Canceling = append(slices.Clone(m.run.Canceling), m.owe(stage, "cancel", CancelWorkflow{Workflow: workflow}))
}

// tick does what time alone brings about.
func (m *machine) tick() {
	if m.run.Status != RunActive {
		return
	}
	m.tickGate()
	for _, st := range m.run.Plan().Stages {
		sr := m.run.Stages[st.ID]
		m.tickUnstarted(st, sr)
		m.tickBlocked(st, sr)
		if m.run.Status == RunActive && sr.Status == StageRunning && m.run.Hindrance(sr.Doing) == nil && !sr.Deadline.IsZero() && !m.at.Before(sr.Deadline) {
			m.overdue(st, sr)
		}
	}
	m.tickIdle()
}

// overdue reads a stage once more before it counts as timed out: the news of
// its end may have been lost.
func (m *machine) overdue(st *Stage, sr *StageRun) {
	if sr.Overdue {
		m.stillRunning(st, sr)
		return
	}
	dispatching := strings.HasPrefix(sr.Doing, st.ID+"/dispatch/")
	switch {
	case sr.Workflow != nil && !dispatching && sr.Workflow.Status != "completed":
		sr.Doing = m.owe(st.ID, "read", ReadWorkflow{Workflow: sr.Workflow.ID})
	case st.Kind == KindChecks && sr.Doing == "":
		sr.Doing = m.owe(st.ID, "read-checks", ReadChecks{SHA: m.run.Release.SHA, Names: st.Checks.Names})
	default:
		m.fail(st, sr, m.timedOut(st))
		return
	}
	sr.Overdue, sr.Deadline = true, m.at.Add(grace)
}

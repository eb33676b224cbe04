package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// parkWait is how long a met gate waits for GitHub's word that the job is at
// the door, before the workflow run is read.
const parkWait = time.Minute

// maxGate is how long a run may wait at its gate: GitHub fails a job that
// waited 30 days.
const maxGate = 29 * 24 * time.Hour

// startGate opens the approval stage: GitHub is asked what protects the
// environment.
func (m *machine) startGate(st *Stage, sr *StageRun) {
	if m.run.Restore != nil {
		m.startFinal(st, sr)
		return
	}
	m.begin(st, sr)
	if g := m.run.Gate; g != nil && g.Stage != st.ID {
		m.fail(st, sr, NotAvailable("a second approval in one pipeline"))
		return
	}
	m.run.Gate = &Gate{
		Stage: st.ID, Deploy: st.Approval.Deploy, Environment: m.run.Environment,
		Policy: m.run.Env().Approval, Door: DoorShut,
	}
	m.run.Gate.Doing = m.owe(st.ID, "inspect", InspectGate{Environment: m.run.Environment})
}

// parked reports whether st is the deploy whose workflow was dispatched to wait
// behind the door, and the door has not opened.
func (m *machine) parked(st *Stage) bool {
	g := m.run.Gate
	return g != nil && g.Deploy == st.ID && g.Kind == GateByEnvironment &&
		(g.Door == DoorShut || g.Door == DoorVerifying)
}

func (m *machine) gateAnswered(o Outcome) {
	if m.run.Status != RunActive {
		return
	}
	switch o := o.(type) {
	case Failed:
		if m.run.Gate.Door == DoorOpening && o.Unsure {
			m.lane.Doubt = &Doubt{Shipped: m.run.shipped(m.at), Reason: "it is not known whether the deploy's door was opened: " + o.Refusal.Reason}
		}
		m.endGate(RunFailed, o.Refusal)
	case GateInspected:
		m.inspected(o)
	case DoorVerified:
		m.doorVerified(o)
	case Done:
		m.doorOpened()
	case SnapshotTaken:
		st := m.run.Plan().Stage(m.run.Gate.Deploy)
		m.snapshotTaken(st, m.run.Stages[st.ID], o.Ref)
	case WorkflowRead:
		m.doorRead(o.Workflow)
	case ReviewsRead:
		m.reviewsMissed(o)
	case ReviewRecorded, ReleaseRead, WorkflowStarted, ChecksRead, PersonVerified, DeploymentMade, Probed, HeadRead, ConfigRead, RunStarted, RunsFound, LaneChanged, BehindRead,
		DeployVerified, TargetLoaded, PartMoved, RestorePlanned, TroubleJudged:
		// Nothing that a gate asks for is answered so.
	}
}

// endGate fails the approval and with it the run; once everybody has approved,
// it is the deploy behind the door that fails, so that a check says why.
func (m *machine) endGate(status RunStatus, why Refusal) {
	g := m.run.Gate
	st, sr := m.run.Plan().Stage(g.Stage), m.run.Stages[g.Stage]
	if sr.Status.Over() {
		st, sr = m.run.Plan().Stage(g.Deploy), m.run.Stages[g.Deploy]
		m.closeDoor(why)
	}
	if !sr.Status.Over() {
		if sr.Attempt == 0 {
			m.begin(st, sr)
		}
		m.cancelWorkflow(st, sr)
		m.finishStage(st, sr, StageFailed, &why)
	}
	m.end(status, why)
}

func (m *machine) inspected(o GateInspected) {
	g := m.run.Gate
	jobs := m.run.Release.Deploys[m.run.Plan().Stage(g.Deploy).Deploy.File]
	choice, refusal := ChooseGate(g.Policy.Gate, g.Environment, o, jobs)
	if refusal == nil && jobs.Environment != "" {
		refusal = o.keepsOut(m.run.Release.Branch(), g.Environment)
	}
	if refusal != nil {
		m.endGate(RunFailed, *refusal)
		return
	}
	g.Kind = choice
	m.arrive()
	if m.run.Status != RunActive {
		return
	}
	if choice == GateByGatehouse {
		g.Advisory = true
		m.openForApprovals()
		return
	}
	g.Reviewers = o.Reviewers
	st, sr := m.run.Plan().Stage(g.Deploy), m.run.Stages[g.Deploy]
	sr.Attempt++
	sr.Workflow, m.run.Deployment = nil, nil
	m.startWorkflow(st, sr, st.Deploy.File, st.Deploy.Inputs)
}

func (m *machine) openForApprovals() {
	g := m.run.Gate
	st, sr := m.run.Plan().Stage(g.Stage), m.run.Stages[g.Stage]
	g.OpenAt = m.at
	wait := maxGate
	if g.Policy.Expires > 0 {
		wait = min(wait, g.Policy.Expires)
	}
	g.ExpiresAt = m.at.Add(wait)
	sr.Status, sr.Deadline = StageWaiting, time.Time{}
	m.record("gate-reached", g.Environment, Person{}, "by "+string(g.Kind))
	m.changed(st.ID)
	m.mark(SlotDetails)
}

// doorRequested is GitHub's question at our protection rule.
func (m *machine) doorRequested(f DoorRequested) {
	st := m.deployOf(f.Workflow)
	if st == nil || !strings.EqualFold(f.Environment, m.run.Environment) {
		return
	}
	m.adopt(f.Deployment)
	sr, g := m.run.Stages[st.ID], m.run.Gate
	attempt := max(sr.Workflow.Attempt, 1)
	switch {
	case sr.Verdict >= attempt: // asked twice; the answer is on its way
	case attempt > 1:
		m.verdict(st, sr, f, false, reattempt)
	case m.run.Status != RunActive || sr.Status.Over():
		m.verdict(st, sr, f, false, m.overText())
	case !m.run.Gated(), g != nil && g.Deploy == st.ID && g.Kind == GateByGatehouse && g.Door == DoorOpen:
		m.verdict(st, sr, f, true, "Gatehouse started this deploy, run "+string(m.run.ID)+".")
	case g != nil && g.Deploy == st.ID && g.Kind == GateByEnvironment:
		g.Parked = true
		m.markGate(g.Stage)
		m.tryDoor()
	default:
		m.verdict(st, sr, f, false, "Nobody approved this deploy.")
	}
}

// verdict answers our rule once for an attempt of a workflow run.
func (m *machine) verdict(st *Stage, sr *StageRun, f DoorRequested, approve bool, comment string) {
	sr.Verdict = max(sr.Workflow.Attempt, 1)
	verb := "close"
	if approve {
		verb = "open"
	}
	m.owe(st.ID, verb, AnswerDoor{Workflow: f.Workflow, Environment: f.Environment, Approve: approve, Comment: comment})
}

const reattempt = "Gatehouse did not start this attempt. Start a new release, or comment /retry where Gatehouse told of this one."

func (m *machine) overText() string {
	if m.run.Reason != nil {
		return "This run of Gatehouse is over. " + m.run.Reason.Reason
	}
	return "This run of Gatehouse is over."
}

// deployOf returns the deploy stage that dispatched the workflow run, or nil.
func (m *machine) deployOf(workflow int64) *Stage {
	for _, st := range m.run.Plan().Stages {
		if w := m.run.Stages[st.ID].Workflow; st.Kind == KindDeploy && w != nil && w.ID == workflow {
			return st
		}
	}
	return nil
}

func (m *machine) adopt(deployment int64) {
	if deployment != 0 && m.run.Deployment == nil {
		m.run.Deployment = &Deployment{ID: deployment, Environment: m.run.Environment}
		m.mark(SlotDeployment)
	}
}

func (m *machine) deploymentSeen(f DeploymentSeen) {
	if m.deployOf(f.Workflow) != nil && (f.Environment == "" || strings.EqualFold(f.Environment, m.run.Environment)) {
		m.adopt(f.Deployment)
	}
}

// reviewed is a decision in GitHub's own dialog.
func (m *machine) reviewed(f Reviewed) {
	g := m.run.Gate
	st := m.deployOf(f.Workflow)
	if g == nil || st == nil || g.Deploy != st.ID || m.run.Status != RunActive {
		return
	}
	named := slices.ContainsFunc(f.Environments, func(e string) bool { return strings.EqualFold(e, g.Environment) })
	if !named && len(f.Environments) > 0 {
		return
	}
	if g.Door != DoorShut && g.Door != DoorVerifying {
		return // late: the door has opened
	}
	if !f.Approved {
		m.reject(f.By, f.Comment, SurfaceReview)
		return
	}
	g.Reviewed = true
	m.changed(g.Stage)
	if slices.ContainsFunc(g.Approvals, func(a Approval) bool { return a.Counts() && a.By.ID == f.By.ID }) {
		return // he approved elsewhere: this is the click that GitHub wanted
	}
	m.ask(Ask{Verb: VerbApprove, Stage: g.Stage, By: f.By, Where: Origin{Surface: SurfaceReview}, Text: f.Comment})
}

func (m *machine) reject(by Person, why string, from Surface) {
	reason := fmt.Sprintf("%s rejected the release", by.Login)
	if why != "" {
		reason += ": " + why
	}
	m.note(by.Login, "rejected the release (%s)", from)
	m.record("rejected", m.run.Gate.Environment, by, why)
	m.endGate(RunRejected, Refusal{Code: "rejected", Reason: reason, Fix: "Mend what was asked for and push the release branch again."})
}

// judgeParked looks at a workflow run that should be waiting at the door.
func (m *machine) judgeParked(st *Stage, sr *StageRun) {
	g := m.run.Gate
	if sr.Workflow.Attempt > 1 {
		m.endGate(RunFailed, Refusal{
			Code: "parked-workflow-again", Reason: "Somebody ran the waiting workflow again in GitHub; what was asked of the approvers was another attempt.",
			Fix: "Push the release branch again.", Source: sr.Workflow.URL,
		})
		return
	}
	switch sr.Workflow.Status {
	case "waiting":
		g.Parked = true
		m.markGate(g.Stage)
	case "in_progress":
		if g.Parked {
			m.bypassed(st, sr)
		}
	case "completed":
		sr.Doing = m.owe(st.ID, "read-reviews", ReadReviews{Workflow: sr.Workflow.ID})
	}
}

// reviewsRead tells why a parked workflow run ended: somebody's rejection, whose
// webhook is late or lost, or something else.
func (m *machine) reviewsRead(st *Stage, o ReviewsRead) {
	if !m.parked(st) || m.run.Status != RunActive {
		return
	}
	for _, r := range o.Reviews {
		if !r.Approved {
			m.reject(r.By, r.Comment, SurfaceReview)
			return
		}
	}
	sr := m.run.Stages[st.ID]
	w := sr.Workflow
	if o.Workflow.ID == w.ID && o.Workflow.Status == "completed" {
		w = &o.Workflow
	}
	if w.Conclusion == "success" {
		m.bypassed(st, sr)
		return
	}
	m.endGate(RunFailed, Refusal{
		Code:   "parked-workflow-ended",
		Reason: fmt.Sprintf("The workflow %s, which waited behind the gate, ended with %s before it was opened.", workflowFile(st), w.Conclusion),
		Fix:    "See its log; push the release branch again to start anew.", Source: sr.Workflow.URL,
	})
}

// reviewsMissed takes up reviews whose webhook was lost.
func (m *machine) reviewsMissed(o ReviewsRead) {
	for _, r := range o.Reviews {
		r.Workflow, r.Environments = m.run.Stages[m.run.Gate.Deploy].Workflow.ID, nil
		known := slices.ContainsFunc(m.run.Gate.Approvals, func(a Approval) bool { return a.By.ID == r.By.ID })
		switch {
		case m.run.Status != RunActive:
			return
		case known && r.Approved:
			m.run.Gate.Reviewed = true
		default:
			m.reviewed(r)
		}
	}
}

// bypassed ends a run whose deploy somebody let through around Gatehouse.
func (m *machine) bypassed(st *Stage, sr *StageRun) {
	why := Refusal{
		Code:   "gate-bypassed",
		Reason: "The deploy passed the environment's protection without Gatehouse: an administrator started the waiting job in GitHub.",
		Fix:    "Follow that workflow run; what is live is not known until the next release. Take the right to bypass away in the environment's settings.",
		Source: sr.Workflow.URL,
	}
	m.run.Gate.Door = DoorClosed
	m.lane.Doubt = &Doubt{Shipped: m.run.shipped(m.at), Reason: why.Reason}
	m.record("gate-bypassed", m.run.Gate.Environment, Person{}, why.Reason)
	m.finishStage(st, sr, StageSkipped, &why) // over: what runs there is no longer ours to cancel
	m.endGate(RunFailed, why)
}

// passGate ends the approval stage when its policy is met.
func (m *machine) passGate(st *Stage, sr *StageRun) bool {
	g := m.run.Gate
	if g == nil || g.Stage != st.ID || !m.met() {
		return false
	}
	m.record("approved", g.Environment, Person{}, g.approvers())
	m.finishStage(st, sr, StagePassed, nil)
	return true
}

// met reports whether the policy is met and, where GitHub wants one of its own
// reviewers, GitHub has recorded one.
func (m *machine) met() bool {
	g := m.run.Gate
	return Judge(g.Rules(), g.Approvals).Met && (len(g.Reviewers) == 0 || g.Reviewed)
}

func (g *Gate) approvers() string {
	var names []string
	for _, a := range g.Approvals {
		if a.Counts() {
			names = append(names, a.By.Login)
		}
	}
	return strings.Join(names, ", ")
}

// closeDoor closes the door for good, if it is not open yet. The workflow run is
// canceled once GitHub has the verdict: a canceled job takes none, and GitHub's page
// would not say why it was turned away.
func (m *machine) closeDoor(why Refusal) {
	g := m.run.Gate
	if g == nil || g.Door == DoorOpen || g.Door == DoorOpening || g.Door == DoorClosed {
		return
	}
	g.Door, g.Doing = DoorClosed, ""
	sr := m.run.Stages[g.Deploy]
	if g.Kind == GateByEnvironment && g.Parked && sr.Workflow != nil && sr.Workflow.Status != "completed" && sr.Verdict == 0 {
		sr.Verdict = 1
		g.Closing = m.owe(g.Deploy, "close", AnswerDoor{Workflow: sr.Workflow.ID, Environment: g.Environment, Comment: why.Reason})
		m.run.Canceling = append(slices.Clone(m.run.Canceling), g.Closing)
	}
}

// abandonGate gives up a gate whose run is broken.
func (m *machine) abandonGate() {
	g := m.run.Gate
	if g == nil || g.Door != DoorShut && g.Door != DoorVerifying {
		return
	}
	why := *m.firstFailure()
	m.closeDoor(why)
	for _, id := range []string{g.Stage, g.Deploy} {
		if st, sr := m.run.Plan().Stage(id), m.run.Stages[id]; !sr.Status.Over() {
			m.cancelWorkflow(st, sr)
			m.finishStage(st, sr, StageCanceled, &why)
		}
	}
}

// expiry says why the gate's time is over: nobody approved, or what was approved
// could not go.
func (m *machine) expiry() Refusal {
	g := m.run.Gate
	why := Refusal{
		Code: "expired", Reason: fmt.Sprintf("Nobody opened the gate within %s.", seconds(g.ExpiresAt.Sub(g.OpenAt))),
		Fix: "Push the release branch again to ask anew.",
	}
	if m.run.Stages[g.Stage].Status != StagePassed {
		return why
	}
	why.Reason = fmt.Sprintf("The approval was for %s and %s could not go in that time.", seconds(g.ExpiresAt.Sub(g.OpenAt)), m.run.Release.Version)
	if wait := m.run.Stages[g.Deploy].Reason; wait != nil {
		why.Reason += " " + wait.Reason
	}
	return why
}

func (m *machine) tickGate() {
	g := m.run.Gate
	if g == nil {
		return
	}
	if (g.Door == DoorShut || g.Door == DoorVerifying) && !g.ExpiresAt.IsZero() && !m.at.Before(g.ExpiresAt) {
		m.endGate(RunExpired, m.expiry())
		return
	}
	m.remind()
	m.escalate()
	if sr := m.run.Stages[g.Deploy]; g.Door == DoorOpening && g.Doing == "" && !g.Parked && !m.at.Before(sr.StartedAt.Add(parkWait)) {
		g.Doing = m.owe(g.Deploy, "read", ReadWorkflow{Workflow: sr.Workflow.ID})
	}
}

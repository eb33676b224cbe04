package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// startDeploy starts a deploy whose run holds the lane: the door is verified and
// opened, or, where there is none, the workflow dispatched.
func (m *machine) startDeploy(st *Stage, sr *StageRun) bool {
	g := m.run.Gate
	if g != nil && g.Deploy == st.ID && g.Door != DoorShut {
		return false // on its way
	}
	if g != nil && g.Deploy == st.ID {
		m.verifyDoor(st)
		return true
	}
	m.begin(st, sr)
	if !m.snapshotBefore(st, sr) {
		m.dispatchDeploy(st, sr)
	}
	return true
}

// enterLane reports whether a stage may begin that needs the lane. While the lane
// is closed nothing new holds it; who held it without having begun waits first.
func (m *machine) enterLane(st *Stage) bool {
	why := m.closed(st)
	o := m.lane.Runs[m.run.ID]
	was := o.Frozen
	o.Frozen = why != nil && why.Code == "frozen"
	if why == nil {
		if !m.hold(false) {
			return false
		}
		m.lifted(st)
		return true
	}
	if g := m.run.Gate; g != nil && g.Deploy == st.ID && g.Door == DoorVerifying {
		m.shut() // all is read once more when the lane opens
	}
	l := m.lane
	switch {
	case o.Frozen:
		m.freeze(!was)
	case l.Holder == m.run.ID && !m.committed():
		l.Holder, l.Queue = "", append([]RunID{m.run.ID}, l.Queue...)
		m.record("lane-left", string(l.ID), Person{}, "the lane is closed")
	case l.Holder != m.run.ID:
		return m.hold(true)
	}
	return false
}

// freeze has a run wait for the end of a freeze, which may be of its own
// repository alone: it keeps nobody else from the lane. Of the ungated ones that
// wait so only the newest is kept, as in the queue.
func (m *machine) freeze(newly bool) {
	if m.committed() {
		return // half way: what it began nobody else may build on
	}
	m.lane.Queue = slices.DeleteFunc(m.lane.Queue, func(q RunID) bool { return q == m.run.ID })
	if newly {
		m.record("frozen", m.run.Environment, Person{}, m.run.Frozen.refusal(m.run.Environment, nil).Reason)
	}
	m.yield()
	if m.outdated() || m.overtaken() || m.run.Gated() || !newly {
		return
	}
	for _, id := range m.older(func(o *LaneRun) bool { return o.Frozen }) {
		m.supersede(id, m.run.Release.Version+", which is newer, waits for the end of the freeze too; only the newest is kept.")
	}
}

// closed says why the lane lets the stage not begin, though its run's turn has
// come. What follows a deploy is brought to its end in a closed lane too.
func (m *machine) closed(st *Stage) *Refusal {
	if !st.Kind.Mutating() && m.committed() {
		return nil
	}
	if lock := m.lane.Locked(m.at); lock != nil {
		why := lock.refusal(m.run.Environment)
		return &why
	}
	if f := m.run.Frozen; f != nil {
		why := f.refusal(m.run.Environment, m.run.Env().Commanders)
		return &why
	}
	return nil
}

// awaitLane has a stage wait for the lane, and reports whether that is news.
func (m *machine) awaitLane(st *Stage, sr *StageRun) bool {
	if m.run.Status != RunActive {
		return false
	}
	why := m.closed(st)
	if why == nil {
		why = m.heldBy()
	}
	if sr.Status == StageWaiting && sr.Reason != nil && sr.Reason.Reason == why.Reason {
		return false
	}
	if sr.Status != StageWaiting && !m.parked(st) { // else its number was taken when it was dispatched
		sr.Attempt, sr.StartedAt = sr.Attempt+1, m.at
	}
	switch held := sr.Status == StageWaiting && sr.Reason != nil && sr.Reason.Code == codeHeld; {
	case why.Code != codeHeld:
		sr.HeldSince = time.Time{}
	case !held:
		sr.HeldSince, sr.Blocked = m.at, false
	}
	sr.Status, sr.Reason = StageWaiting, why
	m.changed(st.ID)
	return true
}

// codeHeld is of a stage that waits for another run to leave the lane.
const codeHeld = "lane-held"

func (m *machine) heldBy() *Refusal {
	by := "another run"
	if holder := m.lane.Runs[m.lane.Holder]; holder != nil {
		by = "run " + string(m.lane.Holder) + " (" + holder.Version + ")"
	}
	return &Refusal{
		Code: codeHeld, Reason: m.run.Environment + " is held by " + by + ".",
		Fix: "This stage starts by itself when that run ends.",
	}
}

// verifyDoor has everything read once more that the approvals rest on. What the
// release replaces is part of the release: when that changed, approvals are void.
func (m *machine) verifyDoor(st *Stage) {
	g, r := m.run.Gate, m.run
	if live := m.lane.LiveOf[r.Repo.ID]; live != nil && (r.Release.Replaces == nil || r.Release.Replaces.SHA != live.SHA) {
		m.voidApprovals(replacesChanged(*live))
		r.Release.Replaces = live
		m.readRelease()
		return
	}
	var people []Person
	g.People, m.run.Stages[st.ID].Check = nil, nil
	for _, a := range g.Approvals {
		if a.Counts() {
			people, g.People = append(people, a.By), append(g.People, a.By.ID)
		}
	}
	g.Door = DoorVerifying
	g.Doing = m.owe(st.ID, "verify", VerifyDoor{Environment: g.Environment, People: people})
}

// voidApprovals takes every approval back and reopens the approval stage.
func (m *machine) voidApprovals(why Refusal) {
	g := m.run.Gate
	for i := range g.Approvals {
		if g.Approvals[i].Counts() {
			g.Approvals[i].Void = &why
		}
	}
	m.voidAsks(why)
	m.note("", "Approvals are void: %s", why.Reason)
	m.record("approvals-void", g.Environment, Person{}, why.Reason)
	m.reopen()
}

// reopen has the gate ask people again.
func (m *machine) reopen() {
	g := m.run.Gate
	m.shut()
	sr := m.run.Stages[g.Stage]
	sr.Status, sr.EndedAt = StageWaiting, time.Time{}
	m.backBehindGate()
	m.changed(g.Stage)
	m.mark(SlotDetails)
	m.yield()
}

// backBehindGate has everything that waits for the lane wait for the gate again,
// and gives up its place in the queue: who holds the lane must be able to use it.
func (m *machine) backBehindGate() {
	for _, st := range m.run.Plan().Stages {
		sr := m.run.Stages[st.ID]
		if sr.Status != StageWaiting || !m.behindGate(st) {
			continue
		}
		sr.Status, sr.Reason = StagePending, nil
		m.changed(st.ID)
		if !m.parked(st) {
			sr.Attempt-- // nothing was begun: the number is used when it is
		}
	}
	m.lane.Queue = slices.DeleteFunc(m.lane.Queue, func(q RunID) bool { return q == m.run.ID })
}

func (m *machine) doorVerified(o DoorVerified) {
	g := m.run.Gate
	if g.Door != DoorVerifying {
		return
	}
	if o.Policy == nil {
		m.endGate(RunFailed, Refusal{
			Code: "policy-gone", Reason: "The configuration on the default branch has no approval policy for " + g.Environment + " any more.",
			Fix: "Put it back, or push the release again under the new configuration.",
		})
		return
	}
	g.Freeze = o.Freeze
	m.calendar()
	if !samePolicy(*o.Policy, *g.Policy) {
		g.Policy = o.Policy
		m.voidApprovals(Refusal{
			Code: "policy-changed", Reason: "The approval policy of " + g.Environment + " changed on the default branch after this approval.",
			Fix: "Approve again under the new policy.",
		})
		return
	}
	m.verifyPeople(o.Standings)
	if !m.met() {
		m.note("", "The gate asks again: not everybody who approved still may.")
		m.record("gate-reopened", g.Environment, Person{}, "not everybody who approved still may.")
		m.reopen()
		return
	}
	if st := m.run.Plan().Stage(g.Deploy); m.snapshotBefore(st, m.run.Stages[st.ID]) {
		return // the door opens when it is known what is live
	}
	m.openDoor()
}

// verifyPeople judges once more everybody who was asked for, and says who does
// not count any more.
func (m *machine) verifyPeople(now []Standing) {
	g := m.run.Gate
	for i := range g.Approvals {
		a := &g.Approvals[i]
		if !a.Counts() || !slices.Contains(g.People, a.By.ID) {
			continue
		}
		m.verifyAgain(a, now)
		if a.Void != nil {
			what := fmt.Sprintf("%s approved at %s and does not count any more: %s", a.By.Login, a.At.UTC().Format("2006-01-02 15:04 UTC"), a.Void.Reason)
			m.note("", "%s", what)
			m.record("approval-void", g.Environment, Person{}, what)
			m.changed(g.Stage)
			m.mark(SlotDetails)
		}
	}
}

// samePolicy compares what is stored of two policies: one of them was.
func samePolicy(a, b Policy) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

func (m *machine) verifyAgain(a *Approval, now []Standing) {
	i := slices.IndexFunc(now, func(s Standing) bool { return s.Person.ID == a.By.ID })
	if i < 0 {
		a.Void = &Refusal{Code: "not-verified", Reason: "GitHub could not say whether " + a.By.Login + " may still approve."}
		return
	}
	a.Standing = &now[i]
	a.Void = Admit(m.run.Gate.Rules(), m.run.Release, now[i])
	if m.run.Restore == nil && a.Void == nil && a.Release != m.run.Bound().Digest() {
		a.Void = &Refusal{Code: "release-changed", Reason: "The approval was given for another release than the one that is here now."}
	}
}

// shut gives up a verification under way: what it has read may be old by then.
func (m *machine) shut() {
	g := m.run.Gate
	g.Door, g.Doing = DoorShut, ""
	m.run.Stages[g.Deploy].Check = nil
}

// openDoor opens the door, unless the lane was closed while all was read.
func (m *machine) openDoor() {
	g := m.run.Gate
	st, sr := m.run.Plan().Stage(g.Deploy), m.run.Stages[g.Deploy]
	if m.closed(st) != nil {
		m.shut()
		return
	}
	m.record("door-opening", g.Environment, Person{}, "approved by "+g.approvers())
	m.lane.Runs[m.run.ID].Moving = true
	if g.Kind == GateByGatehouse {
		g.Door, g.DoorAt = DoorOpen, m.at
		m.begin(st, sr)
		m.dispatchDeploy(st, sr)
		return
	}
	g.Door = DoorOpening
	sr.Status, sr.Reason = StageRunning, nil
	sr.StartedAt, sr.Deadline = m.at, m.at.Add(st.Timeout)
	m.changed(st.ID)
	m.tryDoor()
}

// tryDoor gives the verdict once the job is known to wait for it, at the
// release's own commit.
func (m *machine) tryDoor() {
	g := m.run.Gate
	w := m.run.Stages[g.Deploy].Workflow
	switch {
	case m.run.Status != RunActive || g.Door != DoorOpening || g.Doing != "" || !g.Parked:
	case w.HeadSHA == "":
		g.Doing = m.owe(g.Deploy, "read", ReadWorkflow{Workflow: w.ID})
	default:
		m.answerDoor()
	}
}

// doorRead goes on after the parked workflow run was read: its head was compared
// on the way, and one that has no head is not let through.
func (m *machine) doorRead(w WorkflowRun) {
	g := m.run.Gate
	m.workflowSeen(w)
	sr := m.run.Stages[g.Deploy]
	switch {
	case m.run.Status != RunActive || g.Door != DoorOpening || g.Doing != "":
	case sr.Workflow.HeadSHA == "":
		m.endGate(RunFailed, Refusal{
			Code: "head-unknown", Reason: "GitHub does not say at which commit the waiting workflow would run.",
			Fix: "Push the release branch again.", Source: sr.Workflow.URL,
		})
	default:
		g.Parked = true // where nothing waits, the performer finds out and asks later
		m.answerDoor()
	}
}

func (m *machine) answerDoor() {
	g := m.run.Gate
	sr := m.run.Stages[g.Deploy]
	sr.Verdict = max(sr.Workflow.Attempt, 1)
	g.Doing = m.owe(g.Deploy, "open", AnswerDoor{
		Workflow: sr.Workflow.ID, Environment: g.Environment, Approve: true, Comment: "Approved by " + g.approvers() + ".",
	})
}

func (m *machine) doorOpened() {
	g := m.run.Gate
	if g.Door != DoorOpening {
		return
	}
	g.Door, g.DoorAt, g.Doing = DoorOpen, m.at, ""
	st, sr := m.run.Plan().Stage(g.Deploy), m.run.Stages[g.Deploy]
	sr.Deadline, sr.Unstarted = m.at.Add(st.Timeout), false
	m.record("door-opened", g.Environment, Person{}, "")
	m.changed(st.ID)
	m.judgeWorkflow(st, sr)
}

func (m *machine) dispatchDeploy(st *Stage, sr *StageRun) {
	m.lane.Runs[m.run.ID].Moving = true
	if m.run.Release.Deploys[st.Deploy.File].Environment == "" && m.run.Deployment == nil {
		sr.Doing = m.owe(st.ID, "deployment", CreateDeployment{
			SHA: m.run.Release.SHA, Environment: m.run.Environment, Production: m.run.Gated(), Version: m.run.Release.Version,
		})
		return
	}
	m.startWorkflow(st, sr, st.Deploy.File, st.Deploy.Inputs)
}

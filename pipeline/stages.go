package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settle starts everything that can start now and ends the run when nothing is
// left. It changes nothing when called twice.
func (m *machine) settle() {
	for moved := true; moved && m.run.Status == RunActive; {
		moved = false
		for _, st := range m.run.Plan().Stages {
			if m.run.Status == RunActive && m.advance(st, m.run.Stages[st.ID]) {
				moved = true
			}
		}
	}
	m.finish()
}

// advance moves one stage if it can, and reports whether it did.
func (m *machine) advance(st *Stage, sr *StageRun) bool {
	idle := sr.Status == StagePending || sr.Status == StageWaiting
	switch {
	case !idle:
		return false
	case m.broken() && !sr.Retried:
		m.abandonGate()
		if !sr.Status.Over() {
			m.finishStage(st, sr, StageSkipped, &Refusal{Code: "skipped", Reason: "Not started: a stage failed."})
		}
		return true
	case sr.Status == StagePending && m.ready(st):
		return m.start(st, sr)
	case sr.Status == StageWaiting && st.Kind == KindApproval:
		return m.passGate(st, sr)
	case sr.Status == StageWaiting:
		return m.start(st, sr)
	}
	return false
}

// ready reports whether every stage that st needs is over and satisfied.
func (m *machine) ready(st *Stage) bool {
	if (st.Kind.Mutating() || st.Kind == KindApproval) && !m.run.Release.Read {
		return false // what is approved and deployed must be known first
	}
	if g := m.run.Gate; g != nil && g.Deploy == st.ID && m.run.Stages[g.Stage].Status != StagePassed {
		return false // the approval was taken back after stages behind it had passed
	}
	for _, id := range st.Needs {
		need, sr := m.run.Plan().Stage(id), m.run.Stages[id]
		if sr.Status != StagePassed && (sr.Status != StageFailed || !need.tolerated()) {
			return false
		}
	}
	return true
}

// broken reports whether a stage failed for good: nothing new is started then,
// and what runs beside it may still end, so that people see every failure.
func (m *machine) broken() bool {
	for _, st := range m.run.Plan().Stages {
		if m.run.Stages[st.ID].Status == StageFailed && !st.tolerated() {
			return true
		}
	}
	return false
}

// tolerated reports whether a run goes on when the stage fails. A message that
// nobody could be sent is no reason to call a good release bad.
func (s *Stage) tolerated() bool { return s.ContinueOnFailure || s.Kind == KindNotify }

// start begins a stage. What changes the lane's target, and everything behind a
// gate, happens with the lane held.
func (m *machine) start(st *Stage, sr *StageRun) bool {
	if (st.Kind.Mutating() || m.behindGate(st) && st.Kind != KindNotify) && m.run.Restore == nil && !m.enterLane(st) {
		return m.awaitLane(st, sr)
	}
	switch st.Kind {
	case KindWorkflow:
		m.begin(st, sr)
		m.startWorkflow(st, sr, st.Workflow.File, st.Workflow.Inputs)
	case KindChecks:
		m.begin(st, sr)
		sr.Doing = m.owe(st.ID, "read-checks", ReadChecks{SHA: m.run.Release.SHA, Names: st.Checks.Names})
	case KindSmoke:
		m.begin(st, sr)
		sr.Doing = m.owe(st.ID, "probe", RunProbes{URL: m.run.Env().URL, Probes: st.Smoke.Probes})
	case KindNotify:
		m.begin(st, sr)
		channel := st.Notify.Slack
		if channel == "" {
			channel = m.run.Spec.Notify.Slack
		}
		sr.Doing = m.owe(st.ID, "notify", SendNotice{Channel: channel})
	case KindApproval:
		m.startGate(st, sr)
	case KindDeploy:
		return m.startDeploy(st, sr)
	case KindBackup:
		m.begin(st, sr)
		sr.Doing = m.snapshot(st, st.Backup.Export)
	case KindRequest:
		m.startRequest(st, sr)
	case KindTarget:
		m.startTarget(st, sr)
	case KindRestore:
		return m.startRestore(st, sr)
	case KindPrerequisites, KindCompliance, KindSecurity, KindMigrate, KindWatch, KindMobile:
		m.begin(st, sr)
		m.fail(st, sr, NotAvailable("the stage kind "+string(st.Kind)))
	}
	return true
}

// behindGate reports whether an approval is among what the stage descends from.
func (m *machine) behindGate(st *Stage) bool {
	for _, id := range st.Needs {
		need := m.run.Plan().Stage(id)
		if need.Kind == KindApproval || m.behindGate(need) {
			return true
		}
	}
	return false
}

// NotAvailable is the refusal of something that this build cannot do.
func NotAvailable(what string) Refusal {
	return Refusal{
		Code: "not-available", Reason: "This version of Gatehouse cannot carry out " + what + " yet.",
		Fix: "Take it out of .github/gatehouse.yml, or replace it by a workflow stage, until a version that can is installed.",
	}
}

// begin opens a new attempt of a stage.
func (m *machine) begin(st *Stage, sr *StageRun) {
	if sr.Status != StageWaiting { // else its wait for the lane has the number already
		sr.Attempt++
	}
	sr.Status, sr.StartedAt, sr.EndedAt = StageRunning, m.at, time.Time{}
	sr.Reason, sr.Overdue, sr.Unstarted, sr.Retried, sr.Again, sr.Doing, sr.Verdict = nil, false, false, false, false, "", 0
	sr.Workflow, sr.Checks, sr.Probes = nil, nil, nil
	sr.Deadline = time.Time{}
	if st.Timeout > 0 {
		sr.Deadline = m.at.Add(st.Timeout)
	}
	m.changed(st.ID)
}

func (m *machine) startWorkflow(st *Stage, sr *StageRun, file string, inputs map[string]string) {
	all := maps.Clone(inputs)
	if all == nil {
		all = map[string]string{}
	}
	nonce := ExternalID(m.run.ID, st.ID, sr.Attempt)
	all["gatehouse_run"] = nonce
	all["sha"] = m.run.Release.SHA
	all["environment"] = m.run.Environment
	all["gatehouse_needs"] = m.needs(st)
	sr.Doing = m.owe(st.ID, "dispatch", StartWorkflow{
		Stage: st.ID, Attempt: sr.Attempt, File: file, Branch: m.run.Release.Branch(),
		SHA: m.run.Release.SHA, Inputs: all, Nonce: nonce,
	})
}

// ExternalID names an attempt of a stage to the outside world.
func ExternalID(run RunID, stage string, attempt int) string {
	return string(run) + "/" + stage + "/" + strconv.Itoa(attempt)
}

// needs is the input gatehouse_needs: a JSON object of stage ids and the
// workflow runs of all stages before this one, whose artifacts it may download.
func (m *machine) needs(st *Stage) string {
	runs := map[string]string{}
	var visit func(*Stage)
	visit = func(s *Stage) {
		for _, id := range s.Needs {
			if w := m.run.Stages[id].Workflow; w != nil {
				runs[id] = strconv.FormatInt(w.ID, 10)
			}
			visit(m.run.Plan().Stage(id))
		}
	}
	visit(st)
	b, err := json.Marshal(runs)
	if err != nil {
		return "{}" // a map of strings has no other form
	}
	return string(b)
}

// stageAnswered is the outcome of the effect that a stage waits for.
func (m *machine) stageAnswered(st *Stage, sr *StageRun, o Outcome) {
	switch o := o.(type) {
	case Failed:
		m.failedEffect(st, sr, o)
	case WorkflowStarted:
		m.workflowStarted(st, sr, o.Workflow)
	case WorkflowRead:
		m.workflowSeen(o.Workflow)
		if m.run.Status == RunActive {
			m.judgeWorkflow(st, sr) // news may have come while it was being read
		}
		m.stillRunning(st, sr)
	case ReviewsRead:
		m.reviewsRead(st, o)
	case ChecksRead:
		m.checksRead(st, sr, o)
	case DeploymentMade:
		m.run.Deployment = &Deployment{ID: o.ID, Own: true, Environment: m.run.Environment}
		m.startWorkflow(st, sr, st.Deploy.File, st.Deploy.Inputs)
		m.changed(st.ID)
	case Probed:
		m.probed(st, sr, o)
	case SnapshotTaken:
		m.snapshotTaken(st, sr, o.Ref)
	case DeployVerified:
		m.deployVerified(st, sr, o)
	case TargetLoaded:
		m.targetLoaded(st, sr, o)
	case PersonVerified:
		m.commanderKnown(st, sr, o.Standing)
	case Done:
		if sr.Status == StageRunning {
			m.finishStage(st, sr, StagePassed, nil)
		}
	case ReviewRecorded, ReleaseRead, GateInspected, DoorVerified, HeadRead, ConfigRead, RunStarted, RunsFound, LaneChanged, BehindRead, PartMoved, RestorePlanned, TroubleJudged:
		// Nothing that a stage asks for is answered so.
	}
}

func (m *machine) failedEffect(st *Stage, sr *StageRun, o Failed) {
	if m.parked(st) {
		m.endGate(RunFailed, o.Refusal)
		return
	}
	if sr.Status != StageRunning {
		return
	}
	if o.Unsure {
		o.Refusal.Reason += " It is not known whether it happened, so Gatehouse does not do it again by itself."
	}
	if sr.Overdue {
		o.Refusal = m.timedOut(st)
		m.cancelWorkflow(st, sr)
	}
	sr.Tried = max(sr.Tried, st.Retries) // what cannot work is not tried again
	m.fail(st, sr, o.Refusal)
}

// fail ends an attempt badly: another follows if the stage has retries left.
func (m *machine) fail(st *Stage, sr *StageRun, why Refusal) {
	if sr.Tried < st.Retries {
		sr.Tried++
		m.finishStage(st, sr, StageFailed, &why)
		m.note("", "%s failed and is tried again (%d of %d): %s", st.Title, sr.Tried, st.Retries, why.Reason)
		sr.Status = StagePending
		return
	}
	m.finishStage(st, sr, StageFailed, &why)
	m.record("stage-failed", st.ID, Person{}, why.Reason)
	if st.Kind == KindDeploy && sr.moved() {
		r := m.run
		m.lane.Doubt = &Doubt{Shipped: r.shipped(m.at), Reason: why.Reason}
	}
	if kind := m.troubled(st, sr); kind != "" {
		m.trouble(kind, st, why)
	}
	if m.run.Restore != nil && !m.run.Restore.Accepted {
		m.answerRequest(&why)
	}
}

// moved reports whether a deploy may have moved something: it did, or nobody
// looked.
func (sr *StageRun) moved() bool {
	return sr.Check == nil || !sr.Check.Looked || len(sr.Check.Changes) > 0
}

func (m *machine) finishStage(st *Stage, sr *StageRun, s StageStatus, why *Refusal) {
	sr.Status, sr.EndedAt, sr.Reason, sr.Doing = s, m.at, why, ""
	m.changed(st.ID)
	if st.Kind == KindDeploy && s == StagePassed {
		m.live(st)
	}
}

// live makes this release what is live, and tells the runs that would replace it.
func (m *machine) live(st *Stage) {
	r, l := m.run, m.lane
	live := r.shipped(m.at)
	l.Live, l.Doubt = &live, nil
	if l.LiveOf == nil {
		l.LiveOf = map[int64]*Shipped{}
	}
	l.LiveOf[r.Repo.ID] = &live
	m.watch()
	l.remember(m.release(m.run.Stages[st.ID], st))
	m.record("deployed", r.Environment, Person{}, r.Release.Version)
	m.tellLive()
}

// tellLive has the runs know that what they replace has changed.
func (m *machine) tellLive() {
	r, l := m.run, m.lane
	mine := strconv.FormatInt(r.Repo.ID, 10) + "/"
	for _, id := range slices.Sorted(maps.Keys(l.Runs)) {
		if o := l.Runs[id]; id != r.ID && o.Gated && strings.HasPrefix(o.Pipeline, mine) {
			m.owe("lane", "live", Tell{Run: id, Fact: LiveChanged{}})
		}
	}
}

func (r *Run) shipped(at time.Time) Shipped {
	return Shipped{Run: r.ID, Repo: r.Repo.ID, Version: r.Release.Version, SHA: r.Release.SHA, At: at}
}

func (m *machine) checksChanged(f ChecksChanged) {
	if f.SHA != m.run.Release.SHA || m.run.Status != RunActive {
		return
	}
	for _, st := range m.run.Plan().Stages {
		sr := m.run.Stages[st.ID]
		if st.Kind != KindChecks || sr.Status != StageRunning {
			continue
		}
		if sr.Again = sr.Doing != ""; !sr.Again {
			sr.Doing = m.owe(st.ID, "read-checks", ReadChecks{SHA: f.SHA, Names: st.Checks.Names})
		}
	}
}

// checksRead judges the checks of the commit: all named ones must be there and
// green; one that is red fails the stage at once.
func (m *machine) checksRead(st *Stage, sr *StageRun, o ChecksRead) {
	if sr.Status != StageRunning {
		return
	}
	sr.Checks = o.Results
	open := len(o.Results) < len(st.Checks.Names)
	for _, c := range o.Results {
		switch {
		case c.Status != "completed":
			open = true
		case c.Conclusion != "success" && c.Conclusion != "neutral" && c.Conclusion != "skipped":
			m.fail(st, sr, Refusal{
				Code: "check-failed", Reason: fmt.Sprintf("The check %s ended with %s.", c.Name, c.Conclusion),
				Fix: "See its log; run it again there, then press Retry here.", Source: c.URL,
			})
			return
		}
	}
	switch {
	case !open:
		m.finishStage(st, sr, StagePassed, nil)
	case sr.Overdue:
		m.fail(st, sr, m.timedOut(st))
	case sr.Again:
		sr.Again = false
		m.checksChanged(ChecksChanged{SHA: m.run.Release.SHA})
	default:
		m.changed(st.ID)
	}
}

func (m *machine) probed(st *Stage, sr *StageRun, o Probed) {
	if sr.Status != StageRunning {
		return
	}
	sr.Probes = o.Results
	if len(o.Results) < len(st.Smoke.Probes) {
		m.fail(st, sr, Refusal{Code: "smoke-unknown", Reason: "Not every probe has an answer.", Fix: "Press Retry to probe again."})
		return
	}
	for _, p := range o.Results {
		if !p.OK && p.Critical {
			m.fail(st, sr, Refusal{
				Code: "smoke-failed", Reason: fmt.Sprintf("The probe of %s failed: %s", p.Get, p.Reason),
				Fix: m.run.Environment + " has this release but it is not verified. Look at it now; press Retry to probe again.",
			})
			return
		}
	}
	for _, p := range o.Results {
		if !p.OK {
			m.note("", "The probe of %s failed, which is not critical: %s", p.Get, p.Reason)
		}
	}
	m.finishStage(st, sr, StagePassed, nil)
}

// finish ends a run when nothing is left to do.
func (m *machine) finish() {
	if m.run.Status != RunActive || m.run.Seq == 0 || m.run.Trouble != nil && m.run.Trouble.Doing != "" {
		return
	}
	over, told := true, true
	for _, st := range m.run.Plan().Stages {
		if !m.run.Stages[st.ID].Status.Over() {
			told = false
			over = over && st.Kind == KindNotify
		}
	}
	if over && !m.broken() {
		m.verify()
		m.yield() // only words are left: the next release need not wait for Slack
	}
	if !told {
		return
	}
	if m.broken() {
		m.end(RunFailed, *m.firstFailure())
		return
	}
	m.run.Status, m.run.EndedAt = RunSucceeded, m.at
	m.record("run-succeeded", m.run.Environment, Person{}, m.run.Release.Version)
	m.shown()
	m.leave()
}

// verify makes the release the one that automation may return to: deployed, and
// every smoke test passed.
func (m *machine) verify() {
	live := m.lane.Live
	if live == nil || live.Run != m.run.ID || m.lane.Verified != nil && m.lane.Verified.Run == m.run.ID {
		return
	}
	for _, st := range m.run.Plan().Stages {
		if (st.Kind == KindSmoke || st.Kind == KindWatch) && m.run.Stages[st.ID].Status != StagePassed {
			return
		}
	}
	verified := m.run.shipped(m.at)
	m.lane.Verified = &verified
	if r := m.lane.released(m.run.ID); r != nil {
		r.Verified = true
	}
	m.record("verified", m.run.Environment, Person{}, m.run.Release.Version)
}

func (m *machine) firstFailure() *Refusal {
	for _, st := range m.run.Plan().Stages {
		if sr := m.run.Stages[st.ID]; sr.Status == StageFailed && !st.tolerated() && sr.Reason != nil {
			why := *sr.Reason
			why.Reason = st.Title + ": " + why.Reason
			return &why
		}
	}
	return &Refusal{Code: "failed", Reason: "A stage failed."}
}

// end ends the run before its stages did: what runs is canceled, what waits is
// skipped, the door is closed with the reason, the lane is left.
func (m *machine) end(status RunStatus, why Refusal) {
	r := m.run
	r.Status, r.EndedAt, r.Reason = status, m.at, &why
	m.closeDoor(why)
	for _, st := range r.Plan().Stages {
		sr := r.Stages[st.ID]
		switch {
		case sr.Status == StagePending:
			m.cancelWorkflow(st, sr)
			m.finishStage(st, sr, StageSkipped, &why)
		case !sr.Status.Over():
			m.cancelWorkflow(st, sr)
			m.finishStage(st, sr, StageCanceled, &why)
		}
		sr.Doing = ""
	}
	m.turnAway(why)
	if r.Restore != nil {
		m.answerRequest(&why)
	}
	r.Reading = ""
	m.record("run-"+string(status), r.Environment, Person{}, why.Reason)
	m.shown()
	m.leave()
	m.stopEnded()
}

func (m *machine) shown() {
	m.markChats()
	m.markIncident()
	m.mark(SlotDetails)
	if m.run.Deployment != nil {
		m.mark(SlotDeployment)
	}
}

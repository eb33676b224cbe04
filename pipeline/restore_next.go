package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// enterRestore is a rollback's arrival in its lane. It waits for nobody: neither
// queue nor lock nor freeze keeps it out. One at a time goes on in a lane.
func (m *machine) enterRestore() {
	r, l := m.run, m.lane
	if r.Seq != 0 {
		return // told twice
	}
	r.Seq = l.place(r)
	x := r.Restore
	x.Leaves = l.Leaving()
	if x.Leaves != nil {
		r.Release.SHA, r.Release.Replaces = x.Leaves.SHA, x.Leaves
	}
	m.record("rollback-asked", r.Environment, r.StartedBy, x.Why)
	m.markChats()
	if id := l.Restoring(); id != "" {
		m.end(RunSuperseded, Refusal{
			Code: "rollback-underway", Reason: fmt.Sprintf("A rollback of %s is under way already: run %s.", r.Environment, id),
			Fix: "Follow that one; approve it if you may.",
		})
		return
	}
	if x.Leaves == nil {
		m.end(RunFailed, Refusal{
			Code: "nothing-deployed", Reason: "Gatehouse has deployed nothing to " + r.Environment + " yet, so there is nothing to go back from.",
			Fix: "Move what is live in the Firebase console.",
		})
		return
	}
	m.register()
	l.Runs[r.ID].Restore = true
	if x.Automatic() {
		m.seize() // at once: the run in trouble leaves the lane now
	}
}

// Leaving is what a rollback goes back from: what is on its way, else what may be
// live in part, else what is live.
func (l *Lane) Leaving() *Shipped {
	if o := l.Runs[l.Holder]; o != nil && o.Moving {
		repo, _, _ := strings.Cut(o.Pipeline, "/")
		id, err := strconv.ParseInt(repo, 10, 64)
		if err == nil {
			return &Shipped{Run: l.Holder, Repo: id, Version: o.Version, SHA: o.SHA}
		}
	}
	if l.Doubt != nil {
		return &l.Doubt.Shipped
	}
	return l.Live
}

// Restoring names the rollback that is under way in the lane, or "".
func (l *Lane) Restoring() RunID {
	for id, o := range l.Runs {
		if o.Restore {
			return id
		}
	}
	return ""
}

// answerRequest tells who asked, once, what came of the asking.
func (m *machine) answerRequest(why *Refusal) {
	x := m.run.Restore
	if x.Asked == nil || x.Accepted {
		return
	}
	if x.Accepted = why == nil; x.Accepted {
		if where := x.Asked.Where; where.Answerable() {
			m.owe("reply", string(VerbRollback), Reply{Where: where, OK: true, Run: m.run.ID})
		}
		return
	}
	m.reply(*x.Asked, why, "")
	x.Asked = nil
}

// startRequest asks whether the person may ask for it at all.
func (m *machine) startRequest(st *Stage, sr *StageRun) {
	m.begin(st, sr)
	x := m.run.Restore
	if x.Offline {
		m.brokeGlass(st, x.By)
	}
	if x.Automatic() || x.Offline {
		m.finishStage(st, sr, StagePassed, nil)
		return
	}
	sr.Doing = m.owe(st.ID, "commander", VerifyPerson{Person: x.By, Teams: teamsOf(m.run.Env().commanders()), Role: true})
}

func (m *machine) commanderKnown(st *Stage, sr *StageRun, s Standing) {
	x := m.run.Restore
	if why := m.run.Env().MayCommand(s, "ask for a rollback of "+m.run.Environment); why != nil {
		m.fail(st, sr, *why)
		return
	}
	if x.BreakGlass && !m.run.Env().BreakGlass {
		m.fail(st, sr, Refusal{
			Code: "no-break-glass", Reason: "The configuration of " + m.run.Environment + " does not allow to break the glass.",
			Fix: "Ask without it: a second person then gives the final approval.",
		})
		return
	}
	x.By = s.Person
	if x.BreakGlass {
		m.brokeGlass(st, s.Person)
	}
	m.finishStage(st, sr, StagePassed, nil)
}

// brokeGlass keeps in the run's story and in the audit trail who did, and has
// everybody told at once who could have approved.
func (m *machine) brokeGlass(st *Stage, by Person) {
	m.note(by.Login, "broke the glass: nobody else approves this rollback before it is done")
	m.record("break-glass", m.run.Environment, by, m.run.Restore.Why)
	people := slices.Clone(m.run.Env().commanders())
	if p := m.run.Env().Approval; p != nil {
		for _, n := range p.Need {
			people = append(people, n.principals()...)
		}
	}
	call := Summon{People: distinct(people), Glass: true}
	m.say(st.ID, "break-glass", func(to Channel) Effect { call.To = to; return call })
}

func (m *machine) startTarget(st *Stage, sr *StageRun) {
	m.begin(st, sr)
	x := m.run.Restore
	sr.Doing = m.owe(st.ID, "load", LoadTarget{
		Project: string(m.lane.ID), Environment: m.run.Environment, To: x.To, History: m.lane.History, Live: x.Leaves, Before: x.Before.Blob,
	})
}

func (m *machine) targetLoaded(st *Stage, sr *StageRun, o TargetLoaded) {
	x := m.run.Restore
	x.Plan = &o.Plan
	m.run.Release.Version = o.Plan.Target.Version
	x.Moves = map[string]*MoveState{}
	for _, mv := range o.Plan.Moves {
		x.Moves[mv.Key()] = &MoveState{Status: MovePending}
	}
	m.record("rollback-planned", m.run.Environment, Person{}, fmt.Sprintf("to %s: %d move, %d stay", o.Plan.Target.Version, len(o.Plan.Moves), len(o.Plan.Left)))
	m.answerRequest(nil)
	m.finishStage(st, sr, StagePassed, nil)
	m.mark(SlotDetails)
}

// startFinal opens the final approval: there is no workflow to review, so it is
// given on Gatehouse's own surfaces.
func (m *machine) startFinal(st *Stage, sr *StageRun) {
	m.begin(st, sr)
	m.run.Gate = &Gate{
		Stage: st.ID, Deploy: st.Approval.Deploy, Environment: m.run.Environment, Kind: GateByGatehouse,
		Policy: finalPolicy(m.run.Env()), Door: DoorShut,
	}
	m.run.Gate.Policy.Escalate = m.run.Spec.Incident.Escalate
	m.lane.Runs[m.run.ID].AtGate = true
	m.openForApprovals()
}

// startRestore takes the lane, stops what runs there, and moves the pointers.
func (m *machine) startRestore(st *Stage, sr *StageRun) bool {
	x := m.run.Restore
	if m.lane.Holder != m.run.ID {
		m.seize()
	}
	if x.Stopping != "" && !x.Stopped && m.at.Before(x.StopBy) {
		return m.awaitStop(st, sr)
	}
	m.begin(st, sr)
	for _, s := range x.Moves {
		if s.Status == MoveFailed {
			*s = MoveState{Status: MovePending, Tries: s.Tries}
		}
	}
	m.nextWave(st, sr)
	return true
}

// seize takes the lane from whoever holds it, and has that run stop.
func (m *machine) seize() {
	r, l, x := m.run, m.lane, m.run.Restore
	if x.ApprovedAt.IsZero() {
		x.ApprovedAt = m.at
	}
	if g := r.Gate; g != nil {
		g.Door, g.DoorAt = DoorOpen, m.at
	}
	if old := l.Holder; old != "" && l.Runs[old] != nil {
		x.Stopping, x.StopBy = old, m.at.Add(stopWait)
		if x.Offline {
			x.StopBy = m.at // what GitHub cannot be asked to stop is not waited for
		}
		m.owe("lane", "stop", Tell{Run: old, Fact: Stop{By: r.ID, Why: x.Why}})
		m.record("lane-seized", string(l.ID), x.By, "from run "+string(old))
	}
	m.take(r.ID)
}

// awaitStop waits for the run that held the lane, at most until StopBy.
func (m *machine) awaitStop(st *Stage, sr *StageRun) bool {
	if sr.Status == StageWaiting {
		return false
	}
	if sr.Attempt == 0 {
		sr.Attempt, sr.StartedAt = 1, m.at
	}
	sr.Status = StageWaiting
	sr.Reason = &Refusal{
		Code: "stopping", Reason: fmt.Sprintf("Run %s, which was on its way here, is being stopped.", m.run.Restore.Stopping),
		Fix: fmt.Sprintf("The pointers move when it has ended, at %s at the latest.", m.run.Restore.StopBy.UTC().Format("15:04:05 UTC")),
	}
	m.changed(st.ID)
	return false
}

// nextWave moves what is next. The moves of a wave go on side by side; one that
// fails keeps no other from moving.
func (m *machine) nextWave(st *Stage, sr *StageRun) {
	x := m.run.Restore
	for _, mv := range x.Plan.Moves { // in the order of their waves
		s := x.Moves[mv.Key()]
		if s.Status != MovePending {
			continue
		}
		if first := x.firstOpen(); mv.Wave > first {
			break
		}
		s.Status, s.StartedAt, s.Tries = MoveMoving, m.at, s.Tries+1
		s.Doing = m.owe(st.ID, "move/"+mv.Key(), m.movePart(mv))
	}
	if !x.open() {
		m.moved(st, sr)
	}
}

func (m *machine) movePart(mv Move) MovePart {
	return MovePart{Project: string(m.lane.ID), Target: m.run.Restore.Plan.Target.After, Move: mv, Message: m.message()}
}

// firstOpen is the wave that is not over yet.
func (r *Restore) firstOpen() int {
	for _, mv := range r.Plan.Moves {
		if s := r.Moves[mv.Key()].Status; s == MovePending || s == MoveMoving {
			return mv.Wave
		}
	}
	return -1
}

func (r *Restore) open() bool { return r.firstOpen() >= 0 }

// message is what Google's own history shows.
func (m *machine) message() string {
	return fmt.Sprintf("Gatehouse: rollback to %s, run %s", m.run.Restore.Plan.Target.Version, m.run.ID)
}

// moveAnswered is what came of one move; a late one is taken up too, for it is
// the truth about what is live.
func (m *machine) moveAnswered(key string, o Outcome) {
	s := m.run.Restore.Moves[key]
	s.Doing, s.EndedAt = "", m.at
	again := s.Status == MoveMoved
	if done, ok := o.(PartMoved); ok {
		s.Status, s.At, s.Reason = MoveMoved, &done.At, nil
		if again && done.Moved {
			m.note("", "%s had been moved by the run that was stopped, and was put back.", key)
		}
	} else {
		s.Status, s.Reason = MoveFailed, failureOf(o, "What became of this move is not known.")
	}
	m.record("part-"+string(s.Status), key, Person{}, reasonOf(s.Reason))
	m.markIncident()
	st := m.run.Plan().Stage(StageRestore)
	sr := m.run.Stages[StageRestore]
	m.changed(st.ID)
	m.mark(SlotDetails)
	if sr.Status == StageRunning {
		m.nextWave(st, sr)
	} else if !again || s.Status == MoveFailed {
		m.doubtParts()
	}
}

// failureOf is why something was not done, or what to say if nobody knows.
func failureOf(o Outcome, unknown string) *Refusal {
	if f, ok := o.(Failed); ok {
		return &f.Refusal
	}
	return &Refusal{Code: "internal", Reason: unknown}
}

func reasonOf(r *Refusal) string {
	if r == nil {
		return ""
	}
	return r.Reason
}

// moved ends the stage once every move is over.
func (m *machine) moved(st *Stage, sr *StageRun) {
	x := m.run.Restore
	var failed []string
	for _, mv := range x.Plan.Moves {
		if s := x.Moves[mv.Key()]; s.Status == MoveFailed {
			failed = append(failed, mv.Key()+": "+s.Reason.Reason)
		}
	}
	m.afterwards()
	if len(failed) > 0 {
		m.doubtParts()
		m.fail(st, sr, Refusal{
			Code:   "partly-restored",
			Reason: fmt.Sprintf("%d of %d components could not be moved back: %s", len(failed), len(x.Plan.Moves), strings.Join(failed, " ")),
			Fix:    "Press Retry: only these are tried again. What has moved stays.",
		})
		return
	}
	x.RestoredAt = m.at
	m.restored()
	m.recordDeployment()
	m.finishStage(st, sr, StagePassed, nil)
}

// markIncident says that the incident's issue is behind, once something moves.
func (m *machine) markIncident() {
	if x := m.run.Restore; x != nil && !x.ApprovedAt.IsZero() && x.Plan != nil {
		m.mark(SlotIncident)
	}
}

// recordDeployment has GitHub know what is deployed now. Nothing waits for it.
func (m *machine) recordDeployment() {
	x := m.run.Restore
	if sha := x.Plan.Target.SHA; sha != "" && m.run.Deployment == nil && x.Recording == "" {
		x.Recording = m.owe(StageRestore, "deployment", CreateDeployment{
			SHA: sha, Environment: m.run.Environment, Production: m.run.Gated(), Version: x.Plan.Target.Version,
		})
	}
}

// deploymentRecorded is GitHub's record of the release that is live again.
func (m *machine) deploymentRecorded(o Outcome) {
	m.run.Restore.Recording = ""
	if made, ok := o.(DeploymentMade); ok {
		m.run.Deployment = &Deployment{ID: made.ID, Own: true, Environment: m.run.Environment}
		m.mark(SlotDeployment)
	} else {
		m.note("", "GitHub's list of deployments does not show the rollback: %s", failureOf(o, "it is not known why.").Reason)
	}
}

// doubtParts says that what is live is neither release as a whole.
func (m *machine) doubtParts() {
	target := m.run.Restore.Plan.Target.Shipped
	target.At = m.at
	m.lane.Doubt = &Doubt{Shipped: target, Reason: "a rollback moved only a part back"}
}

// restored makes the target what is live.
func (m *machine) restored() {
	l, x := m.lane, m.run.Restore
	live := x.Plan.Target.Shipped
	live.At = m.at
	l.Live, l.Doubt = &live, nil
	if l.LiveOf == nil {
		l.LiveOf = map[int64]*Shipped{}
	}
	l.LiveOf[m.run.Repo.ID] = &live
	m.watch()
	if x.Plan.Target.Verified {
		l.Verified = &live
	}
	m.record("rolled-back", m.run.Environment, x.By, "to "+live.Version)
	m.tellLive()
}

// afterwards marks what was left as bad and keeps the lane shut, so that neither
// automation nor the next push undoes the rollback.
func (m *machine) afterwards() {
	l, x := m.lane, m.run.Restore
	m.shutLane(fmt.Sprintf("%s was rolled back to %s: %s", x.Leaves.Version, x.Plan.Target.Version, x.Why))
	if x.Leaves.Run == x.Plan.Target.Run {
		return
	}
	l.bad(*x.Leaves, x.Why)
	m.owe("lane", "rolled-back", Tell{Run: x.Leaves.Run, Fact: RolledBack{By: m.run.ID, To: x.Plan.Target.Version, Why: x.Why}})
}

// shutLane locks the lane until somebody unlocks it. A lock that somebody set for a
// time would end by itself, so it is taken over.
func (m *machine) shutLane(why string) {
	if k := m.lane.Locked(m.at); k != nil && k.Until.IsZero() {
		return
	}
	m.lane.Lock = &Lock{At: m.at, Why: why, Call: m.calling()}
	m.record("locked", m.run.Environment, Person{}, why)
	for _, id := range m.lane.bySeq() {
		if id != m.run.ID {
			m.owe("lane", "turned", Tell{Run: id, Fact: LaneTurned{}})
		}
	}
}

// holderOver is the word of the run that held the lane that it is over. What it may
// still have moved is looked at once more.
func (m *machine) holderOver(f HolderOver) {
	x := m.run.Restore
	if x == nil || x.Stopping != f.Run || x.Stopped {
		return
	}
	x.Stopped = true
	if sr := m.run.Stages[StageRestore]; x.RestoredAt.IsZero() && sr.Status != StagePassed {
		return // settling goes on from here
	}
	x.Rechecks++
	for _, mv := range x.Plan.Moves {
		if s := x.Moves[mv.Key()]; s.Status == MoveMoved && s.Doing == "" {
			s.Doing = m.owe(StageRestore, "again/"+mv.Key(), m.movePart(mv))
		}
	}
}

// mayRetryRestore lets commanders try again what did not move, while nothing
// else has gone to the lane.
func (m *machine) mayRetryRestore(s Standing) *Refusal {
	switch live := m.lane.Live; {
	case !m.run.Env().commands(s):
		return m.run.Env().notCommander(s, "retry a rollback")
	case live != nil && live.At.After(m.run.EndedAt) && !m.run.EndedAt.IsZero():
		return &Refusal{Code: "outdated", Reason: live.Version + " has gone to " + m.run.Environment + " since.", Fix: "Ask for a new rollback."}
	}
	return nil
}

// rolledBack is the word of the rollback that left this run's release.
func (m *machine) rolledBack(f RolledBack) {
	if m.run.RolledBack != nil {
		return
	}
	m.run.RolledBack = &f
	m.note("", "Rolled back to %s by run %s: %s", f.To, f.By, f.Why)
	m.shown()
}

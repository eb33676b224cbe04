package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// enter is a run's arrival in its lane.
func (m *machine) enter() {
	r, l := m.run, m.lane
	if r.Restore != nil {
		m.enterRestore()
		return
	}
	if r.Seq != 0 {
		return // told twice
	}
	r.Seq = l.place(r)
	r.Release.Replaces = l.LiveOf[r.Repo.ID]
	if l.Live != nil && l.Look == nil {
		m.watch() // stored before lanes were looked at
	}
	m.register()
	m.record("run-started", r.Environment, r.StartedBy, r.Pipeline+" for "+r.Release.Version+" at "+r.Release.SHA)
	m.markChats()
	if m.outdated() || m.behindItsBranch() {
		return
	}
	m.voidOlderOfBranch()
	m.readRelease()
}

// place finds a run's place in the order of its lane: by when it was pushed, not
// by when its webhook arrived, which may be late and out of order. GitHub says
// the second; within it counts what was pushed on top of what, then the arrival.
func (l *Lane) place(r *Run) int64 {
	seq := r.CreatedAt.UnixMicro()
	if at := r.Release.PushedAt; !at.IsZero() {
		seq = min(max(seq, at.UnixMicro()), at.Add(time.Second).UnixMicro()-1)
	}
	for _, o := range l.Runs {
		above, below := r.Release.Before == o.SHA, o.Before == r.Release.SHA
		if o.Ref != r.Release.Ref || above == below || seq-o.Seq >= second || o.Seq-seq >= second {
			continue // of another branch, pushed to and fro, or GitHub's clock tells
		}
		if above {
			seq = max(seq, o.Seq+1)
		} else {
			seq = min(seq, o.Seq-1)
		}
	}
	for l.taken(seq) {
		seq++
	}
	return seq
}

// second is one second in the unit of Run.Seq.
const second = int64(time.Second / time.Microsecond)

func (l *Lane) taken(seq int64) bool {
	for _, passed := range l.Passed {
		if passed == seq {
			return true
		}
	}
	for _, o := range l.Runs {
		if o.Seq == seq {
			return true
		}
	}
	return false
}

// behindItsBranch ends a gated run whose branch has moved on already: its push
// was heard of after a newer one.
func (m *machine) behindItsBranch() bool {
	r := m.run
	newer := m.others(func(o *LaneRun) bool { return o.Seq > r.Seq && o.Ref == r.Release.Ref })
	if !r.Gated() || len(newer) == 0 {
		return false
	}
	by := newer[len(newer)-1]
	m.superseded(Superseded{
		By: by, Version: m.lane.Runs[by].Version,
		Reason: fmt.Sprintf("%s had moved on to %s before this push was heard of.", r.Release.Branch(), short(m.lane.Runs[by].SHA)),
	})
	return true
}

func (m *machine) register() {
	r := m.run
	if m.lane.Runs == nil {
		m.lane.Runs = map[RunID]*LaneRun{}
	}
	m.lane.Runs[r.ID] = &LaneRun{
		Pipeline: r.pipelineKey(), Version: r.Release.Version, Ref: r.Release.Ref, SHA: r.Release.SHA, Before: r.Release.Before,
		Seq: r.Seq, Gated: r.Gated(),
	}
}

// voidOlderOfBranch ends gated runs of the same branch: what was approved there
// is not what the branch is now.
func (m *machine) voidOlderOfBranch() {
	r := m.run
	if !r.Gated() {
		return
	}
	moved := "has moved on"
	if r.Release.Forced {
		moved = "was force-pushed"
	}
	for _, id := range m.older(func(o *LaneRun) bool { return o.Ref == r.Release.Ref }) {
		m.supersede(id, fmt.Sprintf("%s %s, to %s. Approvals given for the commit before do not count for it.",
			r.Release.Branch(), moved, short(r.Release.SHA)))
	}
}

// older are those that came before this run. One that holds the lane is among
// them: it knows itself whether it has gone too far to give way.
func (m *machine) older(want func(*LaneRun) bool) []RunID {
	return m.others(func(o *LaneRun) bool { return o.Seq < m.run.Seq && want(o) })
}

// others lists, oldest first, the other runs of the same pipeline that satisfy
// want.
func (m *machine) others(want func(*LaneRun) bool) []RunID {
	var ids []RunID
	for id, o := range m.lane.Runs {
		if id != m.run.ID && o.Pipeline == m.run.pipelineKey() && want(o) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, m.lane.inOrder)
	return ids
}

// inOrder compares two active runs. A retry may bring back a place that another
// has meanwhile.
func (l *Lane) inOrder(a, b RunID) int {
	return cmp.Or(cmp.Compare(l.Runs[a].Seq, l.Runs[b].Seq), cmp.Compare(a, b))
}

func (m *machine) supersede(id RunID, reason string) {
	m.owe("lane", "supersede", Tell{Run: id, Fact: Superseded{By: m.run.ID, Version: m.run.Release.Version, Reason: reason}})
}

// arrive is a gated run's arrival at its gate: older ones give way to it, and
// it gives way to a newer one that is there already.
func (m *machine) arrive() {
	if m.outdated() {
		return
	}
	m.lane.Runs[m.run.ID].AtGate = true
	newer := m.others(func(o *LaneRun) bool { return o.Seq > m.run.Seq && o.AtGate })
	if len(newer) > 0 {
		by := newer[len(newer)-1]
		m.superseded(Superseded{By: by, Version: m.lane.Runs[by].Version, Reason: m.lane.Runs[by].Version + " reached the gate first."})
		return
	}
	for _, id := range m.older(func(*LaneRun) bool { return true }) {
		if id != m.lane.Holder {
			m.supersede(id, fmt.Sprintf("%s, which is newer, has reached the gate.", m.run.Release.Version))
		}
	}
}

// outdated ends a run after which a newer one of its pipeline has held the lane.
func (m *machine) outdated() bool {
	r := m.run
	if m.lane.Passed[r.pipelineKey()] <= r.Seq {
		return false
	}
	m.end(RunSuperseded, Refusal{
		Code: "outdated", Reason: "A newer run of " + r.Pipeline + " has gone to " + r.Environment + " already.",
		Fix: "To ship this commit after all, push it again.",
	})
	return true
}

// hold takes the lane, unless it is closed, or queues for it. False means: not
// yet, or never.
func (m *machine) hold(closed bool) bool {
	l, r := m.lane, m.run
	if l.Holder == r.ID {
		return true
	}
	if m.outdated() || m.overtaken() {
		return false
	}
	if l.Holder == "" && !closed {
		m.take(r.ID)
		return true
	}
	if slices.Contains(l.Queue, r.ID) {
		return false
	}
	l.Queue = append(l.Queue, r.ID)
	why := "the lane is closed"
	if l.Holder != "" {
		why = "the lane is held by run " + string(l.Holder)
	}
	m.record("queued", r.Environment, Person{}, why)
	if !r.Gated() {
		for _, id := range m.older(func(*LaneRun) bool { return true }) {
			if slices.Contains(l.Queue, id) {
				m.supersede(id, r.Release.Version+", which is newer, waits for the lane too; only the newest is kept.")
			}
		}
	}
	return false
}

// overtaken ends an ungated run if a newer one of its pipeline waits for the
// lane already: only the newest is kept.
func (m *machine) overtaken() bool {
	if m.run.Gated() {
		return false
	}
	for _, id := range m.others(func(o *LaneRun) bool { return o.Seq > m.run.Seq }) {
		if slices.Contains(m.lane.Queue, id) || m.lane.Runs[id].Frozen {
			m.superseded(Superseded{By: id, Version: m.lane.Runs[id].Version, Reason: "it is newer and waits for the lane already."})
			return m.run.Status != RunActive
		}
	}
	return false
}

func (m *machine) take(id RunID) {
	m.lane.hand(id)
	m.record("lane-held", string(m.lane.ID), Person{}, "by run "+string(id))
}

// yield gives the lane to whoever waits first.
func (m *machine) yield() {
	l := m.lane
	if l.Holder != m.run.ID {
		return
	}
	l.Holder = ""
	m.record("lane-left", string(l.ID), Person{}, "")
	m.grant()
}

// grant gives a lane that is free and not locked to whoever waits first.
func (m *machine) grant() {
	if m.lane.Holder != "" || m.lane.Locked(m.at) != nil {
		return
	}
	next, overtaken := m.lane.grant()
	for _, id := range overtaken {
		m.owe("lane", "outdated", Tell{Run: id, Fact: LaneGranted{}}) // it finds itself outdated
	}
	if next != "" {
		m.take(next)
		m.owe("lane", "grant", Tell{Run: next, Fact: LaneGranted{}})
	}
}

// openLane ends a lock whose time is over, for the lane's own wake may be late.
func (m *machine) openLane() {
	if m.lane.expired(m.at) {
		m.record("lock-expired", string(m.lane.ID), Person{}, "")
		m.grant()
	}
}

// laneTurned has surfaces tell what the lane is now. Settling goes on from there.
func (m *machine) laneTurned(f LaneTurned) {
	if m.run.Status != RunActive || m.run.Seq == 0 {
		return
	}
	lock := m.lane.Locked(m.at)
	for _, st := range m.run.Plan().Stages {
		if m.run.Stages[st.ID].Status != StageWaiting {
			continue
		}
		m.changed(st.ID)
		if f.Say && lock != nil && st.Kind != KindApproval {
			m.note("", "Still locked by %s, for %s: %s", lock.Who(), seconds(m.at.Sub(lock.At).Truncate(time.Minute)), lock.Why)
			f.Say = false
		}
	}
}

// laneGranted needs nothing where the lane was granted: settling goes on from
// there. A run that was passed over in the queue finds itself outdated.
func (m *machine) laneGranted() {
	if m.run.Status != RunActive || m.lane.Holder == m.run.ID || slices.Contains(m.lane.Queue, m.run.ID) {
		return
	}
	for _, st := range m.run.Plan().Stages {
		if m.run.Stages[st.ID].Status == StageWaiting && st.Kind != KindApproval {
			m.outdated()
			return
		}
	}
}

// liveChanged is another run's deploy: what this one replaces is part of its
// release, so approvals given before are void, and the release is read again.
func (m *machine) liveChanged() {
	r, live := m.run, m.lane.LiveOf[m.run.Repo.ID]
	if r.Status != RunActive || live == nil || live.Run == r.ID || m.committed() {
		return
	}
	if r.Release.Replaces != nil && r.Release.Replaces.SHA == live.SHA {
		return
	}
	if g := r.Gate; g != nil && g.Door != DoorClosed && g.approvers() != "" {
		m.voidApprovals(replacesChanged(*live))
	}
	m.voidAsks(replacesChanged(*live))
	r.Release.Replaces = live
	m.readRelease()
}

// replacesCode is of approvals that are taken back before it is known what the
// release changes now.
const replacesCode = "replaces-changed"

func replacesChanged(live Shipped) Refusal {
	return Refusal{
		Code: replacesCode, Reason: "What is live changed to " + live.Version + " after this approval, so the release changes something else now.",
		Fix: "Look at what changes now and approve again.",
	}
}

func (m *machine) leave() {
	delete(m.lane.Runs, m.run.ID)
	m.lane.Queue = slices.DeleteFunc(m.lane.Queue, func(q RunID) bool { return q == m.run.ID })
	m.yield()
}

// superseded ends this run for a newer one, unless it has gone too far: what
// moves in the lane already is finished first.
func (m *machine) superseded(f Superseded) {
	if m.run.Status != RunActive || m.committed() {
		return
	}
	m.run.SupersededBy = f.By
	m.end(RunSuperseded, Refusal{
		Code: "superseded", Reason: "Superseded by " + f.Version + ": " + f.Reason,
		Fix: "Nothing is to be done here; follow the newer run.",
	})
}

// committed reports whether something of this run is, or may be, on its way to
// the lane's target.
func (m *machine) committed() bool {
	if g := m.run.Gate; g != nil && (g.Door == DoorOpening || g.Door == DoorOpen) {
		return true
	}
	for _, st := range m.run.Plan().Stages {
		sr := m.run.Stages[st.ID]
		if st.Kind.Mutating() && !m.parked(st) && (sr.Status == StageRunning || sr.Status == StagePassed || sr.Status == StageFailed) {
			return true
		}
	}
	return false
}

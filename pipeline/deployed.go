package pipeline

import "fmt"

// DeployCheck is what a deploy with verify found: what was live before and
// after, and what that says.
type DeployCheck struct {
	Before  *SnapshotRef `json:"before,omitempty"`
	After   *SnapshotRef `json:"after,omitempty"`
	Changes []Change     `json:"changes,omitempty"`
	Failing *Refusal     `json:"failing,omitempty"` // the deploy failed by itself; what it moved is looked at
	Looked  bool         `json:"looked,omitempty"`  // what is live afterwards was read
}

// verifies reports whether what is live is looked at around this deploy.
func (s *Stage) verifies() bool { return s.Deploy != nil && len(s.Deploy.Verify) > 0 }

// snapshot records what is live.
func (m *machine) snapshot(st *Stage, export string) string {
	e := TakeSnapshot{Project: string(m.lane.ID), Export: export, Sources: m.run.Restore == nil}
	if last := m.lane.lastKnown(); last != nil {
		e.Since = last.After
	}
	return m.owe(st.ID, "snapshot", e)
}

// snapshotBefore has a deploy know what it changes, before it may. True: it is
// being asked; the deploy begins when it is known.
func (m *machine) snapshotBefore(st *Stage, sr *StageRun) bool {
	if !st.verifies() || sr.Check != nil && sr.Check.Before != nil {
		return false
	}
	sr.Check = &DeployCheck{}
	key := m.snapshot(st, "")
	if g := m.run.Gate; g != nil && g.Deploy == st.ID && g.Door == DoorVerifying {
		g.Doing = key
	} else {
		sr.Doing = key
	}
	return true
}

// snapshotTaken goes on with what waited for it.
func (m *machine) snapshotTaken(st *Stage, sr *StageRun, ref SnapshotRef) {
	for _, u := range ref.Unread {
		m.note("", "%s could not be recorded: %s", u.Kind, u.Why.Reason)
	}
	switch {
	case st.Kind == KindBackup:
		sr.Snapshot = &ref
		if x := m.run.Restore; x != nil {
			x.Before = &ref
		}
		if sr.Status == StageRunning {
			m.finishStage(st, sr, StagePassed, nil)
		}
	case sr.Check != nil && sr.Check.Before == nil:
		sr.Check.Before = &ref
		m.noteDrift(ref)
		if g := m.run.Gate; g != nil && g.Deploy == st.ID && g.Door == DoorVerifying {
			m.openDoor()
			return
		}
		if sr.Status == StageRunning {
			m.dispatchDeploy(st, sr)
		}
	}
}

func (m *machine) noteDrift(ref SnapshotRef) {
	if len(ref.Drift) > 0 {
		m.note("", "Since the last release %d components changed outside of Gatehouse; see the deploy.", len(ref.Drift))
		m.record("drift", m.run.Environment, Person{}, fmt.Sprintf("%d components", len(ref.Drift)))
	}
}

// lookAtLive reads what is live after the workflow has ended, well or not: an
// exit code alone says neither that all went live nor that nothing did.
func (m *machine) lookAtLive(st *Stage, sr *StageRun, failing *Refusal) {
	sr.Check.Failing = failing
	sr.Doing = m.owe(st.ID, "verify-live", VerifyDeploy{
		Project: string(m.lane.ID), Before: sr.Check.Before.Blob, Declared: st.Deploy.Verify, Sensitive: m.run.Release.Sensitive, Failed: failing != nil,
	})
	m.changed(st.ID)
}

func (m *machine) deployVerified(st *Stage, sr *StageRun, o DeployVerified) {
	if sr.Status != StageRunning {
		return
	}
	sr.Check.After, sr.Check.Changes, sr.Check.Looked = &o.After, o.Changes, true
	switch {
	case sr.Check.Failing != nil:
		m.fail(st, sr, *sr.Check.Failing)
	case len(o.Problems) > 0:
		m.fail(st, sr, o.Problems[0])
	default:
		m.finishStage(st, sr, StagePassed, nil)
	}
}

// release is what the lane remembers of this run's deploy.
func (m *machine) release(sr *StageRun, st *Stage) (Released, *SnapshotRef) {
	r := Released{Shipped: m.run.shipped(m.at), Ref: m.run.Release.Ref, Flags: st.Deploy.Flags}
	if c := sr.Check; c != nil && c.After != nil {
		r.Before, r.After, r.AfterDigest = c.Before.Blob, c.After.Blob, c.After.Digest
		return r, c.Before
	}
	return r, nil
}

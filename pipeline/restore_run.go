package pipeline

import (
	"time"
)

// PipelineRollback is the name of the built-in pipeline that takes a lane back.
// No pipeline of a file may have it.
const PipelineRollback = "rollback"

// The ids of its stages, which are also their places in GitHub.
const (
	StageRequest = "request"
	StageBackup  = "backup"
	StageTarget  = "target"
	StageFinal   = "approval"
	StageRestore = "restore"
	StageSmoke   = "smoke"
	StageNotify  = "notify"
)

// How long the stages of a rollback may take, and how long the run that it stops
// is waited for. The final approval is asked for in an emergency: what nobody
// answers within an hour is asked anew.
const (
	requestTimeout = 5 * time.Minute
	backupTimeout  = 5 * time.Minute
	targetTimeout  = 5 * time.Minute
	restoreTimeout = 20 * time.Minute // a rebuild from stored source is minutes; pointers are seconds
	noticeTimeout  = 10 * time.Minute
	finalExpiry    = time.Hour
	stopWait       = 2 * time.Minute
)

// Restore is what makes a run a rollback: what was asked, what it found, and how
// far each pointer has come.
type Restore struct {
	To         string                `json:"to,omitempty"` // as asked; empty: the last verified release
	Why        string                `json:"why"`
	By         Person                `json:"by,omitzero"`           // who asked; nobody: automation
	Accepted   bool                  `json:"accepted,omitempty"`    // who asked may, and was told so
	Trouble    string                `json:"trouble,omitempty"`     // of an automatic one: what went wrong
	Of         RunID                 `json:"of,omitempty"`          // of an automatic one: the run in trouble
	BreakGlass bool                  `json:"break_glass,omitempty"` // no final approval; reviewed afterwards
	Offline    bool                  `json:"offline,omitempty"`     // by the operator's token, GitHub being away: always with a broken glass
	Asked      *Ask                  `json:"asked,omitempty"`       // by whom, from where; to be answered
	Leaves     *Shipped              `json:"leaves,omitempty"`      // what was live when it began
	Before     *SnapshotRef          `json:"before,omitempty"`      // what was live, as recorded
	Plan       *RestorePlan          `json:"plan,omitempty"`        // once the target is loaded
	Moves      map[string]*MoveState `json:"moves,omitempty"`       // by the component's key
	Stopping   RunID                 `json:"stopping,omitempty"`    // the run that held the lane
	StopBy     time.Time             `json:"stop_by,omitzero"`      // from here on it is not waited for
	Stopped    bool                  `json:"stopped,omitempty"`     // it is known to be over
	Recording  string                `json:"recording,omitempty"`   // key of GitHub's record of it
	Rechecks   int                   `json:"rechecks,omitempty"`    // how often the pointers were looked at once more
	ApprovedAt time.Time             `json:"approved_at,omitzero"`  // the final approval, or the start where none is asked
	RestoredAt time.Time             `json:"restored_at,omitzero"`  // every pointer that moves had moved
}

// Automatic reports whether nobody asked for it.
func (r *Restore) Automatic() bool { return r.By.ID == 0 && r.Trouble != "" }

// MoveState is how far one pointer has come.
type MoveState struct {
	Status    MoveStatus `json:"status"`
	Doing     string     `json:"doing,omitempty"` // key of the effect under way
	Tries     int        `json:"tries,omitempty"`
	StartedAt time.Time  `json:"started_at,omitzero"`
	EndedAt   time.Time  `json:"ended_at,omitzero"`
	At        *Component `json:"at,omitempty"` // where it stands, as read after the move
	Reason    *Refusal   `json:"reason,omitempty"`
}

// MoveStatus is where a move stands.
type MoveStatus string

// The statuses of a move.
const (
	MovePending MoveStatus = "pending"
	MoveMoving  MoveStatus = "moving"
	MoveMoved   MoveStatus = "moved"
	MoveFailed  MoveStatus = "failed"
)

// SnapshotRef names a stored snapshot and says what people should know of it.
type SnapshotRef struct {
	Blob    string    `json:"blob"`
	Digest  string    `json:"digest"` // of what is live, see [Snapshot.Digest]
	At      time.Time `json:"at"`
	Parts   int       `json:"parts"`             // how many components
	Unread  []Unread  `json:"unread,omitempty"`  // kinds that could not be read
	Fragile []Left    `json:"fragile,omitempty"` // components that cannot be returned to, with the remedy
	Drift   []Change  `json:"drift,omitempty"`   // what differs from the end of the release before
}

// rollbackPipeline is the built-in pipeline for an environment. Smoke are the
// probes of the environment, if any of its pipelines has some.
func rollbackPipeline(spec *Spec, env *Environment, r *Restore) *Pipeline {
	p := &Pipeline{Name: PipelineRollback, Environment: env.Name}
	add := func(st Stage) {
		if n := len(p.Stages); n > 0 {
			st.Needs = []string{p.Stages[n-1].ID}
		}
		p.Stages = append(p.Stages, &st)
	}
	add(Stage{ID: StageRequest, Title: "Verify request", Kind: KindRequest, Timeout: requestTimeout})
	add(Stage{ID: StageBackup, Title: "Snapshot of what is live", Kind: KindBackup, Timeout: backupTimeout, Backup: &BackupStage{}})
	add(Stage{ID: StageTarget, Title: "Load target", Kind: KindTarget, Timeout: targetTimeout})
	if !r.Automatic() && !r.BreakGlass {
		add(Stage{ID: StageFinal, Title: "Final approval", Kind: KindApproval, Approval: &ApprovalStage{Deploy: StageRestore}})
	}
	add(Stage{ID: StageRestore, Title: "Restore", Kind: KindRestore, Timeout: restoreTimeout})
	if smoke := spec.smokeOf(env.Name); smoke != nil {
		add(Stage{ID: StageSmoke, Title: "Verify", Kind: KindSmoke, Timeout: smoke.Timeout, Retries: smoke.Retries, Smoke: smoke.Smoke})
	}
	add(Stage{ID: StageNotify, Title: "Notify", Kind: KindNotify, Timeout: noticeTimeout, Notify: &NotifyStage{}})
	return p
}

// smokeOf finds the probes of an environment.
func (s *Spec) smokeOf(env string) *Stage {
	for _, p := range s.Pipelines {
		for _, st := range p.Stages {
			if p.Environment == env && st.Kind == KindSmoke {
				return st
			}
		}
	}
	return nil
}

// finalPolicy is who may give the final approval: one commander of the
// environment, or, without that list, one person with maintain. Who asked is
// kept out by the machine.
func finalPolicy(env *Environment) *Policy {
	return &Policy{Need: []Need{{AnyOf: env.commanders(), Count: 1}}, Expires: finalExpiry, Gate: GateGatehouse, AuthorMayApprove: true}
}

// NewRollback makes the run of a rollback. Its commit is that of what is live
// there, which the lane knows; until then it is the one given.
func NewRollback(spec *Spec, env *Environment, in Intake, sha string, r Restore) *Run {
	pinned := *spec
	pinned.Pipelines = []*Pipeline{rollbackPipeline(spec, env, &r)}
	run := &Run{
		V: RunVersion, ID: NewRunID(in.At, in.Cause, PipelineRollback+" "+env.Name), Repo: in.Repo, Lane: LaneID(env.Firebase),
		Pipeline: PipelineRollback, Environment: env.Name, Spec: &pinned, StartedBy: r.By, Cause: in.Cause, Status: RunActive,
		CreatedAt: in.At, Stages: map[string]*StageRun{}, Restore: &r,
		Release: Release{SHA: sha, Version: PipelineRollback, Config: spec.Digest, Read: true},
	}
	for _, st := range run.Plan().Stages {
		run.Stages[st.ID] = &StageRun{Status: StagePending}
	}
	return run
}

package pipeline

import "time"

// Effect is something owed to the outside: a closed set of the things that are
// done once, keyed. What is merely shown is named by Step.Show.
//
//sumtype:decl
type Effect interface{ effect() }

// Owed is an effect with its key. Keys of one run never repeat.
type Owed struct {
	Key    string
	Effect Effect
}

// The effects of runs. Each names the outcome that answers it; any may be
// answered by Failed instead.
type (
	// ReadRelease reads commits, authors, what is replaced, and the workflow
	// files at the commit → ReleaseRead.
	ReadRelease struct {
		SHA     string
		Base    string   // SHA of what is live; empty: compare with Before and the default branch
		Before  string   // the branch's former head, or empty
		Deploys []string // workflow files of deploy stages
	}
	// StartWorkflow dispatches a workflow → WorkflowStarted.
	StartWorkflow struct {
		Stage   string
		Attempt int
		File    string
		Branch  string
		SHA     string
		Inputs  map[string]string
		Nonce   string // also in Inputs as gatehouse_run: <run>/<stage>/<attempt>
	}
	// ReadWorkflow reads a workflow run → WorkflowRead.
	ReadWorkflow struct{ Workflow int64 }
	// ReadReviews reads who decided on a parked workflow run, and where the run
	// stands → ReviewsRead.
	ReadReviews struct{ Workflow int64 }
	// RecordReview answers Review deployments in GitHub as the person himself, who
	// approved elsewhere, with his own token → ReviewRecorded.
	RecordReview struct {
		Workflow    int64
		Environment string
		Person      Person
		Comment     string
	}
	// CancelWorkflow cancels a workflow run → Done. Nothing waits for it.
	CancelWorkflow struct{ Workflow int64 }
	// ReadChecks reads checks and statuses of the commit → ChecksRead.
	ReadChecks struct {
		SHA   string
		Names []string
	}
	// InspectGate asks GitHub how the environment is protected → GateInspected.
	InspectGate struct{ Environment string }
	// VerifyPerson asks GitHub for a person's standing → PersonVerified.
	VerifyPerson struct {
		Person Person
		Teams  []string
		Role   bool // the role is needed, also of a member of the teams
	}
	// VerifyDoor reads the policy from the default branch and every approver's
	// standing once more → DoorVerified.
	VerifyDoor struct {
		Environment string
		People      []Person
	}
	// AnswerDoor gives the one verdict of our protection rule → Done.
	AnswerDoor struct {
		Workflow    int64
		Environment string
		Approve     bool
		Comment     string
	}
	// CreateDeployment makes GitHub's record of the deploy → DeploymentMade.
	CreateDeployment struct {
		SHA         string
		Environment string
		Production  bool
		Version     string
	}
	// RunProbes asks the environment's URL → Probed.
	RunProbes struct {
		URL    string
		Probes []Probe
	}
	// TakeSnapshot records what is live, and with Export has Firestore exported
	// → SnapshotTaken.
	TakeSnapshot struct {
		Project string
		Since   string // blob of the snapshot that should still be true, to find drift
		Sources bool   // also keep the sources of functions, which Google deletes at its own time
		Export  string // gs://bucket[/path], or empty
	}
	// VerifyDeploy compares what is live with what was before → DeployVerified.
	VerifyDeploy struct {
		Project   string
		Before    string   // blob
		Declared  []string // rules, functions, hosting
		Sensitive []string // changed files of the release that say what must change
		Failed    bool     // the workflow failed: only what it moved is asked
	}
	// LoadTarget finds the release to go back to and plans the way → TargetLoaded.
	LoadTarget struct {
		Project     string
		Environment string
		To          string
		History     []Released
		Live        *Shipped
		Before      string // blob of what is live now
	}
	// MovePart moves one pointer, unless it is there already → PartMoved.
	MovePart struct {
		Project string
		Target  string // blob of the target's snapshot
		Move    Move
		Message string // for Google's own history
	}
	// JudgeTrouble decides what happens to a release that went wrong
	// → TroubleJudged.
	JudgeTrouble struct {
		Kind        string
		Environment string
		OnFailure   OnFailure
		History     []Released
		Live        *Shipped
		Tried       bool
	}
	// Remind asks those again who can still fill a place → Done. Nothing waits for it.
	Remind struct {
		Channel string // in Slack
		Discord bool   // there instead
		Nth     int
	}
	// Summon tells further people that a gate still waits, that an incident has no
	// answer, or that somebody broke the glass → Done. Nothing waits for it.
	Summon struct {
		To       Channel
		Step     time.Duration // of the escalation; one message a step
		People   []Principal
		Incident bool
		Glass    bool `json:",omitempty"`
	}
	// SendNotice posts the closing message → Done.
	SendNotice struct{ Channel string }
	// Tell gives another run of the lane a fact → Done.
	Tell struct {
		Run  RunID
		Fact Fact // Superseded, LaneGranted, LaneTurned, LiveChanged, Stop, HolderOver or RolledBack
	}
	// Reply answers a person where he asked: a comment by a reaction, and a text
	// if there is one; Slack privately; a command of the API by a stored answer → Done.
	Reply struct {
		Where   Origin
		OK      bool
		Refused *Refusal
		Text    string       // for status
		Run     RunID        // that was started for it; empty: none
		Plan    *RestorePlan `json:",omitempty"` // that was asked for
	}
)

// Channel is where a team is told: exactly one of its fields is set.
type Channel struct {
	Slack   string `json:"slack,omitempty"` // a channel
	Discord bool   `json:"discord,omitempty"`
	Issue   bool   `json:"issue,omitempty"` // the run's incident on GitHub
}

// The effects of intakes.
type (
	// ReadHead reads where a branch or tag leads → HeadRead.
	ReadHead struct {
		Ref    string
		Commit bool // what the commit is, too
	}
	// ReadConfig reads the configuration from the default branch, or the
	// organisation's .github repository → ConfigRead.
	ReadConfig struct{}
	// ReadPinned reads the configuration that a run of the repository is pinned to,
	// from the store → ConfigRead.
	ReadPinned struct{ Run RunID }
	// JudgeRequest asks whether a request for a rollback is complete → Done.
	JudgeRequest struct {
		Environment string
		Reason      string
		RollbackAsk
	}
	// PlanRestore says what a rollback would move, and moves nothing. What the lane
	// remembers is filled in by the engine → RestorePlanned.
	PlanRestore struct {
		Project     string
		Environment string
		To          string
		History     []Released `json:",omitempty"`
		Live        *Shipped   `json:",omitempty"`
	}
	// ShowProblems makes one failed check run on the commit → Done.
	ShowProblems struct {
		SHA      string
		Asked    Asking // empty: a push was to begin something
		Pipeline string // empty: the configuration as a whole
		Path     string
		Problems []Problem
		Refusals []Refusal
	}
	// StartRun stores a new run and lets it enter its lane → RunStarted.
	StartRun struct{ Run *Run }
	// React shows at a comment that its command was seen, before the answer that
	// takes longer → Done. Nothing waits for it.
	React struct{ Comment CommentRef }
	// FindRuns looks for the active runs of the repository → RunsFound.
	FindRuns struct{}
	// ChangeLane has a lane judge what somebody asks of it → LaneChanged.
	ChangeLane struct {
		Lane   LaneID
		Ask    LaneAsk
		Behind *Behind `json:",omitempty"` // instead: how far the lane was found to be behind
	}
	// ReadBehind asks how far a commit is behind a branch → BehindRead.
	ReadBehind struct {
		SHA         string
		Branch      string
		Environment string
		Limit       time.Duration
	}
	// SayBehind tells a channel that a lane is far behind → Done.
	SayBehind struct {
		To     Channel
		Lane   LaneID
		Behind Behind
	}
	// TellRun gives a run the command → Done.
	TellRun struct {
		Run  RunID
		Fact Commanded
	}
)

func (ReadRelease) effect()      {}
func (StartWorkflow) effect()    {}
func (ReadWorkflow) effect()     {}
func (CancelWorkflow) effect()   {}
func (ReadReviews) effect()      {}
func (RecordReview) effect()     {}
func (ReadChecks) effect()       {}
func (InspectGate) effect()      {}
func (VerifyPerson) effect()     {}
func (VerifyDoor) effect()       {}
func (AnswerDoor) effect()       {}
func (CreateDeployment) effect() {}
func (RunProbes) effect()        {}
func (TakeSnapshot) effect()     {}
func (VerifyDeploy) effect()     {}
func (LoadTarget) effect()       {}
func (MovePart) effect()         {}
func (JudgeTrouble) effect()     {}
func (Remind) effect()           {}
func (Summon) effect()           {}
func (SendNotice) effect()       {}
func (Tell) effect()             {}
func (Reply) effect()            {}
func (ReadHead) effect()         {}
func (ReadConfig) effect()       {}
func (ReadPinned) effect()       {}
func (JudgeRequest) effect()     {}
func (PlanRestore) effect()      {}
func (ShowProblems) effect()     {}
func (StartRun) effect()         {}
func (React) effect()            {}
func (FindRuns) effect()         {}
func (TellRun) effect()          {}
func (ChangeLane) effect()       {}
func (ReadBehind) effect()       {}
func (SayBehind) effect()        {}

// Outcome is what came of an effect: a closed set.
//
//sumtype:decl
type Outcome interface{ outcome() }

// The outcomes.
type (
	// Done says that it is done and nothing more is to be known.
	Done struct{}
	// Failed says that it could not be done and trying again would not help.
	// Unsure means that it may or may not have been done: a person decides.
	Failed struct {
		Refusal Refusal
		Unsure  bool
	}
	// ReleaseRead answers ReadRelease.
	ReleaseRead struct {
		Message   string
		Compare   string
		Commits   []Commit
		Total     int
		Truncated bool
		Workflows map[string]string
		Sensitive []string
		Deploys   map[string]Jobs
		Policy    *Commit
	}
	// WorkflowStarted answers StartWorkflow. Of Workflow only ID is certain.
	WorkflowStarted struct{ Workflow WorkflowRun }
	// WorkflowRead answers ReadWorkflow.
	WorkflowRead struct{ Workflow WorkflowRun }
	// ReviewRecorded answers RecordReview; Refused says why it was not recorded.
	ReviewRecorded struct{ Refused *Refusal }
	// ReviewsRead answers ReadReviews.
	ReviewsRead struct {
		Workflow WorkflowRun
		Reviews  []Reviewed
	}
	// ChecksRead answers ReadChecks: one or more results a name, in order.
	ChecksRead struct{ Results []CheckResult }
	// GateInspected answers InspectGate.
	GateInspected struct {
		Exists     bool     // the environment exists
		Rule       bool     // our protection rule is enabled on it
		Reviewers  []string // logins and @org/team
		Restricted bool     // only branches that match Branches may deploy
		Branches   []string
	}
	// PersonVerified answers VerifyPerson.
	PersonVerified struct{ Standing Standing }
	// DoorVerified answers VerifyDoor. Policy is nil if the default branch has
	// no policy for the environment any more.
	DoorVerified struct {
		Policy    *Policy
		Freeze    []Freeze
		Standings []Standing
	}
	// DeploymentMade answers CreateDeployment.
	DeploymentMade struct{ ID int64 }
	// Probed answers RunProbes.
	Probed struct{ Results []ProbeResult }
	// SnapshotTaken answers TakeSnapshot.
	SnapshotTaken struct{ Ref SnapshotRef }
	// DeployVerified answers VerifyDeploy. Problems is what keeps the deploy from
	// being a whole one.
	DeployVerified struct {
		After    SnapshotRef
		Changes  []Change
		Problems []Refusal
	}
	// TargetLoaded answers LoadTarget.
	TargetLoaded struct{ Plan RestorePlan }
	// RestorePlanned answers PlanRestore: the plan, and the same in words.
	RestorePlanned struct {
		Text string
		Plan *RestorePlan `json:",omitempty"`
	}
	// PartMoved answers MovePart: where the pointer stands now, and whether it had
	// to be moved.
	PartMoved struct {
		At    Component
		Moved bool
	}
	// TroubleJudged answers JudgeTrouble.
	TroubleJudged struct {
		Action TroubleAction
		Why    *Refusal
	}
	// HeadRead answers ReadHead; SHA is empty if there is no such ref.
	HeadRead struct {
		SHA     string
		Message string   // first line, if it was asked for
		Authors []string // names, likewise
	}
	// ConfigRead answers ReadConfig: missing, wrong, or right.
	ConfigRead struct {
		Missing  bool
		Path     string // of the file, for annotations
		Spec     *Spec
		Problems []Problem
		Refused  *Refusal // e.g. the operator binds the environment elsewhere
	}
	// RunStarted answers StartRun.
	RunStarted struct{ Run RunID }
	// LaneChanged answers ChangeLane: with why not, if it was not.
	LaneChanged struct {
		Refused *Refusal
		Said    *Behind // is to be told to people
	}
	// BehindRead answers ReadBehind. Commits is 0 if it is not behind.
	BehindRead struct{ Behind Behind }
	// RunsFound answers FindRuns.
	RunsFound struct{ Runs []Found }
)

// Found is what a command needs to know of an active run.
type Found struct {
	Run         RunID  `json:"run"`
	Environment string `json:"environment"`
	Version     string `json:"version"`
	SHA         string `json:"sha"`
	AtGate      bool   `json:"at_gate"`
	Active      bool   `json:"active"`
	Failed      bool   `json:"failed"` // a stage of it failed and may be retried
}

func (Done) outcome()            {}
func (Failed) outcome()          {}
func (ReleaseRead) outcome()     {}
func (WorkflowStarted) outcome() {}
func (WorkflowRead) outcome()    {}
func (ChecksRead) outcome()      {}
func (ReviewsRead) outcome()     {}
func (ReviewRecorded) outcome()  {}
func (GateInspected) outcome()   {}
func (PersonVerified) outcome()  {}
func (DoorVerified) outcome()    {}
func (DeploymentMade) outcome()  {}
func (Probed) outcome()          {}
func (SnapshotTaken) outcome()   {}
func (DeployVerified) outcome()  {}
func (TargetLoaded) outcome()    {}
func (PartMoved) outcome()       {}
func (RestorePlanned) outcome()  {}
func (TroubleJudged) outcome()   {}
func (HeadRead) outcome()        {}
func (ConfigRead) outcome()      {}
func (RunStarted) outcome()      {}
func (RunsFound) outcome()       {}
func (LaneChanged) outcome()     {}
func (BehindRead) outcome()      {}

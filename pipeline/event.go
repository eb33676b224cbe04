package pipeline

import "time"

// Event is something that happened. Time and its calendar enter the machine here
// and nowhere else. Cause is the delivery or effect that it came from, for the log.
type Event struct {
	At    time.Time
	Zones Zones // nil: none but UTC is known, and a freeze in any other is on
	Cause string
	Fact  Fact
}

// Fact is what happened: a closed set.
//
//sumtype:decl
type Fact interface{ fact() }

// Facts about runs.
type (
	// Started is the first event of every run.
	Started struct{}
	// Tick says that the time Wake asked for has come.
	Tick struct{}
	// Answered brings the outcome of the owed effect with this key. It counts
	// only if the machine still waits for that key.
	Answered struct {
		Key     string
		Outcome Outcome
	}
	// WorkflowSeen is news of a workflow run that Gatehouse dispatched.
	WorkflowSeen struct{ Workflow WorkflowRun }
	// DoorRequested says that a job waits at our protection rule.
	DoorRequested struct {
		Workflow    int64
		Environment string
		Deployment  int64
	}
	// Reviewed is a decision in GitHub's Review deployments dialog.
	Reviewed struct {
		Workflow     int64
		Attempt      int
		Environments []string // may be empty: the payload does not always name them
		Approved     bool
		By           Person
		Comment      string
		At           time.Time
	}
	// DeploymentSeen is a Deployment that an Actions job made.
	DeploymentSeen struct {
		Workflow    int64
		Deployment  int64
		Environment string
	}
	// ChecksChanged hints that checks or statuses of the commit changed.
	ChecksChanged struct{ SHA string }
	// Pressed is a button of a check run.
	Pressed struct {
		Stage   string
		Attempt int
		Button  Button
		By      Person
	}
	// RerunRequested is GitHub's Re-run on one of our check runs; Stage is
	// empty for the whole suite.
	RerunRequested struct {
		Stage   string
		Attempt int
		By      Person
	}
	// Commanded is a command that a person gave this run: in a comment with
	// write access, in Slack, on its page, by the command line.
	Commanded struct {
		Command Command
		By      Person
		Where   Origin
	}
	// Superseded comes from a newer run of the same pipeline.
	Superseded struct {
		By      RunID
		Version string
		Reason  string
	}
	// LiveChanged comes from a run whose deploy has ended well: what this one
	// replaces is another release now.
	LiveChanged struct{}
	// LaneGranted comes from the run that held the lane before.
	LaneGranted struct{}
	// LaneTurned says that the lane was locked or unlocked, or is so still.
	LaneTurned struct {
		Say bool // people are told of the lock again
	}
	// Hindered says that the effect with this key, or a surface, waits until a
	// person lifts something. Without Why it does not any more.
	Hindered struct {
		Key string   `json:"key"`
		Why *Refusal `json:"why,omitempty"`
	}
	// Blocks comes from a run that has waited for this one to leave the lane.
	Blocks struct {
		Run     RunID
		Version string
		For     time.Duration
	}
	// Unanswered comes from the lane: the incident of this run, which is over, keeps
	// it locked, and nobody has answered for this long.
	Unanswered struct{ After, Until time.Duration }
	// Stop comes from a rollback that takes the lane from this run.
	Stop struct {
		By  RunID
		Why string
	}
	// HolderOver comes from the run that a rollback stopped: nothing of it runs.
	HolderOver struct{ Run RunID }
	// RolledBack comes from the rollback that left this run's release.
	RolledBack struct {
		By  RunID  `json:"by"`
		To  string `json:"to"` // the version that is live instead
		Why string `json:"why"`
	}
)

// Facts that arrive before a run is known; see Intake.
type (
	// Pushed is a push to a branch.
	Pushed struct {
		Ref       string
		Before    string // all zeros when the branch is new
		After     string
		At        time.Time // by GitHub's clock, in whole seconds; zero: not said
		Created   bool
		Forced    bool
		By        Person
		Message   string   // first line of the head commit
		Changed   []string // paths that the push's commits touch
		Truncated bool     // Changed is not all
	}
	// CommandGiven is a command whose run is not known yet, such as a comment
	// whose first line is one.
	CommandGiven struct {
		Command Command
		By      Person
		Where   Origin
		// Offline is the run whose pinned configuration counts, instead of what the
		// default branch has. Only a rollback by the operator has it: his token was
		// verified where it arrived, and nothing is asked of GitHub.
		Offline RunID `json:",omitempty"`
		// At is when a comment was written; zero where a command cannot come late.
		At time.Time `json:",omitzero"`
	}
	// Asked is a press of Run workflow on release.yml or rollback.yml, which
	// only announce it. GitHub lets people with write access do that.
	Asked struct {
		For         Asking
		Ref         string // refs/heads/… or refs/tags/…, as chosen in the form
		Environment string // as chosen in the form; empty: wherever a start by hand leads
		By          Person
		Reason      string       `json:",omitempty"` // of a rollback
		Rollback    *RollbackAsk `json:",omitempty"` // likewise
	}
)

// Asking is what somebody asked for by hand.
type Asking string

// What can be asked for.
const (
	AskRelease  Asking = "release"
	AskRollback Asking = "rollback"
)

func (Started) fact()        {}
func (Tick) fact()           {}
func (Answered) fact()       {}
func (WorkflowSeen) fact()   {}
func (DoorRequested) fact()  {}
func (Reviewed) fact()       {}
func (DeploymentSeen) fact() {}
func (ChecksChanged) fact()  {}
func (Pressed) fact()        {}
func (RerunRequested) fact() {}
func (Commanded) fact()      {}
func (Superseded) fact()     {}
func (LaneGranted) fact()    {}
func (LaneTurned) fact()     {}
func (LiveChanged) fact()    {}
func (Hindered) fact()       {}
func (Blocks) fact()         {}
func (Unanswered) fact()     {}
func (Stop) fact()           {}
func (HolderOver) fact()     {}
func (RolledBack) fact()     {}
func (Pushed) fact()         {}
func (CommandGiven) fact()   {}
func (Asked) fact()          {}

// Button is a button of a check run; it is also the action's identifier.
type Button string

// The buttons.
const (
	ButtonApprove  Button = "approve"
	ButtonWithdraw Button = "withdraw"
	ButtonReject   Button = "reject"
	ButtonRetry    Button = "retry"
)

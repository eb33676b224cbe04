package pipeline

import (
	"strconv"
	"time"
)

// RunID names a run: 16 hexadecimal digits that sort by the time of the push
// and are a hash of its delivery and pipeline, so that the same push never
// starts twice.
type RunID string

// LaneID names a lane within one installation: the Firebase project.
type LaneID string

// Repo is a GitHub repository. Authority and storage go by ID; names are what
// they were when last seen.
type Repo struct {
	Installation  int64  `json:"installation"`
	ID            int64  `json:"id"`
	Owner         string `json:"owner"`
	Name          string `json:"name"`
	DefaultBranch string `json:"default_branch,omitempty"`
}

// FullName is owner/name.
func (r Repo) FullName() string { return r.Owner + "/" + r.Name }

// Person is a GitHub account. Authority goes by ID, never by login.
type Person struct {
	ID    int64  `json:"id,omitempty"` // 0: a committer whom GitHub cannot match to an account
	Login string `json:"login,omitempty"`
	Name  string `json:"name,omitempty"`
	Bot   bool   `json:"bot,omitempty"`
}

// State is all that one decision may look at.
type State struct {
	Lane *Lane `json:"lane"`
	Run  *Run  `json:"run"`
}

// Run is one execution of one pipeline for one release. It is stored as JSON;
// V is the version of that form.
type Run struct {
	V            int                  `json:"v"`
	ID           RunID                `json:"id"`
	Repo         Repo                 `json:"repo"`
	Lane         LaneID               `json:"lane"`
	Pipeline     string               `json:"pipeline"`
	Environment  string               `json:"environment"`
	Spec         *Spec                `json:"spec"` // pinned: later edits of the file never touch this run
	Seq          int64                `json:"seq"`  // order among the runs of its lane: when it was pushed, in microseconds
	Release      Release              `json:"release"`
	StartedBy    Person               `json:"started_by"`
	Cause        string               `json:"cause"` // the delivery that started it
	Status       RunStatus            `json:"status"`
	Reason       *Refusal             `json:"reason,omitempty"` // why it ended otherwise than well
	SupersededBy RunID                `json:"superseded_by,omitempty"`
	CreatedAt    time.Time            `json:"created_at"`
	MovedAt      time.Time            `json:"moved_at,omitzero"` // when something happened last, other than that time passed
	Idle         bool                 `json:"idle,omitempty"`    // it was said that nothing does
	EndedAt      time.Time            `json:"ended_at,omitzero"`
	Frozen       *Frozen              `json:"frozen,omitempty"` // the freeze that was on when it was looked at last
	Thawed       bool                 `json:"thawed,omitempty"` // it deployed in a freeze, by somebody's leave
	Stages       map[string]*StageRun `json:"stages"`
	Gate         *Gate                `json:"gate,omitempty"`
	Deployment   *Deployment          `json:"deployment,omitempty"`
	Notes        []Note               `json:"notes,omitempty"`     // what people should see, oldest first
	Serial       int                  `json:"serial"`              // of the last key
	Reading      string               `json:"reading,omitempty"`   // key of ReadRelease, while under way
	Decisions    []Decision           `json:"decisions,omitempty"` // of an observed run: what would have happened
	Asks         map[string]Ask       `json:"asks,omitempty"`      // by key: what people asked, while they are verified
	Restore      *Restore             `json:"restore,omitempty"`   // makes the run a rollback
	Trouble      *Trouble             `json:"trouble,omitempty"`   // its release is live, in part at least, and bad
	Stopping     *Stopping            `json:"stopping,omitempty"`  // a rollback stopped it
	Canceling    []string             `json:"canceling,omitempty"` // keys of the cancellations under way
	RolledBack   *RolledBack          `json:"rolled_back,omitempty"`
	Hindered     []Hindrance          `json:"hindered,omitempty"` // what waits for a person who lifts something
}

// Ask is what a person asked for, kept until GitHub has said who that is.
type Ask struct {
	Verb  Verb   `json:"verb"`
	Stage string `json:"stage,omitempty"`
	By    Person `json:"by"`
	Text  string `json:"text,omitempty"` // a comment or reason
	Where Origin `json:"where,omitzero"` // to be answered there, if it can be
}

// RunVersion is the version of the stored form of a Run and a Lane.
const RunVersion = 1

// RunStatus is where a run stands.
type RunStatus string

// The statuses of a run. All but active are final, save that a failed run may
// be taken up again by a retry.
const (
	RunActive     RunStatus = "active"
	RunSucceeded  RunStatus = "succeeded"
	RunFailed     RunStatus = "failed"
	RunCanceled   RunStatus = "canceled"
	RunSuperseded RunStatus = "superseded"
	RunRejected   RunStatus = "rejected"
	RunExpired    RunStatus = "expired"
	RunObserved   RunStatus = "observed" // mode: observe: nothing was done
)

// Note is one line of a run's story.
type Note struct {
	At   time.Time `json:"at"`
	Who  string    `json:"who,omitempty"` // a login; empty: Gatehouse itself
	Text string    `json:"text"`
}

// Release is what a run ships. Commits and what follows are read after the
// start and always known before the gate.
type Release struct {
	Ref       string            `json:"ref"` // refs/heads/release/v1.2.0
	SHA       string            `json:"sha"`
	Before    string            `json:"before,omitempty"`   // the branch's former head
	PushedAt  time.Time         `json:"pushed_at,omitzero"` // by GitHub's clock, in whole seconds
	Forced    bool              `json:"forced,omitempty"`   // the branch was force-pushed
	Version   string            `json:"version"`
	Message   string            `json:"message,omitempty"` // first line of the head commit
	Config    string            `json:"config"`            // digest of the configuration
	Replaces  *Shipped          `json:"replaces,omitempty"`
	Read      bool              `json:"read,omitempty"`
	Compare   string            `json:"compare,omitempty"` // a page that shows what changes
	Commits   []Commit          `json:"commits,omitempty"` // oldest first
	Truncated bool              `json:"truncated,omitempty"`
	Total     int               `json:"total,omitempty"`     // commits in all
	Workflows map[string]string `json:"workflows,omitempty"` // file name to its blob's id at SHA
	Sensitive []string          `json:"sensitive,omitempty"` // changed workflow files, migrations and rules
	Deploys   map[string]Jobs   `json:"deploys,omitempty"`   // what the deploy workflows say of environments
	Policy    *Commit           `json:"policy,omitempty"`    // who last changed the configuration
}

// Branch is the branch's name, or "" for another kind of ref.
func (r Release) Branch() string {
	const p = "refs/heads/"
	if len(r.Ref) > len(p) && r.Ref[:len(p)] == p {
		return r.Ref[len(p):]
	}
	return ""
}

// Commit is one commit of a release, with everybody who had a hand in it.
type Commit struct {
	SHA     string   `json:"sha"`
	Message string   `json:"message"` // first line
	URL     string   `json:"url,omitempty"`
	Authors []Person `json:"authors"` // author, committer and co-authors; never GitHub's web-flow
}

// Jobs is what a workflow file says of the environment it deploys to.
type Jobs struct {
	Environment string   `json:"environment,omitempty"` // of the one job that has one; may be an expression
	Jobs        []string `json:"jobs,omitempty"`        // ids of jobs with an environment
	Before      []string `json:"before,omitempty"`      // jobs that do not come after that job
	Concurrency bool     `json:"concurrency,omitempty"` // that job or the workflow has it
}

// Shipped is a release that went, or began to go, to a lane.
type Shipped struct {
	Run     RunID     `json:"run"`
	Repo    int64     `json:"repo"` // GitHub's id of the repository
	Version string    `json:"version"`
	SHA     string    `json:"sha"`
	At      time.Time `json:"at"`
}

// StageRun is one stage of a run.
type StageRun struct {
	Status    StageStatus   `json:"status"`
	Attempt   int           `json:"attempt"`         // from 1, once it began
	Tried     int           `json:"tried,omitempty"` // automatic retries used
	StartedAt time.Time     `json:"started_at,omitzero"`
	EndedAt   time.Time     `json:"ended_at,omitzero"`
	Deadline  time.Time     `json:"deadline,omitzero"`
	Overdue   bool          `json:"overdue,omitempty"`   // past its deadline, being read once more
	Unstarted bool          `json:"unstarted,omitempty"` // it was said that no runner took its workflow
	HeldSince time.Time     `json:"held_since,omitzero"` // it waits for the run that holds the lane
	Blocked   bool          `json:"blocked,omitempty"`   // that was said
	Retried   bool          `json:"retried,omitempty"`   // taken up again alone, though another stage is still failed
	Again     bool          `json:"again,omitempty"`     // something changed while it was being read
	Verdict   int           `json:"verdict,omitempty"`   // the workflow attempt that our rule has answered
	Doing     string        `json:"doing,omitempty"`     // key of the effect whose outcome it needs
	Reason    *Refusal      `json:"reason,omitempty"`    // why it failed, was skipped, or waits
	Workflow  *WorkflowRun  `json:"workflow,omitempty"`
	Checks    []CheckResult `json:"checks,omitempty"`
	Probes    []ProbeResult `json:"probes,omitempty"`
	Snapshot  *SnapshotRef  `json:"snapshot,omitempty"` // of a backup
	Check     *DeployCheck  `json:"check,omitempty"`    // of a deploy with verify
}

// StageStatus is where a stage stands.
type StageStatus string

// The statuses of a stage.
const (
	StagePending  StageStatus = "pending"
	StageRunning  StageStatus = "running"
	StageWaiting  StageStatus = "waiting" // for people, or for the lane
	StagePassed   StageStatus = "passed"
	StageFailed   StageStatus = "failed"
	StageSkipped  StageStatus = "skipped"
	StageCanceled StageStatus = "canceled"
)

// Over reports whether the stage has ended.
func (s StageStatus) Over() bool {
	return s == StagePassed || s == StageFailed || s == StageSkipped || s == StageCanceled
}

// WorkflowRun is what is known of a run of GitHub Actions. Facts are ordered by
// Attempt, then the rank of Status, then UpdatedAt.
type WorkflowRun struct {
	ID         int64     `json:"id"`
	Attempt    int       `json:"attempt,omitempty"`
	Status     string    `json:"status,omitempty"`     // GitHub's: queued, waiting, in_progress, completed …
	Conclusion string    `json:"conclusion,omitempty"` // GitHub's: success, failure …
	HeadSHA    string    `json:"head_sha,omitempty"`
	HeadBranch string    `json:"head_branch,omitempty"`
	Path       string    `json:"path,omitempty"`
	Title      string    `json:"title,omitempty"` // display_title
	URL        string    `json:"url,omitempty"`
	UpdatedAt  time.Time `json:"updated_at,omitzero"`
}

// CheckResult is a check run or status that a checks stage waits for.
type CheckResult struct {
	Name       string `json:"name"`   // the pattern, while nothing matches it
	Status     string `json:"status"` // missing, pending, completed
	Conclusion string `json:"conclusion,omitempty"`
	URL        string `json:"url,omitempty"`
}

// ProbeResult is what a probe found.
type ProbeResult struct {
	Get      string        `json:"get"`
	OK       bool          `json:"ok"`
	Critical bool          `json:"critical"`
	Status   int           `json:"status,omitempty"`
	Took     time.Duration `json:"took,omitempty"`
	Tries    int           `json:"tries,omitempty"`
	Reason   string        `json:"reason,omitempty"` // why not, never holding the body
}

// Deployment is GitHub's record of the deploy.
type Deployment struct {
	ID          int64  `json:"id"`
	Own         bool   `json:"own"` // made by Gatehouse; otherwise an Actions job made it
	Environment string `json:"environment"`
}

// Gate is the approval of a run and the door behind it.
type Gate struct {
	Stage       string        `json:"stage"`  // the approval
	Deploy      string        `json:"deploy"` // the one deploy it opens
	Environment string        `json:"environment"`
	Kind        GateKind      `json:"kind,omitempty"` // empty while GitHub is being asked
	Advisory    bool          `json:"advisory,omitempty"`
	Reviewers   []string      `json:"reviewers,omitempty"` // GitHub's required reviewers: logins, @org/team
	Reviewed    bool          `json:"reviewed,omitempty"`  // GitHub recorded one of them
	Recording   string        `json:"recording,omitempty"` // key of the effect that tells GitHub of an approval
	Recorder    Person        `json:"recorder,omitzero"`   // whose
	Parked      bool          `json:"parked,omitempty"`    // GitHub holds the job at our door
	Reminded    int           `json:"reminded,omitempty"`  // how often those who can approve were reminded
	Escalated   time.Duration `json:"escalated,omitempty"` // the step of the policy's escalation that was taken last
	OpenAt      time.Time     `json:"open_at,omitzero"`    // approvals count from here
	ExpiresAt   time.Time     `json:"expires_at,omitzero"`
	Policy      *Policy       `json:"policy"`           // as last read
	Asked       *Bound        `json:"asked,omitempty"`  // what approvals are asked for
	Freeze      []Freeze      `json:"freeze,omitempty"` // of the default branch, as last read
	Approvals   []Approval    `json:"approvals,omitempty"`
	Doing       string        `json:"doing,omitempty"`  // key of the effect that the door waits for
	People      []int64       `json:"people,omitempty"` // whose standing is being read once more
	Door        DoorState     `json:"door"`
	Closing     string        `json:"closing,omitempty"` // key of the verdict that turns the deploy away, while under way
	DoorAt      time.Time     `json:"door_at,omitzero"`
}

// GateKind is who holds the door.
type GateKind string

// The kinds of gate.
const (
	GateByEnvironment GateKind = "environment" // GitHub, by Gatehouse's protection rule
	GateByGatehouse   GateKind = "gatehouse"   // Gatehouse, by dispatching only afterwards
)

// DoorState is where the door stands. It opens at most once in a run.
type DoorState string

// The states of the door.
const (
	DoorShut      DoorState = "shut"
	DoorVerifying DoorState = "verifying" // policy and people are being read once more
	DoorOpening   DoorState = "opening"   // the verdict is under way: from here on nothing is taken back
	DoorOpen      DoorState = "open"
	DoorClosed    DoorState = "closed" // for good
)

// Approval is who, when, from where, for which release.
type Approval struct {
	By       Person    `json:"by"`
	At       time.Time `json:"at"`
	Surface  Surface   `json:"surface"`
	Comment  string    `json:"comment,omitempty"`
	Release  string    `json:"release"`            // Bound.Digest when it was given
	Standing *Standing `json:"standing,omitempty"` // as last verified
	Refused  *Refusal  `json:"refused,omitempty"`  // why it does not count
	Void     *Refusal  `json:"void,omitempty"`     // why it counts no more
}

// Counts reports whether the approval was verified and still stands.
func (a Approval) Counts() bool {
	return a.Standing != nil && a.Refused == nil && a.Void == nil
}

// Standing is what GitHub says of a person: the facts that a policy is judged by.
type Standing struct {
	Person Person   `json:"person"`
	Role   string   `json:"role"`             // admin, maintain, write, triage, read, none; empty: not asked for
	Teams  []string `json:"teams,omitempty"`  // those of the asked teams that have the person
	Unseen []string `json:"unseen,omitempty"` // those of the asked teams that GitHub shows the App no members of
}

// CanWrite reports whether the role allows pushing.
func (s Standing) CanWrite() bool {
	return s.Role == "admin" || s.Role == "maintain" || s.Role == "write"
}

// Lane is one deploy target and the runs that share it.
type Lane struct {
	V            int                `json:"v"`
	ID           LaneID             `json:"id"`
	Installation int64              `json:"installation"`
	Holder       RunID              `json:"holder,omitempty"`
	Queue        []RunID            `json:"queue,omitempty"`   // waiting to hold, first first
	Runs         map[RunID]*LaneRun `json:"runs,omitempty"`    // all that are active
	Passed       map[string]int64   `json:"passed,omitempty"`  // pipeline key to the highest Seq that held the lane
	Live         *Shipped           `json:"live,omitempty"`    // the last deploy that ended well
	LiveOf       map[int64]*Shipped `json:"live_of,omitempty"` // the same, by repository: several may share a lane
	Verified     *Shipped           `json:"verified,omitempty"`
	Doubt        *Doubt             `json:"doubt,omitempty"`   // a deploy ended badly: what is live is not known
	History      []Released         `json:"history,omitempty"` // what went to the lane, oldest first
	Lock         *Lock              `json:"lock,omitempty"`    // it may be over: see Locked
	Thaw         *Thaw              `json:"thaw,omitempty"`    // likewise: see Thawed
	Look         *Look              `json:"look,omitempty"`    // how far it is behind is looked up once a day
	Behind       *Behind            `json:"behind,omitempty"`  // as found last; nil: it is not, or nobody has looked
	Heard        []Heard            `json:"heard,omitempty"`   // the last changes that were asked for
	LogSeq       int64              `json:"log_seq"`
	LogHead      string             `json:"log_head,omitempty"` // hash of the last entry
}

// Doubt says since which run it is unknown what is live.
type Doubt struct {
	Shipped
	Reason string `json:"reason"`
}

// LaneRun is what a lane knows of an active run.
type LaneRun struct {
	Pipeline string `json:"pipeline"` // repository id and pipeline name
	Version  string `json:"version"`
	Ref      string `json:"ref"`
	SHA      string `json:"sha,omitempty"`
	Before   string `json:"before,omitempty"` // the branch's head before the push
	Seq      int64  `json:"seq"`
	Gated    bool   `json:"gated,omitempty"`
	AtGate   bool   `json:"at_gate,omitempty"`
	Restore  bool   `json:"restore,omitempty"` // a rollback
	Frozen   bool   `json:"frozen,omitempty"`  // it waits for the end of a freeze, in no queue
	Moving   bool   `json:"moving,omitempty"`  // its deploy has begun: something of it may be live
}

// Entry is one line of the audit trail. Hash covers the entry and Prev, so that
// the entries of a lane are a chain.
type Entry struct {
	Lane LaneID    `json:"lane"`
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Run  RunID     `json:"run,omitempty"`
	Who  string    `json:"who,omitempty"` // login; empty: Gatehouse
	ID   int64     `json:"id,omitempty"`  // GitHub's id of Who
	What string    `json:"what"`          // kebab-case verb
	On   string    `json:"on,omitempty"`  // stage or environment
	Why  string    `json:"why,omitempty"`

	// Of what people did: from where. Of what is said at a gate: about which
	// release and under which policy. Lines of older versions lack them, and their
	// hashes hold all the same.
	From    Surface `json:"from,omitempty"`
	Slack   string  `json:"slack,omitempty"`   // workspace/user, of who acted in Slack
	Release string  `json:"release,omitempty"` // Bound.Digest
	Policy  string  `json:"policy,omitempty"`  // Policy.Digest

	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// pipelineKey sets the pipelines of two repositories in one lane apart.
func (r *Run) pipelineKey() string {
	return strconv.FormatInt(r.Repo.ID, 10) + "/" + r.Pipeline
}

// Env is the run's environment in its pinned Spec.
func (r *Run) Env() *Environment { return r.Spec.Environments[r.Environment] }

// Plan is the run's pipeline in its pinned Spec.
func (r *Run) Plan() *Pipeline { return r.Spec.Pipeline(r.Pipeline) }

// Gated reports whether the run's environment has an approval policy.
func (r *Run) Gated() bool { return r.Env().Approval != nil }

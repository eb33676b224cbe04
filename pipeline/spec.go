package pipeline

import "time"

// Spec is a team's configuration file, parsed and known to be right: there is
// no Spec with a stage of no kind, a need that does not exist, or a deploy in a
// protected environment without an approval before it. [Parse] makes it.
type Spec struct {
	Digest       string                  `json:"digest"` // sha256 of the file's bytes, hex
	Mode         Mode                    `json:"mode,omitempty"`
	Environments map[string]*Environment `json:"environments"`
	Notify       Notify                  `json:"notify"`
	Incident     Incident                `json:"incident"`
	Pipelines    []*Pipeline             `json:"pipelines"` // in the file's order
}

// Mode says whether Gatehouse acts or only shows what it would have done.
type Mode string

// The modes of a configuration.
const (
	ModeEnforce Mode = "enforce"
	ModeObserve Mode = "observe"
)

// Environment is a GitHub environment bound to one Firebase project.
type Environment struct {
	Name       string        `json:"name"`
	Firebase   string        `json:"firebase"`
	URL        string        `json:"url,omitempty"`
	Approval   *Policy       `json:"approval,omitempty"`
	Commanders []Principal   `json:"commanders,omitempty"`
	Freeze     []Freeze      `json:"freeze,omitempty"`
	Protected  []string      `json:"protected,omitempty"`
	Foreign    Foreign       `json:"foreign,omitempty"`
	BreakGlass bool          `json:"break_glass,omitempty"`
	Behind     time.Duration `json:"behind,omitempty"` // how long it may be behind the default branch before that is said; 0: it is never said
}

// Foreign says what happens to a job that waits at the environment though
// Gatehouse did not start it.
type Foreign string

// What may happen to a foreign job.
const (
	ForeignReject Foreign = "reject"
	ForeignAsk    Foreign = "ask"
)

// Policy is who must approve before anything of an environment changes.
type Policy struct {
	Need             []Need        `json:"need"`
	Expires          time.Duration `json:"expires,omitempty"` // from the gate's opening for approvals; 0 means never before the run's own end
	Remind           time.Duration `json:"remind,omitempty"`
	Escalate         []Escalate    `json:"escalate,omitempty"` // who is told when the gate still waits
	Gate             GateChoice    `json:"gate"`
	AuthorMayApprove bool          `json:"author_may_approve,omitempty"`
	ReasonRequired   bool          `json:"reason_required,omitempty"`
	Reject           []Principal   `json:"reject,omitempty"` // who may reject beside those who may approve; empty: everybody with write access
}

// Need is one group of places: Count people out of one team or a list of users.
type Need struct {
	Team  string      `json:"team,omitempty"`
	Users []string    `json:"users,omitempty"`
	AnyOf []Principal `json:"any_of,omitempty"` // of a rollback's final approval
	Also  []Principal `json:"-"`                // who was called to help; see Gate.Rules
	Count int         `json:"count"`
}

// Principal is a team, a user or a role that a rule names.
type Principal struct {
	Team string `json:"team,omitempty"`
	User string `json:"user,omitempty"`
	Role string `json:"role,omitempty"` // in the repository, or a higher one; never in a file
}

// GateChoice is the configured kind of gate; auto lets GitHub's answer decide.
type GateChoice string

// The choices of a gate.
const (
	GateAuto        GateChoice = "auto"
	GateEnvironment GateChoice = "environment"
	GateGatehouse   GateChoice = "gatehouse"
)

// Freeze is a window in which the door of an environment stays closed. Either
// Every and Until are "WEEKDAY HH:MM" in TimeZone, or From and To are dates, To
// included.
type Freeze struct {
	Every    string `json:"every,omitempty"`
	Until    string `json:"until,omitempty"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	TimeZone string `json:"timezone,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// Notify is where runs of this repository are told.
type Notify struct {
	Slack   string            `json:"slack,omitempty"` // a channel, "#releases"
	Discord bool              `json:"discord,omitempty"`
	People  map[string]string `json:"people,omitempty"` // GitHub login to Slack id, for mentions only
}

// Incident is what people need when a release went wrong.
type Incident struct {
	OnCall   string     `json:"on_call,omitempty"`
	Playbook string     `json:"playbook,omitempty"`
	Escalate []Escalate `json:"escalate,omitempty"`
}

// Escalate names who is told after a time without an answer.
type Escalate struct {
	After time.Duration `json:"after"`
	Team  string        `json:"team,omitempty"`
	User  string        `json:"user,omitempty"`
	// MayApprove lets them fill any place of the policy from then on.
	MayApprove bool `json:"may_approve,omitempty"`
}

// Pipeline is a named list of stages with its trigger and environment.
type Pipeline struct {
	Name        string   `json:"name"`
	On          Trigger  `json:"on"`
	Environment string   `json:"environment"`
	Stages      []*Stage `json:"stages"` // in the file's order, parallel groups flattened
}

// Trigger says what starts a pipeline.
type Trigger struct {
	Push   []string `json:"push,omitempty"`  // branch patterns as in GitHub's branch policies: * is one level, ** any
	Paths  []string `json:"paths,omitempty"` // at least one changed file must match one of them
	Manual bool     `json:"manual,omitempty"`
}

// Stage is one step. Exactly the field that belongs to Kind is set.
type Stage struct {
	ID                string        `json:"id"`
	Title             string        `json:"title"`
	Kind              Kind          `json:"kind"`
	Needs             []string      `json:"needs,omitempty"` // ids; resolved from order, parallel and needs
	Timeout           time.Duration `json:"timeout"`         // from its start to its end, waiting at a gate left out
	Retries           int           `json:"retries,omitempty"`
	ContinueOnFailure bool          `json:"continue_on_failure,omitempty"`

	Workflow      *WorkflowStage      `json:"workflow,omitempty"`
	Checks        *ChecksStage        `json:"checks,omitempty"`
	Prerequisites *PrerequisitesStage `json:"prerequisites,omitempty"`
	Compliance    *ComplianceStage    `json:"compliance,omitempty"`
	Security      *SecurityStage      `json:"security,omitempty"`
	Backup        *BackupStage        `json:"backup,omitempty"`
	Approval      *ApprovalStage      `json:"approval,omitempty"`
	Migrate       *MigrateStage       `json:"migrate,omitempty"`
	Deploy        *DeployStage        `json:"deploy,omitempty"`
	Smoke         *SmokeStage         `json:"smoke,omitempty"`
	Watch         *WatchStage         `json:"watch,omitempty"`
	Notify        *NotifyStage        `json:"notify,omitempty"`
	Mobile        *MobileStage        `json:"mobile,omitempty"`
}

// Kind is what a stage does.
type Kind string

// The kinds of a stage.
const (
	KindWorkflow      Kind = "workflow"
	KindChecks        Kind = "checks"
	KindPrerequisites Kind = "prerequisites"
	KindCompliance    Kind = "compliance"
	KindSecurity      Kind = "security"
	KindBackup        Kind = "backup"
	KindApproval      Kind = "approval"
	KindMigrate       Kind = "migrate"
	KindDeploy        Kind = "deploy"
	KindSmoke         Kind = "smoke"
	KindWatch         Kind = "watch"
	KindNotify        Kind = "notify"
	KindMobile        Kind = "mobile"
)

// The kinds of a rollback's stages, which no file can name.
const (
	KindRequest Kind = "request"
	KindTarget  Kind = "target"
	KindRestore Kind = "restore"
)

// Kinds lists every kind, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{
		KindWorkflow, KindChecks, KindPrerequisites, KindCompliance, KindSecurity, KindBackup,
		KindApproval, KindMigrate, KindDeploy, KindSmoke, KindWatch, KindNotify, KindMobile,
	}
}

// Performed lists the kinds that this build of Gatehouse can carry out. A run
// with any other is refused by name before it starts anything.
func Performed() []Kind {
	return []Kind{KindWorkflow, KindChecks, KindBackup, KindApproval, KindDeploy, KindSmoke, KindNotify}
}

// Mutating reports whether a stage of this kind changes the lane's target, so
// that it must hold the lane and, where a policy exists, descend from an approval.
func (k Kind) Mutating() bool {
	return k == KindMigrate || k == KindDeploy || k == KindMobile || k == KindRestore
}

// Gated reports whether retries and continue_on_failure are refused on it.
func (k Kind) Gated() bool { return k == KindApproval || k == KindMigrate || k == KindDeploy }

// WorkflowStage runs a GitHub Actions workflow.
type WorkflowStage struct {
	File   string            `json:"file"` // the file's name below .github/workflows
	Inputs map[string]string `json:"inputs,omitempty"`
}

// ChecksStage waits for checks and statuses that others put on the commit.
type ChecksStage struct {
	Names []string `json:"names"` // path.Match patterns
}

// PrerequisitesStage asks whether the release is one at all.
type PrerequisitesStage struct {
	Changelog  string        `json:"changelog,omitempty"`
	Version    string        `json:"version,omitempty"`
	VerifiedIn string        `json:"verified_in,omitempty"`
	Secrets    []string      `json:"secrets,omitempty"`
	Rotate     time.Duration `json:"rotate,omitempty"`
}

// ComplianceStage asks for the legal documents.
type ComplianceStage struct {
	Documents    []string `json:"documents"`
	Attestations string   `json:"attestations,omitempty"`
}

// SecurityStage asks GitHub's scanners.
type SecurityStage struct {
	FailOn   string   `json:"fail_on"` // low | medium | high | critical
	Scanners []string `json:"scanners"`
	Waive    []string `json:"waive,omitempty"`
}

// BackupStage stores what is live.
type BackupStage struct {
	Export string `json:"export,omitempty"` // gs://bucket[/path]
}

// ApprovalStage is the gate. Deploy is the id of the one deploy that it opens.
type ApprovalStage struct {
	Deploy string `json:"deploy"`
}

// MigrateStage runs migrations.
type MigrateStage struct {
	Dir   string `json:"dir"`
	Force bool   `json:"force,omitempty"`
}

// DeployStage deploys by an Actions workflow.
type DeployStage struct {
	File      string            `json:"file"`
	Inputs    map[string]string `json:"inputs,omitempty"`
	Verify    []string          `json:"verify,omitempty"` // rules | functions | hosting
	OnFailure OnFailure         `json:"on_failure,omitempty"`
	Flags     []string          `json:"flags,omitempty"` // Remote Config parameters of this release: going back returns them too
}

// OnFailure is what follows a deploy that moved something and then failed.
type OnFailure string

// What may follow a failed deploy.
const (
	OnFailureAsk      OnFailure = "ask"
	OnFailureRollback OnFailure = "rollback"
)

// SmokeStage probes the environment's URL.
type SmokeStage struct {
	Probes []Probe `json:"probes"`
}

// Probe is one request and what it must answer.
type Probe struct {
	Get      string            `json:"get"` // a path below the environment's URL, or an https URL
	Status   int               `json:"status,omitempty"`
	Within   time.Duration     `json:"within,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"` // expected answer headers
	Expect   string            `json:"expect,omitempty"`  // CEL over status, headers, body, json, latency
	Critical bool              `json:"critical"`
	Retries  int               `json:"retries"` // further tries before it counts as failed
}

// WatchStage watches signals after a deploy.
type WatchStage struct {
	For     time.Duration `json:"for"`
	Signals []Signal      `json:"signals"`
}

// Signal is one figure and the highest value it may have. Exactly one of
// Crashlytics, PromQL, Monitoring and JSON is set.
type Signal struct {
	Name        string  `json:"name"`
	Crashlytics string  `json:"crashlytics,omitempty"`
	PromQL      string  `json:"promql,omitempty"`
	Monitoring  string  `json:"monitoring,omitempty"`
	JSON        string  `json:"json,omitempty"`
	Value       string  `json:"value,omitempty"` // CEL over json, for JSON
	Max         float64 `json:"max"`             // a share (5% is 0.05) or a plain number
	MinSamples  int     `json:"min_samples,omitempty"`
	Missing     string  `json:"missing,omitempty"` // fail | hold | ignore
}

// NotifyStage sends the closing message.
type NotifyStage struct {
	Slack string `json:"slack,omitempty"` // another channel than notify.slack
}

// MobileStage moves a track of a store.
type MobileStage struct {
	Android string    `json:"android,omitempty"` // package name
	IOS     string    `json:"ios,omitempty"`     // app id
	Track   string    `json:"track"`
	Steps   []float64 `json:"steps,omitempty"`
}

// Pipeline returns the pipeline of that name, or nil.
func (s *Spec) Pipeline(name string) *Pipeline {
	for _, p := range s.Pipelines {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Stage returns the stage of that id, or nil.
func (p *Pipeline) Stage(id string) *Stage {
	for _, s := range p.Stages {
		if s.ID == id {
			return s
		}
	}
	return nil
}

package sandbox

import "time"

// User is an account: a person, a bot or an organization.
type User struct {
	ID    int64
	Login string
	Name  string
	Email string
	// Type is "User", "Bot" or "Organization", in GitHub's words.
	Type string
}

// Team is a team of an organization.
type Team struct {
	ID      int64
	Org     string
	Slug    string
	Name    string
	Members []string
}

// App is a GitHub App: ours, GitHub Actions, or another CI that reports checks.
type App struct {
	ID        int64
	Slug      string
	Name      string
	Owner     string
	CreatedAt time.Time
}

// Installation is our app on one account, with what it was granted.
type Installation struct {
	ID          int64
	Account     string
	Permissions map[string]string
	Events      []string
	Suspended   bool
	// Selected are the repositories that it covers; nil covers all of the account.
	Selected  []string
	CreatedAt time.Time
}

// CheckRun is one line among a commit's checks.
type CheckRun struct {
	ID          int64
	Repo        string
	App         string
	SuiteID     int64
	Name        string
	HeadSHA     string
	ExternalID  string
	DetailsURL  string
	HTMLURL     string
	Status      string
	Conclusion  string
	StartedAt   time.Time
	CompletedAt time.Time
	CreatedAt   time.Time
	Output      CheckOutput
	Actions     []CheckAction
}

// CheckOutput is what a check run says.
type CheckOutput struct {
	Title       string
	Summary     string
	Text        string
	Annotations []Annotation
}

// Annotation is a remark of a check run on lines of a file.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
	Level       string `json:"annotation_level"`
	Message     string `json:"message"`
	Title       string `json:"title"`
	RawDetails  string `json:"raw_details"`
}

// CheckAction is a button of a completed check run.
type CheckAction struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// CheckSuite groups the check runs of one app on one commit.
type CheckSuite struct {
	ID         int64
	App        string
	HeadBranch string
	HeadSHA    string
	Before     string
	Status     string
	Conclusion string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// CommitStatus is an old-style status, as other CI posts it.
type CommitStatus struct {
	ID          int64
	SHA         string
	Context     string
	State       string
	Description string
	TargetURL   string
	Creator     string
	CreatedAt   time.Time
}

// Workflow is a workflow file on the default branch.
type Workflow struct {
	ID        int64
	Name      string
	Path      string
	State     string
	CreatedAt time.Time
}

// WorkflowRun is one run of a workflow; Jobs holds those of every attempt, oldest first.
type WorkflowRun struct {
	ID           int64
	Repo         string
	WorkflowID   int64
	Name         string
	Path         string
	DisplayTitle string
	Event        string
	HeadBranch   string
	HeadSHA      string
	Number       int
	Attempt      int
	Status       string
	Conclusion   string
	Actor        string
	Triggerer    string
	Inputs       map[string]string
	SuiteID      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
	StartedAt    time.Time
	Jobs         []*Job
	Reviews      []Review

	spec *workflowSpec
	// cancelling is set between a cancel request and the end of the jobs.
	cancelling bool
	// announced is set once the attempt's in_progress was sent.
	announced bool
	// onTag tells that HeadBranch names a tag.
	onTag bool
}

// Job is one job of one attempt of a workflow run; its check run has the same ID. Status is "" until its needs are done.
type Job struct {
	ID           int64
	RunID        int64
	Attempt      int
	Key          string
	Name         string
	Status       string
	Conclusion   string
	Reason       string
	Environment  string
	DeploymentID int64
	CreatedAt    time.Time
	StartedAt    time.Time
	CompletedAt  time.Time
	Steps        []Step
	Gate         *Gate

	spec  *jobSpec
	combo map[string]string
	stop  func() bool
	// acts are what its programs do; acted counts those that are done, and pending ends their timers.
	acts    []Act
	acted   int
	pending []func() bool
	// stubborn jobs ignore a polite cancel.
	stubborn bool
}

// Step is one step of a job as far as it went.
type Step struct {
	Name       string
	Number     int
	Status     string
	Conclusion string
}

// Gate is what a job that waits at an environment still needs.
type Gate struct {
	// Needs* say which rules the environment had when the job arrived; *Passed which of them are met.
	NeedsReview bool
	NeedsRule   bool
	NeedsTimer  bool
	Reviewed    bool
	RulePassed  bool
	TimerPassed bool
	Since       time.Time
	Reviewers   []string
	Reports     []string
	Verdict     string
	Comment     string
}

func (g *Gate) open() bool {
	return (!g.NeedsReview || g.Reviewed) && (!g.NeedsRule || g.RulePassed) && (!g.NeedsTimer || g.TimerPassed)
}

// Review is one answer of a person in the Review deployments dialog.
type Review struct {
	By           string
	State        string
	Comment      string
	Environments []string
	Attempt      int
	At           time.Time
}

// Deployment is a deployment made by an Actions job or through the API.
type Deployment struct {
	ID          int64
	SHA         string
	Ref         string
	Task        string
	Environment string
	Description string
	Payload     any
	Creator     string
	Transient   bool
	Production  bool
	// Via is the slug of the app that made it; "github-actions" for a job's.
	Via       string
	RunID     int64
	JobID     int64
	CreatedAt time.Time
	UpdatedAt time.Time
	Statuses  []DeploymentStatus
}

// DeploymentStatus is one state a deployment was in; Statuses are oldest first.
type DeploymentStatus struct {
	ID             int64
	State          string
	Description    string
	Environment    string
	EnvironmentURL string
	LogURL         string
	Creator        string
	Via            string
	CreatedAt      time.Time
}

// Comment is a comment on an issue or pull request (Issue > 0) or on a commit.
type Comment struct {
	ID        int64
	Issue     int
	SHA       string
	Body      string
	By        string
	Via       string
	CreatedAt time.Time
	UpdatedAt time.Time
	Reactions []Reaction
}

// Reaction is one reaction to a comment.
type Reaction struct {
	ID        int64
	By        string
	Content   string
	CreatedAt time.Time
}

// Issue is an issue or a pull request; it exists as soon as somebody comments on it.
type Issue struct {
	ID        int64
	Number    int
	Title     string
	Body      string
	By        string
	Via       string // slug of the app that opened it
	Pull      bool
	CreatedAt time.Time
}

// Environment is a GitHub environment with its protection.
type Environment struct {
	ID   int64
	Name string
	// Reviewers are logins or "org/team"; one of them has to approve.
	Reviewers         []string
	PreventSelfReview bool
	// CustomRule is our app's deployment protection rule.
	CustomRule bool
	// RuleOff lists the rule as not enabled.
	RuleOff bool
	RuleID  int64
	// AdminsBlocked takes away the administrators' bypass.
	AdminsBlocked bool
	// ProtectedBranches lets only protected branches deploy; BranchPatterns is then empty.
	ProtectedBranches bool
	// WaitTimer is in minutes, as on GitHub.
	WaitTimer int
	// BranchPatterns restrict who may deploy; a * does not match a slash.
	BranchPatterns []string
	Secrets        []Secret
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Secret is the name of an environment's secret; its value is never kept.
type Secret struct {
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

package github

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// deploymentRunes is the longest description of a deployment's status; the deployment's own is kept as short.
const deploymentRunes = 140

// Deployment is a deployment to be made.
type Deployment struct {
	Ref         string // Ref is a branch or a tag.
	SHA         string // SHA, if given, is deployed instead of Ref, which may have moved on.
	Environment string
	Description string
	Task        string // Task is "deploy" if empty.
	Payload     any    // Payload is kept by GitHub and found again in DeploymentInfo.
	Production  bool
}

// DeploymentInfo is a deployment as GitHub has it.
type DeploymentInfo struct {
	ID           int64
	SHA          string
	Ref          string
	Environment  string
	Task         string
	Description  string
	Payload      json.RawMessage
	CreatorLogin string
	ViaApp       string // ViaApp is the slug of the App that made it; github-actions for a workflow's job.
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// DeploymentState is what a deployment's status says. The set is closed, except that GitHub Actions writes "waiting".
type DeploymentState string

// The states that can be written.
const (
	DeploymentQueued     DeploymentState = "queued"
	DeploymentPending    DeploymentState = "pending"
	DeploymentInProgress DeploymentState = "in_progress"
	DeploymentSuccess    DeploymentState = "success"
	DeploymentFailure    DeploymentState = "failure"
	DeploymentError      DeploymentState = "error"
	DeploymentInactive   DeploymentState = "inactive"
)

// DeploymentStatus is a status to be written.
type DeploymentStatus struct {
	State          DeploymentState
	Description    string // Description is cut to 140 characters.
	LogURL         string
	EnvironmentURL string
	AutoInactive   *bool // AutoInactive nil leaves GitHub's own choice: older non-production successes become inactive.
}

// DeploymentStatusInfo is a status as GitHub has it.
type DeploymentStatusInfo struct {
	ID             int64
	State          DeploymentState
	Description    string
	Environment    string
	LogURL         string
	EnvironmentURL string
	CreatorLogin   string
	ViaApp         string
	CreatedAt      time.Time
}

// CreateDeployment makes a deployment of exactly the given commit: nothing is merged and no status is awaited.
func (r *Repo) CreateDeployment(ctx context.Context, d Deployment) (int64, error) {
	const op = "create deployment"
	in := &gh.DeploymentRequest{
		Ref: gh.String(d.Ref), Task: text(d.Task), AutoMerge: gh.Bool(false), RequiredContexts: &[]string{}, Payload: d.Payload,
		Environment: gh.String(d.Environment), Description: text(cutRunes(d.Description, deploymentRunes)),
		TransientEnvironment: gh.Bool(false), ProductionEnvironment: gh.Bool(d.Production),
	}
	if d.SHA != "" {
		in.Ref = gh.String(d.SHA)
	}
	if in.GetRef() == "" || d.Environment == "" {
		return 0, invalid(op, "a commit and an environment are needed")
	}
	var out *gh.Deployment
	err := r.call(ctx, deployments(op), func(ctx context.Context, c *gh.Client) error {
		var err error
		out, _, err = c.Repositories.CreateDeployment(ctx, r.ref.Owner, r.ref.Name, in)
		return err
	})
	if e, ok := err.(*Error); ok && e.Status == http.StatusAccepted { //nolint:errorlint // It is made here and not wrapped.
		e.Class, e.Message = Conflict, "GitHub merged the default branch into the ref instead of making a deployment"
	}
	if err != nil {
		return 0, err
	}
	return out.GetID(), nil
}

// CreateDeploymentStatus adds a status. Doing it twice shows it twice and changes nothing else.
func (r *Repo) CreateDeploymentStatus(ctx context.Context, id int64, s DeploymentStatus) error {
	in := &gh.DeploymentStatusRequest{
		State: gh.String(string(s.State)), Description: text(cutRunes(s.Description, deploymentRunes)),
		LogURL: text(s.LogURL), EnvironmentURL: text(s.EnvironmentURL), AutoInactive: s.AutoInactive,
	}
	return r.call(ctx, deployments("create deployment status"), func(ctx context.Context, c *gh.Client) error {
		_, _, err := c.Repositories.CreateDeploymentStatus(ctx, r.ref.Owner, r.ref.Name, id, in)
		return err
	})
}

// FindDeployments lists the deployments of a commit to an environment, newest first; an empty argument means any.
// Without a commit the list is only the newest hundred, because a repository may have thousands.
func (r *Repo) FindDeployments(ctx context.Context, sha, environment string) ([]DeploymentInfo, error) {
	q := url.Values{}
	if sha != "" {
		q.Set("sha", sha)
	}
	if environment != "" {
		q.Set("environment", environment)
	}
	o := operation{name: "list deployments", needs: "deployments: read"}
	read := list[deploymentJSON]
	if sha == "" {
		read = newest[deploymentJSON]
	}
	in, err := read(ctx, r, o, r.path("deployments"), q)
	var all []DeploymentInfo
	for _, d := range in {
		all = append(all, DeploymentInfo{
			ID: d.ID, SHA: d.SHA, Ref: d.Ref, Environment: d.Environment, Task: d.Task, Description: d.Description,
			Payload: d.payload(), CreatorLogin: d.Creator.Login, ViaApp: d.Via.Slug, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
		})
	}
	return all, err
}

// DeploymentStatuses lists the statuses of a deployment, newest first.
func (r *Repo) DeploymentStatuses(ctx context.Context, id int64) ([]DeploymentStatusInfo, error) {
	o := operation{name: "list deployment statuses", needs: "deployments: read"}
	in, err := list[deploymentStatusJSON](ctx, r, o, r.path("deployments", number(id), "statuses"), nil)
	var all []DeploymentStatusInfo
	for _, s := range in {
		all = append(all, DeploymentStatusInfo{
			ID: s.ID, State: s.State, Description: s.Description, Environment: s.Environment, LogURL: s.LogURL,
			EnvironmentURL: s.EnvironmentURL, CreatorLogin: s.Creator.Login, ViaApp: s.Via.Slug, CreatedAt: s.CreatedAt,
		})
	}
	return all, err
}

// viaJSON is the App behind something; go-github's deployments do not have it.
type viaJSON struct {
	Slug string `json:"slug"`
}

type deploymentJSON struct {
	ID          int64           `json:"id"`
	SHA         string          `json:"sha"`
	Ref         string          `json:"ref"`
	Environment string          `json:"environment"`
	Task        string          `json:"task"`
	Description string          `json:"description"`
	Payload     json.RawMessage `json:"payload"`
	Creator     personJSON      `json:"creator"`
	Via         viaJSON         `json:"performed_via_github_app"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// payload unwraps a payload that was sent as a text of JSON.
func (d deploymentJSON) payload() json.RawMessage {
	var inner string
	if json.Unmarshal(d.Payload, &inner) == nil && json.Valid([]byte(inner)) {
		return json.RawMessage(inner)
	}
	return d.Payload
}

type deploymentStatusJSON struct {
	ID             int64           `json:"id"`
	State          DeploymentState `json:"state"`
	Description    string          `json:"description"`
	Environment    string          `json:"environment"`
	LogURL         string          `json:"log_url"`
	EnvironmentURL string          `json:"environment_url"`
	Creator        personJSON      `json:"creator"`
	Via            viaJSON         `json:"performed_via_github_app"`
	CreatedAt      time.Time       `json:"created_at"`
}

func deployments(op string) operation {
	return operation{name: op, effect: once, content: true, needs: "deployments: write"}
}

// text leaves an empty text out of a request.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

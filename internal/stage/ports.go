package stage

import (
	"context"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/discord"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Repo is what is asked of one repository.
type Repo interface {
	Contents
	Workflows
	WorkflowRuns
	Doors
	People
	Checks
	Deployments
	Comments
	Issues
}

// Contents reads files and history.
type Contents interface {
	File(ctx context.Context, path, ref string) (github.File, error)
	Dir(ctx context.Context, path, ref string) ([]github.Entry, error)
	Head(ctx context.Context, ref string) (string, error)
	Commit(ctx context.Context, sha string) (github.Commit, error)
	Compare(ctx context.Context, base, head string) (github.Comparison, error)
	LastCommitOf(ctx context.Context, path, ref string) (github.Commit, error)
}

// Workflows starts workflows and finds what was started.
type Workflows interface {
	Dispatch(ctx context.Context, d github.Dispatch) (github.WorkflowRun, error)
	DispatchedSince(ctx context.Context, file, branch string, since time.Time) ([]github.WorkflowRun, error)
}

// WorkflowRuns reads and ends workflow runs.
type WorkflowRuns interface {
	WorkflowRun(ctx context.Context, id int64) (github.WorkflowRun, error)
	Approvals(ctx context.Context, id int64) ([]github.Review, error)
	Cancel(ctx context.Context, id int64, force bool) error
}

// Doors reads what protects an environment and answers our protection rule.
type Doors interface {
	Environment(ctx context.Context, name string) (github.Environment, error)
	PendingDeployments(ctx context.Context, id int64) ([]github.PendingDeployment, error)
	AnswerDoor(ctx context.Context, id int64, environment string, v github.Verdict, comment string) error
	ReportDoor(ctx context.Context, id int64, environment, comment string) error
}

// People tells who somebody is here.
type People interface {
	Permission(ctx context.Context, login string) (github.Permission, error)
	TeamMembers(ctx context.Context, org, slug string) ([]github.Person, error)
}

// Checks reads and writes check runs.
type Checks interface {
	CommitChecks(ctx context.Context, sha string) ([]github.CommitCheck, error)
	CreateCheck(ctx context.Context, c github.CheckRun) (int64, error)
	UpdateCheck(ctx context.Context, id int64, c github.CheckRun) error
	FindCheck(ctx context.Context, sha, name, externalID string) (int64, bool, error)
}

// Deployments makes and shows GitHub's records of deploys.
type Deployments interface {
	CreateDeployment(ctx context.Context, d github.Deployment) (int64, error)
	FindDeployments(ctx context.Context, sha, environment string) ([]github.DeploymentInfo, error)
	CreateDeploymentStatus(ctx context.Context, id int64, s github.DeploymentStatus) error
	DeploymentStatuses(ctx context.Context, id int64) ([]github.DeploymentStatusInfo, error)
}

// Comments answers people.
type Comments interface {
	Comment(ctx context.Context, issue int, body string) (int64, error)
	FindComment(ctx context.Context, issue int, since time.Time, marker string) (int64, bool, error)
	React(ctx context.Context, id int64, r github.Reaction) error
}

// Issues tells of incidents.
type Issues interface {
	OpenIssue(ctx context.Context, i github.Issue) (int, error)
	EditIssue(ctx context.Context, issue int, i github.Issue) error
	FindIssue(ctx context.Context, since time.Time, marker string) (int, bool, error)
}

// App is what is asked of GitHub as the App itself.
type App interface {
	ID() int64
	Self(ctx context.Context) (github.Self, error)
	Installations(ctx context.Context) ([]github.Installation, error)
	InstallationOf(ctx context.Context, owner, repo string) (github.Installation, error)
}

// Hooks tells which webhooks did not arrive and sends them again.
type Hooks interface {
	Deliveries(ctx context.Context, since time.Time) ([]github.HookDelivery, error)
	Redeliver(ctx context.Context, id int64) error
}

// Inbox tells whether a webhook that was acknowledged is stored.
type Inbox func(ctx context.Context, installation int64, guid string) (bool, error)

// Slack posts, edits and finds messages.
type Slack interface {
	Post(ctx context.Context, m slack.Message) (slack.Posted, error)
	Update(ctx context.Context, channelID, ts string, m slack.Message) error
	Find(ctx context.Context, channel string, since time.Time, eventType, key, value string) (slack.Posted, bool, error)
	Ephemeral(ctx context.Context, channel, user string, m slack.Message) error
	Direct(ctx context.Context, user string) (channelID string, err error)
	FindReply(ctx context.Context, channel, thread, eventType, key, value string) (slack.Posted, bool, error)
}

// Discord posts and edits messages. What it posted cannot be found again.
type Discord interface {
	Post(ctx context.Context, m discord.Message) (id string, err error)
	Edit(ctx context.Context, id string, m discord.Message) error
}

var (
	_ Repo    = (*github.Repo)(nil)
	_ App     = (*github.App)(nil)
	_ Hooks   = (*github.App)(nil)
	_ Slack   = (*slack.Client)(nil)
	_ Discord = (*discord.Client)(nil)
)

// ReposOf hands out the real repositories of an App.
func ReposOf(app *github.App) func(pipeline.Repo) Repo {
	return func(r pipeline.Repo) Repo {
		return app.Repo(github.RepoRef{Installation: r.Installation, ID: r.ID, Owner: r.Owner, Name: r.Name})
	}
}

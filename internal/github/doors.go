package github

import (
	"context"
	"errors"

	gh "github.com/google/go-github/v60/github"
)

// doorBytes is the longest comment on a protection rule.
const doorBytes = 1024

// Verdict is an answer to a deployment protection rule, and the state of a person's review.
type Verdict string

// The verdicts. VerdictPending is only read.
const (
	Approved       Verdict = "approved"
	Rejected       Verdict = "rejected"
	VerdictPending Verdict = "pending"
)

// PendingDeployment is an environment at which a run waits. GitHub lists no custom rules in it.
type PendingDeployment struct {
	EnvironmentID  int64
	Environment    string
	Reviewers      []Reviewer
	WaitTimer      int  // WaitTimer is in minutes.
	CanApprove     bool // CanApprove is GitHub's word on the asking token.
	EnvironmentURL string
}

// Review is one person's answer to "Review deployments".
type Review struct {
	State        Verdict
	Comment      string
	Environments []string
	User         Person
}

type environmentJSON struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	HTMLURL string `json:"html_url"`
}

// PendingDeployments lists the environments at which a run waits.
func (r *Repo) PendingDeployments(ctx context.Context, runID int64) ([]PendingDeployment, error) {
	var in []struct {
		Environment environmentJSON `json:"environment"`
		WaitTimer   int             `json:"wait_timer"`
		CanApprove  bool            `json:"current_user_can_approve"`
		Reviewers   []reviewerJSON  `json:"reviewers"`
	}
	o := operation{name: "list pending deployments", needs: "actions: read"}
	if err := r.get(ctx, o, r.path("actions/runs", number(runID), "pending_deployments"), &in); err != nil {
		return nil, err
	}
	var all []PendingDeployment
	for _, p := range in {
		all = append(all, PendingDeployment{
			EnvironmentID: p.Environment.ID, Environment: p.Environment.Name, EnvironmentURL: p.Environment.HTMLURL,
			Reviewers: reviewersOf(p.Reviewers), WaitTimer: p.WaitTimer, CanApprove: p.CanApprove,
		})
	}
	return all, nil
}

// Approvals lists the reviews of a run.
func (r *Repo) Approvals(ctx context.Context, runID int64) ([]Review, error) {
	var in []struct {
		State        Verdict           `json:"state"`
		Comment      string            `json:"comment"`
		Environments []environmentJSON `json:"environments"`
		User         personJSON        `json:"user"`
	}
	o := operation{name: "list a run's reviews", needs: "actions: read"}
	if err := r.get(ctx, o, r.path("actions/runs", number(runID), "approvals"), &in); err != nil {
		return nil, err
	}
	var all []Review
	for _, a := range in {
		review := Review{State: a.State, Comment: a.Comment, User: a.User.person()}
		for _, e := range a.Environments {
			review.Environments = append(review.Environments, e.Name)
		}
		all = append(all, review)
	}
	return all, nil
}

type doorJSON struct {
	Environment string  `json:"environment_name"`
	State       Verdict `json:"state,omitempty"`
	Comment     string  `json:"comment,omitempty"`
}

// AnswerDoor gives the App's verdict on an environment of a run. It counts once; after Ambiguous, or an error that says
// that nothing waits, read the run before anything else.
func (r *Repo) AnswerDoor(ctx context.Context, runID int64, environment string, state Verdict, comment string) error {
	const op = "answer the deployment protection rule"
	if state != Approved && state != Rejected { // GitHub would take any other word for a mere report.
		return invalid(op, "%q is not a verdict; expected approved or rejected", string(state))
	}
	return r.door(ctx, op, runID, doorJSON{environment, state, comment})
}

// ReportDoor shows a comment at the door without a verdict. GitHub takes ten of them for one deployment.
func (r *Repo) ReportDoor(ctx context.Context, runID int64, environment, comment string) error {
	return r.door(ctx, "report to the deployment protection rule", runID, doorJSON{Environment: environment, Comment: comment})
}

func (r *Repo) door(ctx context.Context, op string, runID int64, body doorJSON) error {
	if body.Environment == "" {
		return invalid(op, "no environment was given")
	}
	body.Comment = cutBytes(body.Comment, doorBytes, "…")
	o := operation{name: op, effect: once, needs: "deployments: write"}
	return r.write(ctx, o, "POST", r.path("actions/runs", number(runID), "deployment_protection_rule"), body, nil)
}

// accepted takes HTTP 202 for what it is; go-github makes an error of it.
func accepted(err error) error {
	var yes *gh.AcceptedError
	if errors.As(err, &yes) {
		return nil
	}
	return err
}

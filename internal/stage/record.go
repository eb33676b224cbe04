package stage

import (
	"context"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Reviewer acts on a workflow run with a person's own token.
type Reviewer interface {
	PendingDeployments(ctx context.Context, id int64) ([]github.PendingDeployment, error)
	Approvals(ctx context.Context, id int64) ([]github.Review, error)
	Review(ctx context.Context, id int64, environments []int64, v github.Verdict, comment string) error
}

var _ Reviewer = (*github.Repo)(nil)

// recordReview presses "Review deployments" for a person, with his own token and
// only if GitHub says that he can. It always looks first: the trace of an earlier
// try is the person's own review of the workflow run.
func (p *Performers) recordReview(ctx context.Context, repo WorkflowRuns, job engine.Job, e pipeline.RecordReview) (pipeline.Outcome, error) {
	if p.As == nil {
		return notRecorded(pipeline.CodeNotSignedIn, "Nobody signs in to this Gatehouse."), nil
	}
	him, err := p.As(ctx, e.Person.ID, job.Repo)
	if err != nil {
		return nil, err
	}
	if him == nil {
		return notRecorded(pipeline.CodeNotSignedIn, e.Person.Login+" has not signed in to Gatehouse."), nil
	}
	pending, err := him.PendingDeployments(ctx, e.Workflow)
	if err != nil {
		return p.refusedReview(ctx, him, e, err)
	}
	for _, d := range pending {
		if !strings.EqualFold(d.Environment, e.Environment) || !d.CanApprove {
			continue
		}
		if err := him.Review(ctx, e.Workflow, []int64{d.EnvironmentID}, github.Approved, e.Comment); err != nil {
			return p.refusedReview(ctx, him, e, err)
		}
		return pipeline.ReviewRecorded{}, nil
	}
	return p.notHisToReview(ctx, repo, him, e, len(pending) > 0)
}

// notHisToReview finds out why GitHub offers the person nothing: he reviewed
// already, may not, or the job has not come to the environment yet.
func (p *Performers) notHisToReview(ctx context.Context, repo WorkflowRuns, him Reviewer, e pipeline.RecordReview, waits bool) (pipeline.Outcome, error) {
	if did, err := reviewed(ctx, him, e); err != nil || did {
		return pipeline.ReviewRecorded{}, err
	}
	if waits {
		return notRecorded("not-a-reviewer", e.Person.Login+" is none of the reviewers that GitHub asks for "+e.Environment+"."), nil
	}
	w, err := repo.WorkflowRun(ctx, e.Workflow)
	if err != nil {
		return nil, err
	}
	if w.Status == github.Completed || w.Status == github.InProgress {
		return notRecorded("nothing-waits", "The workflow run does not wait for a review any more."), nil
	}
	return nil, &engine.Retry{Class: engine.RetryLater, Reason: "the workflow's job has not come to the environment yet"}
}

// refusedReview reads what became of a review that GitHub did not simply take.
func (p *Performers) refusedReview(ctx context.Context, him Reviewer, e pipeline.RecordReview, err error) (pipeline.Outcome, error) {
	switch github.ClassOf(err) {
	case github.Unauthorized:
		return notRecorded("token-refused", "GitHub does not take the token of "+e.Person.Login+" any more; signing in again helps."), nil
	case github.Forbidden, github.NotFound, github.Invalid, github.Conflict:
		did, readErr := reviewed(ctx, him, e)
		if readErr == nil && !did {
			return notRecorded("review-refused", "GitHub did not take the review of "+e.Person.Login+"."), nil
		}
		return pipeline.ReviewRecorded{}, readErr
	case github.RateLimited, github.Unavailable, github.Ambiguous, github.Suspended, github.Uninstalled, github.Canceled, github.Unexpected:
	}
	return nil, err
}

func reviewed(ctx context.Context, him Reviewer, e pipeline.RecordReview) (bool, error) {
	reviews, err := him.Approvals(ctx, e.Workflow)
	for _, r := range reviews {
		if r.User.ID == e.Person.ID && r.State == github.Approved {
			return true, nil
		}
	}
	return false, err
}

func notRecorded(code, reason string) pipeline.Outcome {
	return pipeline.ReviewRecorded{Refused: &pipeline.Refusal{Code: code, Reason: reason, Fix: "Press Review deployments on the workflow run in GitHub."}}
}

package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// EventReconciled is the event of deliveries that were read from GitHub's lists,
// and not sent by GitHub.
const EventReconciled = "reconciled"

// Dispatched lists the workflow runs of a repository that were dispatched since,
// and the reviews of one that waits for them.
type Dispatched interface {
	AllDispatchedSince(ctx context.Context, since time.Time) ([]github.WorkflowRun, error)
	Approvals(ctx context.Context, id int64) ([]github.Review, error)
}

var _ Dispatched = (*github.Repo)(nil)

// Reconciler makes good what no webhook will tell any more: GitHub forgets them
// after three days. It asks with one list for each repository in which a run
// waits for a workflow, and hands in what has changed as if it had been heard.
type Reconciler struct {
	AppID   int64
	Work    func(context.Context) ([]engine.OpenWork, error)
	Repos   func(pipeline.Repo) Dispatched
	Receive func(context.Context, engine.Delivery) (engine.Result, error)
	Clock   func() time.Time
	Logger  *slog.Logger
}

// Reconcile looks at every repository once and says how many changes were
// news. One that cannot be read keeps it from no other.
func (r Reconciler) Reconcile(ctx context.Context) (int, error) {
	work, err := r.Work(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	var errs []error
	for _, w := range work {
		found, err := r.repo(ctx, w)
		n += found
		if err != nil {
			errs = append(errs, fmt.Errorf("%s/%s: %w", w.Repo.Owner, w.Repo.Name, err))
		}
	}
	return n, errors.Join(errs...)
}

func (r Reconciler) repo(ctx context.Context, w engine.OpenWork) (int, error) {
	all, err := r.Repos(w.Repo).AllDispatchedSince(ctx, w.Since)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, is := range all {
		was, ours := w.Workflows[is.ID]
		if !ours || was.Attempt == is.Attempt && was.Status == string(is.Status) {
			continue
		}
		news, err := r.receive(ctx, workflowNews(is), w.Repo)
		if err != nil {
			return n, err
		}
		n += news
	}
	reviewed, err := r.reviews(ctx, w)
	return n + reviewed, err
}

// reviews reads who pressed Review deployments where a gate waits for that: one
// call for each, because GitHub has no list of them.
func (r Reconciler) reviews(ctx context.Context, w engine.OpenWork) (int, error) {
	n := 0
	for _, id := range w.Reviews {
		all, err := r.Repos(w.Repo).Approvals(ctx, id)
		if err != nil {
			return n, err
		}
		for _, review := range all {
			if review.State != github.Approved && review.State != github.Rejected {
				continue
			}
			news, err := r.receive(ctx, reviewNews(id, review, r.Clock()), w.Repo)
			if err != nil {
				return n, err
			}
			n += news
		}
	}
	return n, nil
}

// receive hands in what was read as if it had been heard, and says how much of it was news.
func (r Reconciler) receive(ctx context.Context, d engine.Delivery, repo pipeline.Repo) (int, error) {
	d.AppID, d.Event, d.Repo, d.ReceivedAt = r.AppID, EventReconciled, repo, r.Clock()
	result, err := r.Receive(ctx, d)
	if err != nil || result != engine.Stored {
		return 0, err
	}
	r.Logger.InfoContext(ctx, "a change was read that no webhook told", "repo", repo.FullName(), "delivery", d.GUID)
	return 1, nil
}

// workflowNews has an id of the state it tells of, so that each is told once.
func workflowNews(w github.WorkflowRun) engine.Delivery {
	return engine.Delivery{
		GUID: fmt.Sprintf("reconciled-%d-%d-%s", w.ID, w.Attempt, w.Status), Action: string(w.Status),
		Signals: []engine.Signal{{Workflow: w.ID, Fact: pipeline.WorkflowSeen{Workflow: workflowOf(w)}}},
	}
}

// reviewNews has an id of whose it is: GitHub takes one review of each in a workflow run.
func reviewNews(workflow int64, r github.Review, now time.Time) engine.Delivery {
	return engine.Delivery{
		GUID: fmt.Sprintf("reconciled-%d-%d-%s", workflow, r.User.ID, r.State), Action: string(r.State),
		Signals: []engine.Signal{{Workflow: workflow, Fact: pipeline.Reviewed{
			Workflow: workflow, Environments: r.Environments, Approved: r.State == github.Approved, By: personOf(r.User), Comment: r.Comment, At: now,
		}}},
	}
}

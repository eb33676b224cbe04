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

// Dispatched lists the workflow runs of a repository that were dispatched since.
type Dispatched interface {
	AllDispatchedSince(ctx context.Context, since time.Time) ([]github.WorkflowRun, error)
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
		result, err := r.Receive(ctx, r.delivery(w.Repo, is))
		if err != nil {
			return n, err
		}
		if result == engine.Stored {
			n++
			r.Logger.InfoContext(ctx, "a change was read that no webhook told", "repo", w.Repo.Owner+"/"+w.Repo.Name, "workflow", is.ID, "status", string(is.Status))
		}
	}
	return n, nil
}

// delivery has an id of the state it tells of, so that each is told once.
func (r Reconciler) delivery(repo pipeline.Repo, w github.WorkflowRun) engine.Delivery {
	return engine.Delivery{
		AppID: r.AppID, GUID: fmt.Sprintf("reconciled-%d-%d-%s", w.ID, w.Attempt, w.Status), Event: EventReconciled, Action: string(w.Status),
		Repo: repo, ReceivedAt: r.Clock(), Signals: []engine.Signal{{Workflow: w.ID, Fact: pipeline.WorkflowSeen{Workflow: workflowOf(w)}}},
	}
}

package stage

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// door is where a job stands that waited for our verdict.
type door string

const (
	doorWaits   door = "waits"   // it waits for us, or may
	doorDecided door = "decided" // it waits no more
	doorGone    door = "gone"    // its workflow run does not exist
)

// answerDoor gives our one verdict. GitHub refuses a second one with words that
// also mean other things, so that what a refusal means is read from the run.
func (p *Performers) answerDoor(ctx context.Context, repo Repo, job engine.Job, e pipeline.AnswerDoor) (pipeline.Outcome, error) {
	if job.Tries > 0 {
		if at, err := whereDoor(ctx, repo, e); err != nil || at != doorWaits {
			return doorOutcome(at, e, err)
		}
	}
	verdict := github.Rejected
	if e.Approve {
		verdict = github.Approved
	}
	err := repo.AnswerDoor(ctx, e.Workflow, e.Environment, verdict, e.Comment)
	if err == nil {
		return pipeline.Done{}, nil
	}
	switch github.ClassOf(err) {
	case github.Ambiguous, github.NotFound, github.Forbidden, github.Invalid, github.Conflict:
	case github.RateLimited, github.Unavailable, github.Unauthorized, github.Suspended, github.Uninstalled, github.Canceled, github.Unexpected:
		return nil, err
	}
	at, readErr := whereDoor(ctx, repo, e)
	if readErr != nil || at != doorWaits {
		return doorOutcome(at, e, readErr)
	}
	if github.ClassOf(err) == github.Forbidden {
		return nil, err
	}
	return nil, &engine.Retry{Class: engine.RetryLater, Reason: "GitHub did not take the verdict, and the job still waits: " + err.Error(), Err: err}
}

// whereDoor reads the run and what it waits for. A run that waits is taken to
// wait for us, because GitHub's list names no custom rules.
func whereDoor(ctx context.Context, repo Repo, e pipeline.AnswerDoor) (door, error) {
	w, err := repo.WorkflowRun(ctx, e.Workflow)
	switch {
	case isNotFound(err):
		return doorGone, nil
	case err != nil:
		return "", err
	case w.Status == github.Completed:
		return doorDecided, nil
	case w.Status == github.Waiting:
		return doorWaits, nil
	}
	pending, err := repo.PendingDeployments(ctx, e.Workflow)
	if err != nil {
		return "", err
	}
	for _, d := range pending {
		if strings.EqualFold(d.Environment, e.Environment) {
			return doorWaits, nil
		}
	}
	if w.Status == github.InProgress {
		return doorDecided, nil
	}
	return doorWaits, nil // queued: it has not come to the door, or has just passed it
}

func doorOutcome(at door, e pipeline.AnswerDoor, err error) (pipeline.Outcome, error) {
	switch {
	case err != nil:
		return nil, err
	case at == doorGone && e.Approve:
		return nil, refuse("workflow-gone", fmt.Sprintf("The workflow run %d, which waited at %s, was deleted in GitHub.", e.Workflow, e.Environment),
			"Push the release branch again.")
	}
	return pipeline.Done{}, nil
}

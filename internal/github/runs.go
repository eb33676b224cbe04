package github

import (
	"context"
	"net/url"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// WorkflowRun is one run of a workflow; a re-run keeps its id and is a new attempt.
type WorkflowRun struct {
	ID           int64
	Attempt      int
	Number       int
	WorkflowID   int64
	Name         string
	Path         string // Path is the workflow's file, such as .github/workflows/deploy.yml; GitHub may add @ and a ref.
	Event        string
	Status       Status
	Conclusion   Conclusion
	HeadSHA      string
	HeadBranch   string
	DisplayTitle string
	HTMLURL      string
	Actor        Person // Actor started the first attempt.
	Triggering   Person // Triggering started this attempt.
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// runJSON exists because go-github's type has no path.
type runJSON struct {
	ID           int64      `json:"id"`
	Attempt      int        `json:"run_attempt"`
	Number       int        `json:"run_number"`
	WorkflowID   int64      `json:"workflow_id"`
	Name         string     `json:"name"`
	Path         string     `json:"path"`
	Event        string     `json:"event"`
	Status       Status     `json:"status"`
	Conclusion   Conclusion `json:"conclusion"`
	HeadSHA      string     `json:"head_sha"`
	HeadBranch   string     `json:"head_branch"`
	DisplayTitle string     `json:"display_title"`
	HTMLURL      string     `json:"html_url"`
	Actor        personJSON `json:"actor"`
	Triggering   personJSON `json:"triggering_actor"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

func (in runJSON) run() WorkflowRun {
	return WorkflowRun{
		ID: in.ID, Attempt: in.Attempt, Number: in.Number, WorkflowID: in.WorkflowID, Name: in.Name, Path: in.Path, Event: in.Event,
		Status: in.Status, Conclusion: in.Conclusion, HeadSHA: in.HeadSHA, HeadBranch: in.HeadBranch, DisplayTitle: in.DisplayTitle,
		HTMLURL: in.HTMLURL, Actor: in.Actor.person(), Triggering: in.Triggering.person(), CreatedAt: in.CreatedAt, UpdatedAt: in.UpdatedAt,
	}
}

// Job is one job of a run.
type Job struct {
	ID          int64
	RunID       int64
	Name        string
	Status      Status
	Conclusion  Conclusion
	Attempt     int
	HTMLURL     string
	StartedAt   time.Time
	CompletedAt time.Time
	FailedSteps []string // FailedSteps names the steps that did not succeed.
}

// WorkflowRun reads a run as it is now.
func (r *Repo) WorkflowRun(ctx context.Context, id int64) (WorkflowRun, error) {
	var in runJSON
	err := r.get(ctx, operation{name: "read a workflow run", needs: "actions: read"}, r.path("actions/runs", number(id)), &in)
	if err != nil {
		return WorkflowRun{}, err
	}
	return in.run(), nil
}

// Jobs lists the jobs of a run's latest attempt.
func (r *Repo) Jobs(ctx context.Context, id int64) ([]Job, error) {
	var all []Job
	o := operation{name: "list jobs", needs: "actions: read"}
	q := url.Values{"filter": {"latest"}}
	err := r.pages(ctx, o, r.path("actions/runs", number(id), "jobs"), q, func(decode func(any) error) error {
		var page gh.Jobs
		err := decode(&page)
		for _, in := range page.Jobs {
			all = append(all, jobOf(in))
		}
		return err
	})
	return all, err
}

func jobOf(in *gh.WorkflowJob) Job {
	job := Job{
		ID: in.GetID(), RunID: in.GetRunID(), Name: in.GetName(), Status: Status(in.GetStatus()), Conclusion: Conclusion(in.GetConclusion()),
		Attempt: int(in.GetRunAttempt()), HTMLURL: in.GetHTMLURL(), StartedAt: in.GetStartedAt().Time, CompletedAt: in.GetCompletedAt().Time,
	}
	for _, step := range in.Steps {
		switch Conclusion(step.GetConclusion()) {
		case Failure, Cancelled, TimedOut:
			job.FailedSteps = append(job.FailedSteps, step.GetName())
		case Success, Neutral, Skipped, ActionRequired, Stale, StartupFailure, Errored:
		}
	}
	return job
}

// Cancel asks GitHub to end a run; by force, also one whose jobs say "always". A run that is over already is no error.
func (r *Repo) Cancel(ctx context.Context, id int64, force bool) error {
	o, verb := operation{name: "cancel a workflow run", effect: again, needs: "actions: write"}, "cancel"
	if force {
		verb = "force-cancel"
	}
	err := r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		_, err := send(ctx, c, "POST", r.path("actions/runs", number(id), verb), nil, nil)
		return accepted(err)
	})
	if isClass(err, Conflict) {
		return nil
	}
	return err
}

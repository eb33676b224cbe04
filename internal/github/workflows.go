package github

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// Workflow is a workflow of GitHub Actions.
type Workflow struct {
	ID    int64
	Name  string
	Path  string
	State string // State is active, or says how it was disabled.
}

// Dispatch is a workflow to be started.
type Dispatch struct {
	File   string // File is the workflow's file name, or its path from .github/workflows/ on.
	Ref    string // Ref is a branch or a tag; GitHub takes no SHA.
	Inputs map[string]string
}

type dispatchJSON struct {
	Ref     string            `json:"ref"`
	Inputs  map[string]string `json:"inputs,omitempty"`
	Details bool              `json:"return_run_details,omitempty"`
}

// Workflow reads a workflow by its file. NotFound means that the default branch has no such file.
func (r *Repo) Workflow(ctx context.Context, file string) (Workflow, error) {
	const op = "read a workflow"
	name, err := workflowFile(op, file)
	if err != nil {
		return Workflow{}, err
	}
	var in gh.Workflow
	if err := r.get(ctx, operation{name: op, needs: "actions: read"}, r.path("actions/workflows", name), &in); err != nil {
		return Workflow{}, err
	}
	return Workflow{ID: in.GetID(), Name: in.GetName(), Path: in.GetPath(), State: in.GetState()}, nil
}

// Dispatch starts a workflow. The run has only its id and address; an old server gives not even these (ID is zero).
// Invalid carries GitHub's words about inputs that are not declared, or a missing workflow_dispatch trigger.
func (r *Repo) Dispatch(ctx context.Context, d Dispatch) (WorkflowRun, error) {
	const op = "start a workflow"
	name, err := workflowFile(op, d.File)
	if err != nil {
		return WorkflowRun{}, err
	}
	body := dispatchJSON{Ref: d.Ref, Inputs: d.Inputs, Details: true}
	path := r.path("actions/workflows", name, "dispatches")
	run, err := r.dispatch(ctx, op, path, body)
	if refusesDetails(err) {
		body.Details = false
		return r.dispatch(ctx, op, path, body)
	}
	return run, err
}

func (r *Repo) dispatch(ctx context.Context, op, path string, body dispatchJSON) (WorkflowRun, error) {
	var out struct {
		ID      int64  `json:"workflow_run_id"`
		HTMLURL string `json:"html_url"`
	}
	if err := r.write(ctx, operation{name: op, effect: once, needs: "actions: write"}, "POST", path, body, &out); err != nil {
		return WorkflowRun{}, err
	}
	return WorkflowRun{ID: out.ID, HTMLURL: out.HTMLURL}, nil
}

// refusesDetails recognizes a server from before 2026, which refuses the field and does nothing.
func refusesDetails(err error) bool {
	e, ok := err.(*Error) //nolint:errorlint // It is made here and not wrapped.
	if !ok || (e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity) {
		return false
	}
	return strings.Contains(e.Message, "return_run_details")
}

// DispatchedSince lists the runs of a workflow that were dispatched on a branch, from a minute before the given time on,
// because GitHub's clock is not ours.
func (r *Repo) DispatchedSince(ctx context.Context, file, branch string, since time.Time) ([]WorkflowRun, error) {
	const op = "list workflow runs"
	name, err := workflowFile(op, file)
	if err != nil {
		return nil, err
	}
	q := url.Values{
		"event":   {"workflow_dispatch"},
		"created": {r.from(since)},
	}
	if branch != "" {
		q.Set("branch", branch)
	}
	return r.dispatched(ctx, op, r.path("actions/workflows", name, "runs"), q)
}

// AllDispatchedSince lists the runs of every workflow that were dispatched, likewise.
func (r *Repo) AllDispatchedSince(ctx context.Context, since time.Time) ([]WorkflowRun, error) {
	q := url.Values{
		"event":   {"workflow_dispatch"},
		"created": {r.from(since)},
	}
	return r.dispatched(ctx, "list workflow runs", r.path("actions/runs"), q)
}

// from is a filter of GitHub's, in its own time.
func (r *Repo) from(since time.Time) string {
	return ">=" + r.app.guard.drift.Theirs(since).Add(-time.Minute).UTC().Format(time.RFC3339)
}

func (r *Repo) dispatched(ctx context.Context, op, path string, q url.Values) ([]WorkflowRun, error) {
	var all []WorkflowRun
	o := operation{name: op, needs: "actions: read"}
	err := r.pages(ctx, o, path, q, func(decode func(any) error) error {
		var page struct {
			Runs []runJSON `json:"workflow_runs"`
		}
		err := decode(&page)
		for _, in := range page.Runs {
			all = append(all, in.run())
		}
		return err
	})
	return all, err
}

// workflowFile takes the file's name from its path, and refuses a path to elsewhere.
func workflowFile(op, file string) (string, error) {
	name := strings.TrimPrefix(file, ".github/workflows/")
	if strings.Contains(name, "/") {
		return "", invalid(op, "%q is not in .github/workflows", file)
	}
	return segment(op, "workflow file", name)
}

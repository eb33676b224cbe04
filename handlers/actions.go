package handlers

import (
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// workflow is a run of GitHub Actions, as several events carry it.
type workflow struct {
	ID           int64     `json:"id"`
	RunAttempt   int       `json:"run_attempt"`
	Status       string    `json:"status"`
	Conclusion   string    `json:"conclusion"`
	HeadSHA      string    `json:"head_sha"`
	HeadBranch   string    `json:"head_branch"`
	Path         string    `json:"path"`
	DisplayTitle string    `json:"display_title"`
	HTMLURL      string    `json:"html_url"`
	Event        string    `json:"event"`
	UpdatedAt    timestamp `json:"updated_at"`
}

// workflowRun hears of workflows that were dispatched; the others are not ours.
func (n *news) workflowRun() ([]engine.Signal, string, error) {
	var p struct {
		WorkflowRun workflow `json:"workflow_run"`
		Workflow    struct {
			Path string `json:"path"`
		} `json:"workflow"`
	}
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	w := p.WorkflowRun
	if w.ID <= 0 {
		return fail(malformed("the workflow run is missing"))
	}
	if w.Event != "workflow_dispatch" {
		return ignore("the workflow run was not dispatched, so it is none of ours")
	}
	path := w.Path
	if path == "" {
		path = p.Workflow.Path
	}
	path, _, _ = strings.Cut(path, "@") // GitHub may add the ref
	return one(engine.Signal{Workflow: w.ID, Fact: pipeline.WorkflowSeen{Workflow: pipeline.WorkflowRun{
		ID: w.ID, Attempt: w.RunAttempt, Status: w.Status, Conclusion: w.Conclusion, HeadSHA: w.HeadSHA, HeadBranch: w.HeadBranch,
		Path: path, Title: w.DisplayTitle, URL: w.HTMLURL, UpdatedAt: w.UpdatedAt.Time,
	}}})
}

// workflowJob hears which Deployment a job that waits at an environment made.
func (n *news) workflowJob() ([]engine.Signal, string, error) {
	var p struct {
		WorkflowJob struct {
			RunID int64 `json:"run_id"`
		} `json:"workflow_job"`
		Deployment deployment `json:"deployment"`
	}
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	switch {
	case n.Action != "waiting":
		return ignore("workflow_run says how the jobs went")
	case p.Deployment.ID <= 0:
		return ignore("the job waits, but names no Deployment")
	case p.WorkflowJob.RunID <= 0:
		return fail(malformed("the job names no workflow run"))
	}
	return one(p.Deployment.seen(p.WorkflowJob.RunID))
}

// timestamp is a time in any form that GitHub has used. What cannot be read is
// zero: it orders hints, and the API tells the truth.
type timestamp struct{ time.Time }

// UnmarshalJSON never fails.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	at, err := time.Parse(time.RFC3339, strings.Trim(string(b), `"`))
	if err == nil {
		t.Time = at.UTC()
	}
	return nil
}

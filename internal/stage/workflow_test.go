package stage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func start(file string) pipeline.StartWorkflow {
	nonce := pipeline.ExternalID(runID, "test", 1)
	return pipeline.StartWorkflow{
		Stage: "test", Attempt: 1, File: file, Branch: "release/v1.2.0", Nonce: nonce,
		Inputs: map[string]string{"gatehouse_run": nonce, "sha": "x", "environment": "production", "gatehouse_needs": "{}"},
	}
}

func TestStartWorkflow(t *testing.T) {
	r := newRig(t)
	got := perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0))
	equal(t, "runs", len(r.snapshot().Runs), 1)
	equal(t, "id", got.Workflow.ID, r.snapshot().Runs[0].ID)

	read := perform[pipeline.WorkflowRead](r, r.job(pipeline.ReadWorkflow{Workflow: got.Workflow.ID}, 0))
	equal(t, "commit", read.Workflow.HeadSHA, r.sha)

	again := perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 1))
	equal(t, "found again", again.Workflow.ID, got.Workflow.ID)
	equal(t, "dispatches", r.calls("/dispatches"), 1)
}

// A dispatch whose answer was lost is looked for, and not repeated.
func TestStartWorkflowAmbiguous(t *testing.T) {
	r := newRig(t)
	r.lose("/dispatches")
	job := r.job(start("test.yml"), 0)
	_ = r.retries(job, engine.RetryUnsure)
	job.Tries = 1
	perform[pipeline.WorkflowStarted](r, job)
	equal(t, "runs", len(r.snapshot().Runs), 1)
}

// A dispatch that did not happen is repeated once GitHub's list can be believed.
func TestStartWorkflowLost(t *testing.T) {
	r := newRig(t)
	job := r.job(start("test.yml"), 1)
	again := r.retries(job, engine.RetryAt)
	equal(t, "when", again.At, job.FirstAt.Add(10*time.Second))
	job.Now = again.At
	perform[pipeline.WorkflowStarted](r, job)
	equal(t, "runs", len(r.snapshot().Runs), 1)
}

func TestStartWorkflowUnsure(t *testing.T) {
	r := newRig(t, func(o *stage.Options) { o.Lag = time.Nanosecond })
	r.push("main", map[string]string{".github/workflows/plain.yml": strings.TrimPrefix(testYAML, named)})
	r.push("release/v1.2.0", map[string]string{".github/workflows/plain.yml": strings.TrimPrefix(testYAML, named)})
	perform[pipeline.WorkflowStarted](r, r.job(start("plain.yml"), 0))
	got := perform[pipeline.Failed](r, r.job(start("plain.yml"), 1))
	equal(t, "unsure", got.Unsure, true)
	equal(t, "code", got.Refusal.Code, "workflow-unmarked")

	perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0))
	perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0))
	got = perform[pipeline.Failed](r, r.job(start("test.yml"), 1))
	equal(t, "code", got.Refusal.Code, "workflow-twice")

	// Another attempt's run, and a person's, are not taken for ours.
	other := start("test.yml")
	other.Nonce += "0"
	_, err := r.RunWorkflow("bob", repoName, "test.yml", "release/v1.2.0", other.Inputs)
	must(t, err)
	job := r.job(other, 1)
	job.Now = job.Now.Add(time.Minute)
	perform[pipeline.WorkflowStarted](r, job)
}

// Every refusal of a dispatch holds the lines to paste.
func TestStartWorkflowRefusals(t *testing.T) {
	files := map[string]string{
		".github/workflows/no-trigger.yml": "on: push\njobs: {a: {steps: [{run: echo}]}}\n",
		".github/workflows/no-inputs.yml":  "on: workflow_dispatch\njobs: {a: {steps: [{run: echo}]}}\n",
	}
	r := newRig(t)
	r.push("main", files)
	r.push("release/v1.2.0", files)
	for _, name := range []string{"missing", "no-trigger", "no-inputs"} {
		got := perform[pipeline.Failed](r, r.job(start(name+".yml"), 0))
		golden(t, "dispatch-"+name, text(got))
	}
	gone := start("test.yml")
	gone.Branch = "release/v9"
	golden(t, "dispatch-branch-gone", text(perform[pipeline.Failed](r, r.job(gone, 0))))
	r.SetPermission("acme", "actions", "read")
	golden(t, "dispatch-forbidden", hinders(r, r.job(start("test.yml"), 0)))
}

func TestCancelWorkflow(t *testing.T) {
	r := newRig(t)
	w := perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0)).Workflow
	job := r.job(pipeline.CancelWorkflow{Workflow: w.ID}, 0)
	again := r.retries(job, engine.RetryAt)
	equal(t, "when", again.At, job.FirstAt.Add(30*time.Second))
	job.Tries, job.Now = 1, again.At
	perform[pipeline.Done](r, job)
	perform[pipeline.Done](r, r.job(pipeline.CancelWorkflow{Workflow: 99999}, 0))
}

// A workflow that outlives a polite cancel is ended by force.
func TestCancelByForce(t *testing.T) {
	r := newRig(t)
	stubborn := named + head + "jobs:\n  test:\n    steps: [{run: \"trap '' INT\\nsleep infinity\"}]\n"
	for _, branch := range []string{"main", "release/v1.2.0"} {
		r.push(branch, map[string]string{".github/workflows/stubborn.yml": stubborn})
	}
	w := perform[pipeline.WorkflowStarted](r, r.job(start("stubborn.yml"), 0)).Workflow
	r.clock.Advance(5 * time.Second)
	job := r.job(pipeline.CancelWorkflow{Workflow: w.ID}, 0)
	again := r.retries(job, engine.RetryAt)
	job.Tries, job.Now = 1, again.At
	perform[pipeline.Done](r, job)
	equal(t, "forced", r.calls("/force-cancel"), 1)
}

func TestReadWorkflowGone(t *testing.T) {
	r := newRig(t)
	job := r.job(pipeline.ReadWorkflow{Workflow: 99999}, 0)
	_ = r.retries(job, engine.RetryLater)
	job.Now = job.FirstAt.Add(time.Hour)
	equal(t, "code", perform[pipeline.Failed](r, job).Refusal.Code, "workflow-gone")
}

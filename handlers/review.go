package handlers

import (
	"slices"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

type jobRun struct {
	Environment string `json:"environment"`
}

type reviewPayload struct {
	Environment     string    `json:"environment"` // GitHub sends it with requests only
	Approver        account   `json:"approver"`
	Comment         string    `json:"comment"`
	Since           timestamp `json:"since"`
	WorkflowJobRun  jobRun    `json:"workflow_job_run"`
	WorkflowJobRuns []jobRun  `json:"workflow_job_runs"`
	WorkflowRun     workflow  `json:"workflow_run"`
}

// review hears a decision in the Review deployments dialog.
func (n *news) review() ([]engine.Signal, string, error) {
	var p reviewPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	switch n.Action {
	case "approved", "rejected":
	case "requested":
		return ignore("the gate knows already that a review is wanted")
	default:
		return ignore("it is no decision")
	}
	by := p.Approver
	if by.ID <= 0 {
		by = n.Sender
	}
	switch {
	case p.WorkflowRun.ID <= 0:
		return fail(malformed("the review names no workflow run"))
	case by.ID <= 0:
		return fail(malformed("the review does not say whose it is"))
	}
	at := p.Since.Time
	if at.IsZero() {
		at = n.now.UTC()
	}
	return one(engine.Signal{Workflow: p.WorkflowRun.ID, Fact: pipeline.Reviewed{
		Workflow: p.WorkflowRun.ID, Attempt: p.WorkflowRun.RunAttempt, Environments: p.environments(),
		Approved: n.Action == "approved", By: by.person(), Comment: clip(p.Comment), At: at,
	}})
}

// environments is every environment that the payload names, once each.
func (p reviewPayload) environments() []string {
	var names []string
	for _, job := range slices.Concat(p.WorkflowJobRuns, []jobRun{p.WorkflowJobRun, {Environment: p.Environment}}) {
		if job.Environment != "" && !slices.Contains(names, job.Environment) {
			names = append(names, job.Environment)
		}
	}
	return names
}

package handlers

import (
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

type deployment struct {
	ID          int64  `json:"id"`
	Environment string `json:"environment"`
	Via         app    `json:"performed_via_github_app"`
}

type deploymentPayload struct {
	Deployment       deployment `json:"deployment"`
	DeploymentStatus struct {
		Via app `json:"performed_via_github_app"`
	} `json:"deployment_status"`
	WorkflowRun workflow `json:"workflow_run"`
}

// seen is the signal that an Actions job made this Deployment.
func (d deployment) seen(workflow int64) engine.Signal {
	return engine.Signal{Workflow: workflow, Fact: pipeline.DeploymentSeen{
		Workflow: workflow, Deployment: d.ID, Environment: d.Environment,
	}}
}

// deployment hears of Deployments that Actions jobs made.
func (n *news) deployment() ([]engine.Signal, string, error) {
	var p deploymentPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	switch {
	case n.ours(p.Deployment.Via):
		return ignore("Gatehouse made the Deployment itself")
	case p.WorkflowRun.ID <= 0 || p.Deployment.Via.Slug != actions:
		return ignore("the Deployment is not that of an Actions job")
	case p.Deployment.ID <= 0:
		return fail(malformed("the Deployment is missing"))
	}
	return one(p.Deployment.seen(p.WorkflowRun.ID))
}

// deploymentStatus says the same a second time, should the first be lost.
// Statuses do not always tell which App made the Deployment.
func (n *news) deploymentStatus() ([]engine.Signal, string, error) {
	var p deploymentPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	made := p.Deployment.Via
	switch {
	case n.ours(made) || n.ours(p.DeploymentStatus.Via):
		return ignore("Gatehouse wrote it itself")
	case p.WorkflowRun.ID <= 0 || made != (app{}) && made.Slug != actions:
		return ignore("the Deployment is not that of an Actions job")
	case p.Deployment.ID <= 0:
		return fail(malformed("the Deployment is missing"))
	}
	return one(p.Deployment.seen(p.WorkflowRun.ID))
}

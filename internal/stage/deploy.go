package stage

import (
	"context"
	"encoding/json"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// deployPayload marks a Deployment as ours.
type deployPayload struct {
	Run pipeline.RunID `json:"gatehouse_run"`
}

// createDeployment makes GitHub's record of a deploy, or adopts the one that an
// earlier try made.
func createDeployment(ctx context.Context, repo Deployments, job engine.Job, e pipeline.CreateDeployment) (pipeline.Outcome, error) {
	if job.Tries > 0 {
		all, err := repo.FindDeployments(ctx, e.SHA, e.Environment)
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			if runOf(d.Payload) == job.Run.ID {
				return pipeline.DeploymentMade{ID: d.ID}, nil
			}
		}
	}
	id, err := repo.CreateDeployment(ctx, github.Deployment{
		Ref: job.Run.Release.Branch(), SHA: e.SHA, Environment: e.Environment, Description: "Gatehouse deploys " + e.Version,
		Payload: deployPayload{Run: job.Run.ID}, Production: e.Production,
	})
	if err != nil {
		return nil, err
	}
	return pipeline.DeploymentMade{ID: id}, nil
}

// runOf reads the mark, which GitHub gives back as an object or as its text.
func runOf(payload json.RawMessage) pipeline.RunID {
	var text string
	if json.Unmarshal(payload, &text) == nil {
		payload = json.RawMessage(text)
	}
	var p deployPayload
	if json.Unmarshal(payload, &p) != nil {
		return ""
	}
	return p.Run
}

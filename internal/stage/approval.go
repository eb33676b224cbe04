package stage

import (
	"context"
	"fmt"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// inspectGate asks how the environment is protected.
func (p *Performers) inspectGate(ctx context.Context, repo Doors, job engine.Job, e pipeline.InspectGate) (pipeline.Outcome, error) {
	env, err := repo.Environment(ctx, e.Environment)
	if isNotFound(err) {
		return pipeline.GateInspected{}, nil
	}
	if err != nil {
		return nil, err
	}
	return Inspected(env, p.App.ID(), job.Repo.Owner), nil
}

// Inspected is what of an environment a gate rests on.
func Inspected(env github.Environment, app int64, owner string) pipeline.GateInspected {
	out := pipeline.GateInspected{Exists: true, Restricted: env.Restricted, Branches: env.BranchPatterns}
	for _, rule := range env.Rules {
		out.Rule = out.Rule || rule.Enabled && rule.AppID == app
	}
	for _, r := range env.Reviewers {
		name := r.Name
		if r.Type == "Team" {
			name = "@" + owner + "/" + r.Name
		}
		out.Reviewers = append(out.Reviewers, name)
	}
	return out
}

// verifyDoor reads once more all that the approvals rest on.
func (p *Performers) verifyDoor(ctx context.Context, repo Repo, job engine.Job, e pipeline.VerifyDoor) (pipeline.Outcome, error) {
	read, err := p.readConfig(ctx, repo, job)
	if err != nil {
		return nil, err
	}
	switch {
	case read.Missing:
		return pipeline.DoorVerified{}, nil
	case read.Refused != nil:
		return pipeline.Failed{Refusal: *read.Refused}, nil
	case read.Spec == nil:
		return pipeline.Failed{Refusal: brokenConfig(read)}, nil
	}
	env := read.Spec.Environments[e.Environment]
	if env == nil || env.Approval == nil {
		return pipeline.DoorVerified{}, nil
	}
	if job.Run != nil && env.Firebase != string(job.Run.Lane) {
		return nil, refuse("target-changed", fmt.Sprintf("The configuration on the default branch now binds %s to %s, and this release was approved for %s.", e.Environment, env.Firebase, job.Run.Lane),
			"Push the release branch again under the new configuration.")
	}
	out := pipeline.DoorVerified{Policy: env.Approval, Freeze: env.Freeze}
	in, err := readRoster(ctx, repo, job.Repo, env.Approval.Teams())
	if err != nil {
		return nil, err
	}
	for _, who := range e.People {
		s, err := in.standing(ctx, who, env.Approval.NamesUsers())
		if err != nil {
			return nil, err
		}
		out.Standings = append(out.Standings, s)
	}
	return out, nil
}

func brokenConfig(read pipeline.ConfigRead) pipeline.Refusal {
	no := pipeline.Refusal{
		Code: "config-broken", Reason: "The configuration on the default branch is broken now, so that nobody knows who may approve.",
		Fix: "Correct it there, then push the release branch again.",
	}
	if len(read.Problems) > 0 {
		no.Lines = read.Problems[0].String()
	}
	return no
}

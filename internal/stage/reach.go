package stage

import (
	"context"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// asksGitHub lists the effects that GitHub answers 404 to when the installation
// does not include the repository any more.
func asksGitHub(e pipeline.Effect) bool {
	switch e.(type) {
	case pipeline.ReadRelease, pipeline.StartWorkflow, pipeline.ReadWorkflow, pipeline.ReadReviews, pipeline.RecordReview,
		pipeline.ReadChecks, pipeline.InspectGate, pipeline.VerifyPerson, pipeline.VerifyDoor, pipeline.AnswerDoor, pipeline.CreateDeployment:
		return true
	case pipeline.CancelWorkflow, pipeline.ChangeLane, pipeline.FindRuns, pipeline.JudgeRequest, pipeline.JudgeTrouble, pipeline.LoadTarget,
		pipeline.MovePart, pipeline.PlanRestore, pipeline.React, pipeline.ReadBehind, pipeline.ReadConfig, pipeline.ReadHead, pipeline.ReadPinned,
		pipeline.Remind, pipeline.Reply, pipeline.RunProbes, pipeline.SayBehind, pipeline.SendNotice, pipeline.ShowProblems, pipeline.StartRun,
		pipeline.Summon, pipeline.TakeSnapshot, pipeline.Tell, pipeline.TellRun, pipeline.VerifyDeploy:
	}
	return false // others are asked, or nothing depends on it
}

// reach judges a failure once more: where the repository is out of reach, nothing
// else that GitHub says is the reason, and the run waits for a person. Is it in
// reach, it may have come back just now: what failed is done once more. It costs one
// call a failure, and the effect's own.
func (p *Performers) reach(ctx context.Context, job engine.Job, outcome pipeline.Outcome) (pipeline.Outcome, error) {
	if _, failed := outcome.(pipeline.Failed); !failed || job.Run == nil || !asksGitHub(job.Effect) {
		return outcome, nil
	}
	in, err := p.App.InstallationOf(ctx, job.Repo.Owner, job.Repo.Name)
	switch {
	case err == nil && in.ID == job.Repo.Installation:
		return p.judged(ctx, job)
	case err != nil && github.ClassOf(err) != github.NotFound:
		return outcome, nil
	case err == nil:
		return nil, waits(pipeline.Refusal{
			Code: pipeline.CodeOutOfReach, Reason: job.Repo.FullName() + " was transferred to " + in.Account.Login + ", and this run cannot follow.",
			Fix: "Push the branch again there, and cancel this run on its page. Should the repository come back, it goes on by itself.",
		})
	}
	return nil, waits(pipeline.Refusal{
		Code: pipeline.CodeOutOfReach, Reason: "The Gatehouse App does not reach " + job.Repo.FullName() + " any more: it is gone, or not included in an installation.",
		Fix: "An owner of " + job.Repo.Owner + " includes it under Settings → GitHub Apps → Gatehouse → Repository access. It goes on by itself then; to end it, cancel it on its page.",
	})
}

func waits(why pipeline.Refusal) error {
	return &engine.Retry{Class: engine.RetryHindered, Reason: why.Reason, Err: &why, Hindered: &why}
}

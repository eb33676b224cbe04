package stage

import (
	"context"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// showProblems makes one failed check run that says why no run began.
func (p *Performers) showProblems(ctx context.Context, repo Checks, job engine.Job, e pipeline.ShowProblems) (pipeline.Outcome, error) {
	rendered := templates.ProblemsCheck(e.Path, e.Problems, e.Refusals, e.Pipeline)
	if e.Asked != "" {
		rendered = templates.AskedCheck(e.Asked, e.Refusals)
	}
	check := checkOf(rendered)
	check.HeadSHA, check.ExternalID = e.SHA, "intake/"+owner(job)
	if job.Tries > 0 {
		_, found, err := repo.FindCheck(ctx, e.SHA, check.Name, check.ExternalID)
		if err != nil {
			return nil, err
		}
		if found {
			return pipeline.Done{}, nil
		}
	}
	if _, err := repo.CreateCheck(ctx, check); err != nil {
		return nil, err
	}
	return pipeline.Done{}, nil
}

// checkOf turns what was rendered into what the adapter writes.
func checkOf(c templates.Check) github.CheckRun {
	out := github.CheckRun{
		Name: c.Name, ExternalID: c.ExternalID, DetailsURL: c.DetailsURL, Status: github.Status(c.Status), Conclusion: github.Conclusion(c.Conclusion),
		Title: c.Title, Summary: c.Summary, Text: c.Text, StartedAt: c.StartedAt, CompletedAt: c.CompletedAt,
	}
	for _, a := range c.Actions {
		out.Actions = append(out.Actions, github.Action{Label: a.Label, Description: a.Description, Identifier: a.Identifier})
	}
	for _, a := range c.Annotations {
		out.Annotations = append(out.Annotations, github.Annotation{
			Path: a.Path, StartLine: a.StartLine, EndLine: a.EndLine, StartColumn: a.StartColumn, EndColumn: a.EndColumn,
			Level: a.Level, Title: a.Title, Message: a.Message,
		})
	}
	return out
}

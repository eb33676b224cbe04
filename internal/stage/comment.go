package stage

import (
	"context"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// askStatus is the text of a Reply that wants the run's status.
const askStatus = "status"

// reply answers a comment: a reaction, and a comment if there is something to
// say. Where the App may not comment, a check run on the commit says it instead.
func (p *Performers) reply(ctx context.Context, repo Repo, job engine.Job, e pipeline.Reply) (pipeline.Outcome, error) {
	kind, face := github.IssueComment, github.ThumbsUp
	if e.Where.Issue == 0 {
		kind = github.CommitComment
	}
	if !e.OK {
		face = github.Confused
	}
	if err := p.bearable(ctx, job, repo.React(ctx, kind, e.Where.ID, face)); err != nil {
		return nil, err
	}
	text := e.Text
	if text == askStatus && job.Run != nil {
		text = templates.Status(templates.NewView(stateOf(job.Run), job.Now, p.Links))
	}
	body := templates.Reply(e.Refused, e.OK, text, "reply:"+owner(job)+"/"+job.Key)
	if body == "" {
		return pipeline.Done{}, nil
	}
	err := comment(ctx, repo, job, e.Where, body)
	if github.ClassOf(err) == github.Forbidden {
		err = answerByCheck(ctx, repo, job, e.Where, body)
	}
	return pipeline.Done{}, p.bearable(ctx, job, err)
}

// answerByCheck answers on the commit what cannot be written below it.
func answerByCheck(ctx context.Context, repo Checks, job engine.Job, where pipeline.CommentRef, body string) error {
	sha := where.SHA
	if sha == "" && job.Run != nil {
		sha = job.Run.Release.SHA
	}
	if sha == "" {
		return &github.Error{Class: github.Forbidden, Op: "answer a comment", Message: "neither a comment nor a check run can hold the answer"}
	}
	check := github.CheckRun{
		Name: "gatehouse / reply", HeadSHA: sha, ExternalID: "reply:" + owner(job) + ":" + strings.ReplaceAll(job.Key, "/", ":"),
		Conclusion: github.Neutral, Title: "Answer to a command", Summary: body,
	}
	if job.Tries > 0 {
		_, found, err := repo.FindCheck(ctx, sha, check.Name, check.ExternalID)
		if err != nil || found {
			return err
		}
	}
	_, err := repo.CreateCheck(ctx, check)
	return err
}

// comment writes once, and finds what an earlier try wrote by its marker.
func comment(ctx context.Context, repo Comments, job engine.Job, where pipeline.CommentRef, body string) error {
	if job.Tries > 0 {
		mark := body[max(0, strings.LastIndex(body, "<!--")):]
		thread := github.Thread{Issue: where.Issue, SHA: where.SHA}
		_, found, err := repo.FindComment(ctx, thread, job.FirstAt.Add(-lookBack), mark)
		if err != nil || found {
			return err
		}
	}
	if where.Issue != 0 {
		_, err := repo.Comment(ctx, where.Issue, body)
		return err
	}
	_, err := repo.CommitComment(ctx, where.SHA, body)
	return err
}

// bearable lets an answer go that cannot be given: the thread is locked or gone,
// or the App may not write there. What was asked for happened or did not all the
// same.
func (p *Performers) bearable(ctx context.Context, job engine.Job, err error) error {
	switch github.ClassOf(err) {
	case github.Forbidden, github.NotFound, github.Invalid, github.Conflict:
		p.Logger.WarnContext(ctx, "a comment cannot be answered", "run", owner(job), "key", job.Key, "error", err.Error())
		return nil
	case github.RateLimited, github.Unavailable, github.Ambiguous, github.Unauthorized, github.Suspended, github.Uninstalled, github.Canceled, github.Unexpected:
	}
	return err
}

// owner names the run or intake that owes the effect.
func owner(job engine.Job) string {
	if job.Run != nil {
		return string(job.Run.ID)
	}
	return job.Intake.ID
}

// stateOf is the state of a run whose lane is not at hand.
func stateOf(run *pipeline.Run) pipeline.State {
	return pipeline.State{Lane: &pipeline.Lane{V: pipeline.RunVersion, ID: run.Lane}, Run: run}
}

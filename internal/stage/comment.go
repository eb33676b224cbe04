package stage

import (
	"context"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// askStatus is the text of a Reply that wants the run's status.
const askStatus = "status"

// taken is what a command on a commit is answered when there is nothing to say.
const taken = "👍 Taken."

// reactWithin is how long it helps anybody to see that a command was noticed.
const reactWithin = time.Minute

// react shows that a command was noticed. GitHub keeps one such reaction, however
// often it is given.
func (p *Performers) react(ctx context.Context, repo Comments, job engine.Job, e pipeline.React) (pipeline.Outcome, error) {
	if job.Now.Sub(job.FirstAt) > reactWithin {
		return pipeline.Done{}, nil
	}
	return pipeline.Done{}, p.bearable(ctx, job, repo.React(ctx, e.Comment.ID, github.Eyes))
}

// reply answers a comment: a reaction, and a comment if there is something to
// say. Below a commit an App writes only with contents: write, which this one does
// not ask for: there, and where the thread is locked, a check run says it.
func (p *Performers) reply(ctx context.Context, repo Repo, job engine.Job, e pipeline.Reply) (pipeline.Outcome, error) {
	if e.Where.Slack != nil {
		return p.answerSlack(ctx, job, e)
	}
	text := e.Text
	if text == askStatus && job.Run != nil {
		text = templates.Status(templates.NewView(stateOf(job), job.Now, p.Links))
	}
	if e.Run != "" && text == "" {
		text = templates.Started(p.Links.Run(e.Run))
	}
	at := e.Where.Comment
	if at == nil {
		return nil, refuse("no-address", "There is nowhere to answer what came from "+string(e.Where.Surface)+".", "Report this as a bug of Gatehouse.")
	}
	onCommit := at.Issue == 0
	if onCommit && text == "" && e.OK {
		text = taken
	}
	body := templates.Reply(e.Refused, e.OK, text, "reply:"+owner(job)+"/"+job.Key)
	if onCommit {
		return pipeline.Done{}, p.bearable(ctx, job, p.answerByCheck(ctx, repo, job, e, body))
	}
	face := github.ThumbsUp
	if !e.OK {
		face = github.Confused
	}
	if err := p.bearable(ctx, job, repo.React(ctx, at.ID, face)); err != nil {
		return nil, err
	}
	if body == "" {
		return pipeline.Done{}, nil
	}
	err := comment(ctx, repo, job, at.Issue, body)
	if github.ClassOf(err) == github.Forbidden {
		err = p.answerByCheck(ctx, repo, job, e, body)
	}
	return pipeline.Done{}, p.bearable(ctx, job, err)
}

// answerByCheck answers on the commit what cannot be written below it.
func (p *Performers) answerByCheck(ctx context.Context, repo Checks, job engine.Job, e pipeline.Reply, body string) error {
	sha := e.Where.Comment.SHA
	if sha == "" && job.Run != nil {
		sha = job.Run.Release.SHA
	}
	if sha == "" {
		return &github.Error{Class: github.Forbidden, Op: "answer a comment", Message: "neither a comment nor a check run can hold the answer"}
	}
	check := github.CheckRun{
		Name: "gatehouse / reply", HeadSHA: sha, ExternalID: "reply:" + owner(job) + ":" + strings.ReplaceAll(job.Key, "/", ":"),
		DetailsURL: p.Links.Commit(job.Repo, sha), Conclusion: github.Neutral, Title: "Answer to a command", Summary: body,
	}
	if job.Run != nil {
		check.DetailsURL = p.Links.Run(job.Run.ID)
	}
	if e.OK {
		check.Conclusion = github.Success
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
func comment(ctx context.Context, repo Comments, job engine.Job, issue int, body string) error {
	if job.Tries > 0 {
		mark := body[max(0, strings.LastIndex(body, "<!--")):]
		_, found, err := repo.FindComment(ctx, issue, job.FirstAt.Add(-lookBack), mark)
		if err != nil || found {
			return err
		}
	}
	_, err := repo.Comment(ctx, issue, body)
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

// stateOf is the state of the run that owes an effect.
func stateOf(job engine.Job) pipeline.State {
	lane := job.Lane
	if lane == nil {
		lane = &pipeline.Lane{V: pipeline.RunVersion, ID: job.Run.Lane}
	}
	return pipeline.State{Lane: lane, Run: job.Run}
}

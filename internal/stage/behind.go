package stage

import (
	"context"
	"fmt"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// behindEvent marks the message in Slack; under slackMark stands the errand.
const behindEvent = "gatehouse_behind"

// readBehind compares what is live with the default branch: one call, once a day.
func readBehind(ctx context.Context, repo Contents, job engine.Job, e pipeline.ReadBehind) (pipeline.Outcome, error) {
	branch := e.Branch
	if branch == "" {
		branch = "HEAD" // of a repository that was stored before its default branch was
	}
	c, err := repo.Compare(ctx, e.SHA, branch)
	if isNotFound(err) {
		return nil, refuse("not-comparable", fmt.Sprintf("GitHub cannot compare %s, which is live, with %s: one of them is gone.", e.SHA, branch), "")
	}
	if err != nil {
		return nil, err
	}
	found := pipeline.Behind{Environment: e.Environment, Branch: branch, SHA: e.SHA, Commits: c.Ahead, Limit: e.Limit, Compare: c.HTMLURL, Since: job.Now}
	if first := firstOn(c.Commits); first != nil && first.At.Before(job.Now) {
		found.Since = first.At
	}
	return pipeline.BehindRead{Behind: found}, nil
}

// firstOn is the first commit by which the branch itself went on: a branch that
// was merged may hold much older ones.
func firstOn(commits []github.Commit) *github.Commit {
	known := map[string]*github.Commit{}
	for i := range commits {
		known[commits[i].SHA] = &commits[i]
	}
	var first *github.Commit
	if n := len(commits); n > 0 {
		first = &commits[n-1] // the newest
	}
	for first != nil && len(first.Parents) > 0 && known[first.Parents[0]] != nil {
		next := known[first.Parents[0]]
		delete(known, first.Parents[0])
		first = next
	}
	return first
}

// sayBehind posts it once. In Slack it is looked for before it is made again.
func (p *Performers) sayBehind(ctx context.Context, job engine.Job, e pipeline.SayBehind) (pipeline.Outcome, error) {
	text := templates.NewBehind(e.Behind, p.Links.Lane(job.Repo.Installation, e.Lane))
	if e.To.Discord && p.Discord != nil {
		return p.postOnce(ctx, text.Discord(), "lane", string(e.Lane))
	}
	if e.To.Slack == "" || p.Slack == nil {
		return pipeline.Done{}, nil
	}
	if job.Tries > 0 {
		_, found, err := p.Slack.Find(ctx, e.To.Slack, job.FirstAt, behindEvent, slackMark, job.Intake.ID)
		if err != nil || found {
			return pipeline.Done{}, err
		}
	}
	said := text.Slack()
	_, err := p.Slack.Post(ctx, slack.Message{
		Channel: e.To.Slack, Text: said.Text, Blocks: said.Blocks, EventType: behindEvent, EventPayload: map[string]any{slackMark: job.Intake.ID},
	})
	return pipeline.Done{}, err
}

package stage

import (
	"context"
	"strconv"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// remind posts who can still approve, never who did. Where nobody is to be told,
// that is done: the run's own story says it.
func (p *Performers) remind(ctx context.Context, repo People, job engine.Job, e pipeline.Remind) (pipeline.Outcome, error) {
	run := job.Run
	if p.Slack == nil || e.Channel == "" {
		return pipeline.Done{}, nil
	}
	role := "remind-" + strconv.Itoa(e.Nth)
	if job.Tries > 0 {
		_, found, err := p.Slack.Find(ctx, e.Channel, job.FirstAt, slackEvent, slackMark, mark(run, role))
		if err != nil || found {
			return pipeline.Done{}, err
		}
	}
	users, logins, err := p.remindable(ctx, repo, run)
	if err != nil {
		return nil, err
	}
	text := templates.SlackReminder(templates.NewView(stateOf(job), job.Now, p.Links), users, logins)
	if _, err := p.Slack.Post(ctx, slackMessage(e.Channel, "", text, run, role)); err != nil {
		return nil, err
	}
	return pipeline.Done{}, nil
}

// remindable are those whose approval would help: by Slack's id, or by login
// where nobody knows them there.
func (p *Performers) remindable(ctx context.Context, repo People, run *pipeline.Run) (users, logins []string, err error) {
	in, people, err := helpful(ctx, repo, run)
	if err != nil {
		return nil, nil, err
	}
	for _, who := range people {
		if len(users)+len(logins) >= maxAsked || !run.Gate.Policy.Fills(run.Release, run.Gate.Approvals, in.member(who)) {
			continue
		}
		var accounts []pipeline.SlackRef
		if p.Accounts != nil {
			if accounts, err = p.Accounts(ctx, who.ID); err != nil {
				return nil, nil, err
			}
		}
		if len(accounts) == 0 {
			logins = append(logins, who.Login)
		}
		for _, a := range accounts {
			users = append(users, a.User)
		}
	}
	return users, logins, nil
}

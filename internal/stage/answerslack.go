package stage

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// answerLife is how long a private answer in Slack is worth giving.
const answerLife = 15 * time.Minute

// answerSlack tells one person alone what came of a click. What was decided is
// seen on the message itself, so that only a "no" and a question need words. An
// answer that cannot be given changes nothing: what was asked for happened or
// did not all the same.
func (p *Performers) answerSlack(ctx context.Context, job engine.Job, e pipeline.Reply) (pipeline.Outcome, error) {
	text := e.Text
	if text == askStatus && job.Run != nil {
		text = templates.SlackStatus(templates.NewView(stateOf(job), job.Now, p.Links))
	}
	if p.Slack == nil || e.Refused == nil && text == "" || job.Now.Sub(job.FirstAt) > answerLife {
		return pipeline.Done{}, nil
	}
	to := *e.Where.Slack
	var link string
	if p.Invite != nil && e.Refused != nil && e.Refused.Code == pipeline.CodeNotPaired {
		var err error
		if link, err = p.Invite(ctx, to); err != nil {
			return nil, err
		}
	}
	said := templates.SlackReply(e.Refused, text, link)
	err := p.whisper(ctx, to, slack.Message{Channel: to.Channel, Text: said.Text, Blocks: said.Blocks})
	if hopeless(err) {
		p.Logger.WarnContext(ctx, "a person in Slack cannot be answered", "run", owner(job), "key", job.Key, "error", err.Error())
		return pipeline.Done{}, nil
	}
	return pipeline.Done{}, err
}

// whisper tells a person where he asked, or directly where he cannot be told there.
func (p *Performers) whisper(ctx context.Context, to pipeline.SlackRef, m slack.Message) error {
	if to.Channel != "" {
		err := p.Slack.Ephemeral(ctx, to.Channel, to.User, m)
		if !hopeless(err) {
			return err
		}
	}
	channel, err := p.Slack.Direct(ctx, to.User)
	if err != nil {
		return err
	}
	m.Channel = channel
	_, err = p.Slack.Post(ctx, m)
	return err
}

// hopeless says that Slack will not take it later either.
func hopeless(err error) bool {
	var e *slack.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Class {
	case slack.NotFound, slack.NotInChannel, slack.Auth, slack.Invalid:
		return true
	case slack.RateLimited, slack.Ambiguous, slack.Unavailable, slack.Canceled, slack.Unexpected:
	}
	return false
}

package stage

import (
	"context"
	"errors"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// unshown is the hash of what has nowhere to be shown.
const unshown = "none"

// showSlack posts the run's message, or edits it in place.
func (p *Performers) showSlack(ctx context.Context, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	channel := job.State.Run.Spec.Notify.Slack
	if p.Slack == nil || channel == "" {
		return engine.Shown{Hash: unshown}, nil
	}
	m := slackMessage(channel, "", templates.Slack(view, p.Invite != nil), job.State.Run, roleRun)
	return p.writeSlack(ctx, job, m, func() (slack.Posted, bool, error) {
		return p.Slack.Find(ctx, channel, job.State.Run.CreatedAt, slackEvent, slackMark, mark(job.State.Run, roleRun))
	})
}

// showDetails posts the reply in the thread of the run's message, or edits it.
func (p *Performers) showDetails(ctx context.Context, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	if p.Slack == nil || job.State.Run.Spec.Notify.Slack == "" {
		return engine.Shown{Hash: unshown}, nil
	}
	channel, thread, ok := strings.Cut(job.Siblings[pipeline.SlotSlack], "/")
	if !ok {
		return engine.Shown{}, &engine.Retry{Class: engine.RetryLater, Reason: "The run's message in Slack is not there yet."}
	}
	m := slackMessage(channel, thread, templates.SlackDetails(view), job.State.Run, roleDetails)
	return p.writeSlack(ctx, job, m, func() (slack.Posted, bool, error) {
		return p.Slack.FindReply(ctx, channel, thread, slackEvent, slackMark, mark(job.State.Run, roleDetails))
	})
}

// writeSlack edits the message, finds the one that an earlier try left, or posts
// it. One that somebody deleted is posted anew.
func (p *Performers) writeSlack(ctx context.Context, job engine.ShowJob, m slack.Message, find func() (slack.Posted, bool, error)) (engine.Shown, error) {
	digest := hashOf([]any{m.Text, m.Blocks})
	at, known := posted(job.Remote)
	if known && digest == job.Hash {
		return engine.Shown{Remote: job.Remote, Hash: digest}, nil
	}
	if !known && job.Tries > 0 {
		var err error
		if at, known, err = find(); err != nil {
			return engine.Shown{}, err
		}
	}
	if known {
		err := p.Slack.Update(ctx, at.Channel, at.TS, m)
		if !isGone(err) {
			return engine.Shown{Remote: at.Channel + "/" + at.TS, Hash: digest}, err
		}
	}
	at, err := p.Slack.Post(ctx, m)
	return engine.Shown{Remote: at.Channel + "/" + at.TS, Hash: digest}, err
}

// posted reads "channel/ts".
func posted(remote string) (slack.Posted, bool) {
	channel, ts, ok := strings.Cut(remote, "/")
	return slack.Posted{Channel: channel, TS: ts}, ok && ts != ""
}

// isGone says that somebody deleted the message itself.
func isGone(err error) bool {
	var e *slack.Error
	return errors.As(err, &e) && e.Class == slack.NotFound && e.Code == "message_not_found"
}

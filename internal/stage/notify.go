package stage

import (
	"context"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// Messages in Slack are found again by these words of their metadata.
const (
	slackEvent   = "gatehouse_run"
	slackMark    = "message" // <run>/<role>
	roleRun      = "run"
	roleDetails  = "details"
	roleNotice   = "notice"
	slackRunKey  = "run"
	slackRoleKey = "role"
)

// sendNotice posts the closing message. Where nobody is to be told, that is done.
func (p *Performers) sendNotice(ctx context.Context, job engine.Job, e pipeline.SendNotice) (pipeline.Outcome, error) {
	if p.Slack == nil || e.Channel == "" {
		p.Logger.InfoContext(ctx, "a closing message has nowhere to go", "run", string(job.Run.ID), "channel", e.Channel)
		return pipeline.Done{}, nil
	}
	if job.Tries > 0 {
		_, found, err := p.Slack.Find(ctx, e.Channel, job.FirstAt, slackEvent, slackMark, mark(job.Run, roleNotice))
		if err != nil || found {
			return pipeline.Done{}, err
		}
	}
	state := stateOf(job)
	text := templates.SlackNotice(templates.NewView(state, job.Now, p.Links))
	if _, err := p.Slack.Post(ctx, slackMessage(e.Channel, "", text, job.Run, roleNotice)); err != nil {
		return nil, err
	}
	return pipeline.Done{}, nil
}

func mark(run *pipeline.Run, role string) string { return string(run.ID) + "/" + role }

func slackMessage(channel, thread string, text templates.SlackMessage, run *pipeline.Run, role string) slack.Message {
	return slack.Message{
		Channel: channel, Thread: thread, Text: text.Text, Blocks: text.Blocks, EventType: slackEvent,
		EventPayload: map[string]any{slackMark: mark(run, role), slackRunKey: string(run.ID), slackRoleKey: role},
	}
}

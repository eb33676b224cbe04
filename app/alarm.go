package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-app/gatehouse/internal/answer"
	"github.com/gatehouse-app/gatehouse/internal/discord"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/templates"
)

// alarm tells the operator of what no run tells: by SLACK_WEBHOOK_URL and
// DISCORD_WEBHOOK_URL. The log has it in any case.
type alarm struct {
	app     *App
	slack   *slack.Webhook  // nil: not set
	discord *discord.Client // nil: not set
}

func (a *App) newAlarm(d *discord.Client) (*alarm, error) {
	al := &alarm{app: a, discord: d}
	if a.cfg.SlackHook == "" {
		return al, nil
	}
	w, err := slack.NewWebhook(slack.WebhookConfig{URL: a.cfg.SlackHook.Reveal()}, slack.Options{
		Clock: clock{}.Now, Logger: a.log, HTTPClient: client(a.webhookCalls("slack"), answer.DefaultTimeout),
	})
	if err != nil {
		return nil, fmt.Errorf("SLACK_WEBHOOK_URL: %w", err)
	}
	al.slack = w
	return al, nil
}

// raise posts to both. It fails if it reached nobody and a later try may.
func (al *alarm) raise(ctx context.Context, l templates.Lacking) error {
	told, later := false, error(nil)
	note := func(err error) {
		switch answer.ClassOf(err) {
		case answer.Ambiguous: // it may be there
			told = true
		case answer.Never:
			al.app.log.WarnContext(ctx, "an alert was refused", "error", err)
		default:
			told, later = told || err == nil, errors.Join(later, err)
		}
	}
	if al.slack != nil {
		note(al.slack.Post(ctx, l.Text()))
	}
	if al.discord != nil {
		_, err := al.discord.Post(ctx, stage.DiscordMessage(l.Discord()))
		note(err)
	}
	if told {
		return nil
	}
	return later
}

package app

import (
	"fmt"

	"github.com/gatehouse-app/gatehouse/internal/answer"
	"github.com/gatehouse-app/gatehouse/internal/discord"
	"github.com/gatehouse-app/gatehouse/internal/stage"
)

// webhooks adds the chats that are reached by a webhook.
func (a *App) webhooks(o *stage.Options) (err error) {
	if a.cfg.DiscordHook == "" {
		a.alarm, err = a.newAlarm(nil)
		return err
	}
	c, err := discord.New(discord.Config{URL: a.cfg.DiscordHook.Reveal()}, discord.Options{
		Clock: clock{}.Now, Logger: a.log, HTTPClient: client(a.webhookCalls("discord"), answer.DefaultTimeout),
	})
	if err != nil {
		return fmt.Errorf("DISCORD_WEBHOOK_URL: %w", err)
	}
	o.Discord = c
	a.alarm, err = a.newAlarm(c)
	return err
}

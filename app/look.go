package app

import (
	"context"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/live"
	"github.com/gatehouse-app/gatehouse/internal/slack"
)

// Look reads what the releases of a repository rest on, as the App of this
// configuration sees it. It changes nothing and opens no store.
func Look(ctx context.Context, cfg Config, owner, name string) (live.Facts, error) {
	gh, err := github.New(cfg.github(), github.Options{Clock: clock{}.Now})
	if err != nil {
		return live.Facts{}, err
	}
	src := live.Source{GitHub: gh}
	if src.Bindings, err = cfg.bindings(); err != nil {
		return live.Facts{}, err
	}
	if cfg.SlackToken != "" {
		src.Slack = cfg.slack(slack.Options{Clock: clock{}.Now})
	}
	return live.Gather(ctx, src, owner, name)
}

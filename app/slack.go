package app

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/pairing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// clicks reports whether buttons in Slack decide: who presses them can be told
// from who pretends to.
func (c Config) clicks() bool { return c.SlackSigning != "" && c.SlackToken != "" }

// pairings is who people in Slack are on GitHub.
func (a *App) pairings() *pairing.Book { return pairing.New(a.store, clock{}.Now, rand.Reader) }

// invite makes the address where a person in Slack says who he is on GitHub; ""
// while nobody can sign in here.
func (a *App) invite(ctx context.Context, who pipeline.SlackRef) (string, error) {
	if a.cfg.OAuthID == "" {
		return "", nil
	}
	token, err := a.pairings().Invite(ctx, pairing.Account{Team: who.Team, User: who.User, Name: who.Name})
	if err != nil {
		return "", err
	}
	return a.cfg.PublicURL + "/pair?token=" + url.QueryEscape(token), nil
}

// slackAccounts are the Slack accounts of a GitHub account, in the one workspace
// that the bot's token speaks to.
func (a *App) slackAccounts(ctx context.Context, githubID int64) ([]pipeline.SlackRef, error) {
	all, err := a.pairings().Of(ctx, githubID)
	var refs []pipeline.SlackRef
	for _, p := range all {
		refs = append(refs, pipeline.SlackRef{Team: p.Account.Team, User: p.Account.User, Name: p.Account.Name})
	}
	return refs, err
}

// slackHook takes clicks.
func (a *App) slackHook() (http.Handler, error) {
	return handlers.Slack(handlers.SlackConfig{
		Secret: []byte(a.cfg.SlackSigning.Reveal()), Receive: a.engine.Receive, Run: a.engine.Run, Person: a.pairings().Person,
		Open: a.slack().OpenModal, Clock: clock{}.Now, Logger: a.log,
		Count: func(result string) { a.metrics.clicks.WithLabelValues(result).Inc() },
	})
}

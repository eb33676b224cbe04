package live

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// people reads the members of every team that a policy names, a list for each, and the access of its users.
func (g *gatherer) people(ctx context.Context) (bool, error) {
	g.facts.Teams, g.facts.Users = map[string]Team{}, map[string]github.Permission{}
	for _, env := range policies(g.facts.Config.Spec) {
		for _, team := range env.Approval.Teams() {
			if err := g.team(ctx, team); err != nil {
				return false, err
			}
		}
		for _, login := range env.Approval.Users() {
			if err := g.user(ctx, login); err != nil {
				return false, err
			}
		}
	}
	for _, e := range escalations(g.facts.Config.Spec) {
		if err := g.team(ctx, e.Team); err != nil {
			return false, err
		}
		if e.User == "" {
			continue
		}
		if err := g.user(ctx, e.User); err != nil {
			return false, err
		}
	}
	return true, nil
}

// escalations are the steps of every gate, and those of incidents.
func escalations(spec *pipeline.Spec) []pipeline.Escalate {
	if spec == nil {
		return nil
	}
	all := slices.Clone(spec.Incident.Escalate)
	for _, env := range policies(spec) {
		all = append(all, env.Approval.Escalate...)
	}
	return all
}

func (g *gatherer) team(ctx context.Context, team string) error {
	if _, known := g.facts.Teams[team]; known || team == "" {
		return nil
	}
	org, slug := teamOf(g.facts.Repo, team)
	if !strings.EqualFold(org, g.facts.Repo.Owner) {
		return nil // the judge refuses it without a look
	}
	members, err := g.repo.TeamMembers(ctx, org, slug)
	if err != nil && github.ClassOf(err) != github.NotFound {
		return g.unread("the team "+team, err, false)
	}
	t := Team{Found: err == nil}
	for _, m := range members {
		t.Members = append(t.Members, pipeline.Person{ID: m.ID, Login: m.Login, Bot: m.Type == "Bot"})
	}
	g.facts.Teams[team] = t
	return nil
}

// teamOf splits a team's name; without an organization it is the owner's.
func teamOf(repo pipeline.Repo, team string) (org, slug string) {
	if org, slug, full := strings.Cut(team, "/"); full {
		return org, slug
	}
	return repo.Owner, team
}

func (g *gatherer) user(ctx context.Context, login string) error {
	key := strings.ToLower(login)
	if _, known := g.facts.Users[key]; known {
		return nil
	}
	can, err := g.repo.Permission(ctx, login)
	switch {
	case err == nil:
		g.facts.Users[key] = can
	case github.ClassOf(err) != github.NotFound:
		return g.unread("the access of "+login, err, false)
	}
	return nil
}

func (g *gatherer) slack(ctx context.Context) (bool, error) {
	if g.Slack == nil {
		return true, nil
	}
	said := &Slack{Channels: map[string]slack.Channel{}, Wrong: map[string]string{}}
	g.facts.Slack = said
	for _, name := range channels(g.facts.Config.Spec) {
		channel, err := g.Slack.Channel(ctx, name)
		var e *slack.Error
		switch {
		case err == nil:
			said.Channels[name] = channel
		case errors.As(err, &e) && (e.Class == slack.NotFound || e.Class == slack.Auth || e.Class == slack.NotInChannel):
			said.Wrong[name] = e.Message
		default:
			g.facts.Unread = append(g.facts.Unread, Unread{
				What: "the Slack channel " + name, Why: pipeline.Refusal{Code: "slack-unread", Reason: err.Error(), Fix: "Check again later."}, Mild: true,
			})
		}
	}
	return true, nil
}

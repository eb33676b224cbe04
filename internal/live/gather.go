package live

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Source is where facts come from.
type Source struct {
	GitHub   *github.App
	Slack    *slack.Client   // nil leaves Slack out
	Bindings *stage.Bindings // nil: the operator has none
}

// gatherer reads the facts of one repository.
type gatherer struct {
	Source
	repo  *github.Repo
	facts *Facts
}

// Gather reads the facts of owner/name. It stops where nothing further can be seen; an error says that GitHub could not
// be asked at all.
func Gather(ctx context.Context, src Source, owner, name string) (Facts, error) {
	f := Facts{Repo: pipeline.Repo{Owner: owner, Name: name}, WebURL: src.GitHub.WebURL()}
	g := &gatherer{Source: src, facts: &f}
	for _, step := range []func(context.Context) (bool, error){
		g.app, g.info, g.branch, g.actions, g.config, g.workflows, g.environments, g.people, g.slack,
	} {
		more, err := step(ctx)
		if err != nil || !more {
			return f, err
		}
	}
	return f, nil
}

// unread keeps what could not be looked at, or ends the gathering if it may be seen later.
func (g *gatherer) unread(what string, err error, mild bool) error {
	no, later := stage.Why(err, g.facts.Repo)
	if later {
		return fmt.Errorf("%s could not be read: %w", what, err)
	}
	g.facts.Unread = append(g.facts.Unread, Unread{What: what, Why: no, Mild: mild})
	return nil
}

// app asks who the App is and whether it is on the repository.
func (g *gatherer) app(ctx context.Context) (bool, error) {
	var err error
	if g.facts.App, err = g.GitHub.Self(ctx); err != nil {
		return false, asking("who the App is", err)
	}
	all, err := g.GitHub.Installations(ctx)
	if err != nil {
		return false, asking("where the App is installed", err)
	}
	g.facts.Installations = len(all)
	in, err := g.GitHub.InstallationOf(ctx, g.facts.Repo.Owner, g.facts.Repo.Name)
	switch {
	case err == nil:
		g.facts.Installation, g.facts.Repo.Installation = &in, in.ID
		g.repo = g.GitHub.Repo(github.RepoRef{Installation: in.ID, Owner: g.facts.Repo.Owner, Name: g.facts.Repo.Name})
		return !in.Suspended, nil
	case github.ClassOf(err) != github.NotFound:
		return false, asking("whether the App is installed on "+g.facts.Repo.FullName(), err)
	}
	for _, in := range all {
		if strings.EqualFold(in.Account.Login, g.facts.Repo.Owner) {
			g.facts.Elsewhere = &in
		}
	}
	return false, nil
}

// asking wraps an error before anything is known.
func asking(what string, err error) error {
	no, later := stage.Why(err, pipeline.Repo{})
	if later {
		return fmt.Errorf("GitHub was asked %s: %w", what, err)
	}
	return fmt.Errorf("GitHub was asked %s. %w", what, &no)
}

func (g *gatherer) info(ctx context.Context) (bool, error) {
	info, err := g.repo.Info(ctx)
	if err != nil {
		return false, g.unread("the repository", err, false)
	}
	g.facts.Info = &info
	g.facts.Repo.ID, g.facts.Repo.Owner, g.facts.Repo.Name = info.ID, info.Owner, info.Name
	g.facts.Repo.DefaultBranch = info.DefaultBranch
	return !info.Archived, nil
}

func (g *gatherer) branch(ctx context.Context) (bool, error) {
	b, err := g.repo.Branch(ctx, g.facts.Repo.DefaultBranch)
	if err != nil && github.ClassOf(err) == github.NotFound {
		return false, nil
	}
	if err != nil {
		return false, g.unread("the branch "+g.facts.Repo.DefaultBranch, err, false)
	}
	g.facts.Branch = &b
	if b.Protected {
		return true, nil
	}
	g.facts.BranchRules, err = g.repo.BranchRules(ctx, b.Name)
	if err != nil && github.ClassOf(err) == github.Forbidden { // every App may ask, so that it is the account's plan that may not
		g.facts.NoRulesets = true
		return true, nil
	}
	if err != nil {
		return true, g.unread("the rules of the branch "+b.Name, err, true)
	}
	return true, nil
}

// actions asks whether Actions is on, which only an App with a permission that ours does not need may know.
func (g *gatherer) actions(ctx context.Context) (bool, error) {
	on, err := g.repo.ActionsEnabled(ctx)
	if class := github.ClassOf(err); class == github.Forbidden || class == github.NotFound {
		g.facts.ActionsUnknown = true
		return true, nil
	}
	if err != nil {
		return true, g.unread("whether GitHub Actions is enabled", err, true)
	}
	g.facts.ActionsOff = !on
	return true, nil
}

func (g *gatherer) config(ctx context.Context) (bool, error) {
	file, name, err := stage.FindConfig(ctx, g.facts.Repo, g.repo, func(r pipeline.Repo) stage.Contents {
		return g.GitHub.Repo(github.RepoRef{Installation: r.Installation, Owner: r.Owner, Name: r.Name})
	})
	if err != nil && github.ClassOf(err) == github.NotFound {
		return false, nil
	}
	if err != nil {
		return false, g.unread("the configuration", err, false)
	}
	expr, err := stage.NewExpr()
	if err != nil {
		return false, err
	}
	spec, problems := pipeline.Parse(file.Content, pipeline.Options{File: name, Expr: expr.Check, Location: location})
	g.facts.Config = Config{Name: name, Source: file.Content, Spec: spec, Problems: problems}
	if spec == nil {
		return false, nil
	}
	g.facts.Unbound = stage.Unbound(g.facts.Installations)
	if g.Bindings != nil {
		g.facts.Unbound = g.Bindings.Judge(g.facts.Repo, spec)
	}
	return true, nil
}

func location(name string) error {
	_, err := time.LoadLocation(name)
	return err
}

package live

import (
	"context"
	"path"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/stage"
)

// workflowDir is where GitHub looks for workflows.
const workflowDir = ".github/workflows/"

// workflows reads each file once per branch on which it is used, and the states of all in one list.
func (g *gatherer) workflows(ctx context.Context) (bool, error) {
	g.facts.Workflows, g.facts.States = map[At]Workflow{}, map[string]string{}
	main := g.facts.Repo.DefaultBranch
	gone, err := g.triggers(ctx)
	if err != nil {
		return false, err
	}
	for _, u := range uses(g.facts.Config.Spec) {
		for _, branch := range append(branches(u.pipeline, main), main) {
			key := At{u.file, branch}
			if _, known := g.facts.Workflows[key]; known || gone[branch] {
				continue
			}
			w, err := g.workflow(ctx, key)
			if err != nil {
				if err := g.unread("the workflow "+u.file, err, false); err != nil {
					return false, err
				}
				continue
			}
			g.facts.Workflows[key] = w
		}
	}
	all, err := g.repo.Workflows(ctx)
	if err != nil {
		return true, g.unread("which workflows are disabled", err, false)
	}
	for _, w := range all {
		g.facts.States[path.Base(w.Path)] = w.State
	}
	return true, nil
}

// triggers finds out which branches of triggers do not exist.
func (g *gatherer) triggers(ctx context.Context) (gone map[string]bool, err error) {
	main := g.facts.Repo.DefaultBranch
	gone = map[string]bool{}
	asked := map[string]bool{main: true}
	for _, p := range g.facts.Config.Spec.Pipelines {
		for _, branch := range branches(p, main) {
			if asked[branch] {
				continue
			}
			asked[branch] = true
			_, err := g.repo.Branch(ctx, branch)
			switch {
			case err == nil:
			case github.ClassOf(err) == github.NotFound:
				gone[branch] = true
				g.facts.Missing = append(g.facts.Missing, branch)
			default:
				if err := g.unread("the branch "+branch, err, false); err != nil {
					return nil, err
				}
			}
		}
	}
	return gone, nil
}

// workflow reads a file on a branch, and what it calls in the same repository, one level deep.
func (g *gatherer) workflow(ctx context.Context, where At) (Workflow, error) {
	file, err := g.repo.File(ctx, workflowDir+where.File, where.Branch)
	if err != nil {
		if github.ClassOf(err) == github.NotFound {
			return Workflow{}, nil
		}
		return Workflow{}, err
	}
	w := Workflow{Found: true, Source: file.Content}
	parsed, err := stage.ParseWorkflow(file.Content)
	if err != nil {
		return w, nil //nolint:nilerr // Judge says what is wrong with it
	}
	for _, called := range parsed.Calls() {
		name, local := strings.CutPrefix(called, "./")
		if !local || w.Called[name] != nil {
			continue
		}
		inner, err := g.repo.File(ctx, name, where.Branch)
		if err != nil && github.ClassOf(err) != github.NotFound {
			return w, err
		}
		if w.Called == nil {
			w.Called = map[string][]byte{}
		}
		w.Called[name] = inner.Content
	}
	return w, nil
}

// environments reads those that pipelines use. GitHub's list holds neither branch policies nor custom rules.
func (g *gatherer) environments(ctx context.Context) (bool, error) {
	g.facts.Environments = map[string]*github.Environment{}
	for _, env := range environments(g.facts.Config.Spec) {
		got, err := g.repo.Environment(ctx, env.Name)
		switch {
		case err == nil:
			g.facts.Environments[env.Name] = &got
		case github.ClassOf(err) == github.NotFound:
			g.facts.Environments[env.Name] = nil
		default:
			if err := g.unread("the environment "+env.Name, err, false); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

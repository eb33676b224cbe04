package stage

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// configPath is where a repository keeps its configuration.
const configPath = ".github/gatehouse.yml"

// countFor is how long the number of installations is believed.
const countFor = time.Minute

// source is one place in which a configuration may be.
type source struct {
	repo Contents
	path string
	name string // what people are shown
}

// readConfig reads the configuration as the default branch has it now.
func (p *Performers) readConfig(ctx context.Context, repo Contents, job engine.Job) (pipeline.ConfigRead, error) {
	file, name, err := FindConfig(ctx, job.Repo, repo, func(r pipeline.Repo) Contents { return p.Repos(r) })
	if isNotFound(err) {
		return pipeline.ConfigRead{Missing: true}, nil
	}
	if err != nil {
		return pipeline.ConfigRead{}, err
	}
	spec, problems := pipeline.Parse(file.Content, pipeline.Options{File: name, Expr: p.Expr, Location: p.Location})
	out := pipeline.ConfigRead{Path: name, Spec: spec, Problems: problems}
	if spec == nil {
		return out, nil
	}
	out.Refused, err = p.bound(ctx, job.Repo, spec)
	return out, err
}

// FindConfig looks into the repository first, then into the organization's
// .github repository, and gives the file with the name that people are shown.
// NotFound means that none of them has one.
func FindConfig(ctx context.Context, r pipeline.Repo, repo Contents, open func(pipeline.Repo) Contents) (github.File, string, error) {
	places := []source{{repo, configPath, configPath}}
	if r.Name != ".github" {
		shared := pipeline.Repo{Installation: r.Installation, Owner: r.Owner, Name: ".github"}
		for _, path := range []string{"gatehouse.yml", configPath} {
			places = append(places, source{open(shared), path, shared.FullName() + "/" + path})
		}
	}
	var missing error
	for _, at := range places {
		file, err := at.repo.File(ctx, at.path, "")
		if err == nil {
			return file, at.name, nil
		}
		if !isNotFound(err) {
			return github.File{}, "", err
		}
		missing = err
	}
	return github.File{}, "", missing
}

// bound says why a repository may not deploy where its file says, or nil.
func (p *Performers) bound(ctx context.Context, repo pipeline.Repo, spec *pipeline.Spec) (*pipeline.Refusal, error) {
	if p.Bindings != nil {
		return p.Bindings.Judge(repo, spec), nil
	}
	n, err := p.installations(ctx)
	if err != nil {
		return nil, err
	}
	return Unbound(n), nil
}

// Unbound says why an operator with so many installations needs bindings, or nil.
func Unbound(installations int) *pipeline.Refusal {
	if installations == 1 {
		return nil
	}
	return &pipeline.Refusal{
		Code: "bindings-missing",
		Reason: fmt.Sprintf("This Gatehouse is installed on %d accounts and its operator has bound no environment to a Firebase project, "+
			"so a repository could name somebody else's.", installations),
		Fix: "The operator lists this repository's environments in the file that GATEHOUSE_BINDINGS names.",
	}
}

// installations counts the accounts that have the App, at most once a minute.
func (p *Performers) installations(ctx context.Context) (int, error) {
	p.mu.Lock()
	n, at := p.installs, p.countedAt
	p.mu.Unlock()
	if !at.IsZero() && p.now().Sub(at) < countFor {
		return n, nil
	}
	all, err := p.App.Installations(ctx)
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.installs, p.countedAt = len(all), p.now()
	return p.installs, nil
}

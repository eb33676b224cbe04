package sandbox

import (
	"fmt"
	"maps"
	"slices"
)

// Snapshot is a copy of a repository's state, for tests, pages and the checker.
type Snapshot struct {
	Owner         string
	Name          string
	Private       bool
	DefaultBranch string
	Branches      map[string]string
	Tags          map[string]string
	Roles         map[string]string
	// Commits are oldest first.
	Commits      []Commit
	CheckRuns    []CheckRun
	CheckSuites  []CheckSuite
	Statuses     []CommitStatus
	Workflows    []Workflow
	Runs         []WorkflowRun
	Deployments  []Deployment
	Environments []Environment
	Issues       []Issue
	Comments     []Comment
}

// Snapshot copies the state of a repository; each list is oldest first.
func (w *World) Snapshot(repo string) (Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.repo(repo)
	if err != nil {
		return Snapshot{}, fmt.Errorf("snapshot: %w", err)
	}
	s := Snapshot{
		Owner: r.Owner, Name: r.Name, Private: r.Private, DefaultBranch: r.DefaultBranch,
		Branches: maps.Clone(r.branches), Tags: maps.Clone(r.tags), Roles: maps.Clone(r.roles),
		CheckSuites: values(r.suites), Statuses: slices.Clone(r.statuses), Workflows: values(r.workflows),
		Environments: values(r.envs),
	}
	for _, sha := range r.order {
		s.Commits = append(s.Commits, *r.commits[sha])
	}
	for _, c := range r.checks {
		s.CheckRuns = append(s.CheckRuns, c.copy())
	}
	for _, run := range r.runs {
		s.Runs = append(s.Runs, run.copy())
	}
	for _, d := range r.deploys {
		d := *d
		d.Statuses = slices.Clone(d.Statuses)
		s.Deployments = append(s.Deployments, d)
	}
	for _, n := range slices.Sorted(maps.Keys(r.issues)) {
		s.Issues = append(s.Issues, *r.issues[n])
	}
	for _, c := range r.comments {
		c := *c
		c.Reactions = slices.Clone(c.Reactions)
		s.Comments = append(s.Comments, c)
	}
	return s, nil
}

// Run copies one workflow run of a repository.
func (w *World) Run(repo string, id int64) (WorkflowRun, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.repo(repo)
	if err != nil {
		return WorkflowRun{}, err
	}
	if run := r.run(id); run != nil {
		return run.copy(), nil
	}
	return WorkflowRun{}, fmt.Errorf("%s has no workflow run %d", repo, id)
}

// CheckRunsOf copies the check runs of a commit.
func (s Snapshot) CheckRunsOf(sha string) []CheckRun {
	var out []CheckRun
	for _, c := range s.CheckRuns {
		if c.HeadSHA == sha {
			out = append(out, c)
		}
	}
	return out
}

func (c *CheckRun) copy() CheckRun {
	out := *c
	out.Actions = slices.Clone(c.Actions)
	out.Output.Annotations = slices.Clone(c.Output.Annotations)
	return out
}

func (run *WorkflowRun) copy() WorkflowRun {
	out := *run
	out.Inputs = maps.Clone(run.Inputs)
	out.Reviews = slices.Clone(run.Reviews)
	out.Jobs = nil
	for _, j := range run.Jobs {
		j := *j
		j.Steps = slices.Clone(j.Steps)
		if j.Gate != nil {
			g := *j.Gate
			g.Reports = slices.Clone(g.Reports)
			j.Gate = &g
		}
		out.Jobs = append(out.Jobs, &j)
	}
	return out
}

func (r *Repo) run(id int64) *WorkflowRun {
	for _, run := range r.runs {
		if run.ID == id {
			return run
		}
	}
	return nil
}

func values[T any](in []*T) []T {
	var out []T
	for _, v := range in {
		out = append(out, *v)
	}
	return out
}

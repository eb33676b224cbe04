package stage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func (r *rig) release(base, before string) pipeline.ReadRelease {
	return pipeline.ReadRelease{SHA: r.sha, Base: base, Before: before, Deploys: []string{"deploy.yml"}}
}

func TestReadRelease(t *testing.T) {
	r := newRig(t)
	base := r.snapshot().Branches["main"]
	message := "Pay\n\nCo-authored-by: Carol <7+carol@users.noreply.github.com>\nCo-authored-by: Someone <x@example.com>"
	sha, err := r.Push(repoName, sandbox.Push{Branch: "release/v1.2.0", By: "alice", Message: message, Files: map[string]string{"b": "1"}})
	must(t, err)
	r.sha = sha
	got := perform[pipeline.ReleaseRead](r, r.job(r.release(base, ""), 0))
	equal(t, "message", got.Message, "Pay")
	equal(t, "commits", len(got.Commits), 2)
	equal(t, "total", got.Total, 2)
	equal(t, "truncated", got.Truncated, false)
	equal(t, "sensitive", strings.Join(got.Sensitive, " "), "firestore.rules")
	var names []string
	for _, p := range got.Commits[1].Authors {
		names = append(names, p.Login+"/"+p.Name)
	}
	equal(t, "authors", strings.Join(names, " "), "alice/Alice carol/Carol /Someone")
	equal(t, "co-author's id", got.Commits[1].Authors[1].ID, int64(7))
	equal(t, "workflows", len(got.Workflows), 2)
	jobs := got.Deploys["deploy.yml"]
	equal(t, "environment", jobs.Environment, "${{ inputs.environment }}")
	equal(t, "jobs", strings.Join(jobs.Jobs, " "), "deploy")
	if got.Policy == nil || got.Policy.Authors[0].Login != "bob" {
		t.Errorf("policy: %+v", got.Policy)
	}
}

// Without a base it is what the head brought; a base that is gone leaves doubt
// about the authors.
func TestReadReleaseBase(t *testing.T) {
	r := newRig(t)
	zeros := strings.Repeat("0", 40)
	got := perform[pipeline.ReleaseRead](r, r.job(r.release("", zeros), 0))
	equal(t, "commits", len(got.Commits), 1)
	equal(t, "sensitive", strings.Join(got.Sensitive, " "), "firestore.rules")
	equal(t, "truncated", got.Truncated, false)
	got = perform[pipeline.ReleaseRead](r, r.job(r.release(strings.Repeat("ab", 20), ""), 0))
	equal(t, "truncated", got.Truncated, true)
	got = perform[pipeline.ReleaseRead](r, r.job(r.release(r.sha, ""), 0))
	equal(t, "nothing new: the head alone", len(got.Commits), 1)
}

// Before anything is live, a push on top of somebody's commits hides none of
// them: whoever wrote them must not approve them.
func TestReadReleaseStacked(t *testing.T) {
	r := newRig(t)
	first := r.sha
	sha, err := r.Push(repoName, sandbox.Push{Branch: "release/v1.2.0", By: "alice", Message: "On top", Files: map[string]string{"b": "1"}})
	must(t, err)
	r.sha = sha
	got := perform[pipeline.ReleaseRead](r, r.job(r.release("", first), 0))
	equal(t, "commits", len(got.Commits), 2)
	equal(t, "first author", got.Commits[0].Authors[0].Login, "bob")
	equal(t, "truncated", got.Truncated, false)
}

// A deploy workflow that did not change is not read again; one that did is.
func TestReadReleaseKnowsTheWorkflow(t *testing.T) {
	r := newRig(t)
	read := func() pipeline.Jobs {
		return perform[pipeline.ReleaseRead](r, r.job(r.release("", ""), 0)).Deploys["deploy.yml"]
	}
	first, again := read(), read()
	equal(t, "reads", r.reads("workflows/deploy.yml"), 1)
	equal(t, "jobs", again.Environment, first.Environment)

	changed := strings.ReplaceAll(deployYAML, "${{ inputs.environment }}", "production")
	sha, err := r.Push(repoName, sandbox.Push{Branch: "release/v1.2.0", By: "alice", Message: "x", Files: map[string]string{".github/workflows/deploy.yml": changed}})
	must(t, err)
	r.sha = sha
	equal(t, "changed", read().Environment, "production")
	equal(t, "reads", r.reads("workflows/deploy.yml"), 2)
}

// The workflow folder of a commit is not listed again where a comparison shows
// that nothing in it changed since one that is known; any doubt lists it.
func TestReadReleaseKnowsTheFolder(t *testing.T) {
	r := newRig(t)
	first := r.sha
	listings := func() int {
		n := 0
		for _, c := range r.Record() {
			if c.Method == "GET" && strings.HasSuffix(c.Path, "/contents/.github/workflows") {
				n++
			}
		}
		return n
	}
	read := func(files map[string]string) pipeline.ReleaseRead {
		t.Helper()
		sha, err := r.Push(repoName, sandbox.Push{Branch: "release/v1.2.0", By: "alice", Message: "x", Files: files})
		must(t, err)
		r.sha = sha
		return perform[pipeline.ReleaseRead](r, r.job(r.release(first, ""), 0))
	}
	known := perform[pipeline.ReleaseRead](r, r.job(r.release("", ""), 0))
	equal(t, "listings", listings(), 1)
	same := read(map[string]string{"b": "1"})
	equal(t, "listings where nothing changed", listings(), 1)
	equal(t, "the workflow", same.Workflows["deploy.yml"], known.Workflows["deploy.yml"])

	changed := read(map[string]string{".github/workflows/deploy.yml": deployYAML + "# changed\n"})
	equal(t, "listings where one changed", listings(), 2)
	if changed.Workflows["deploy.yml"] == known.Workflows["deploy.yml"] {
		t.Error("the changed workflow counts as the old one")
	}
	many := map[string]string{".github/workflows/deploy.yml": deployYAML}
	for i := range 300 {
		many[fmt.Sprintf("a/%03d", i)] = "1"
	}
	back := read(many)
	equal(t, "listings where GitHub may leave out files", listings(), 3)
	equal(t, "the workflow as it was", back.Workflows["deploy.yml"], known.Workflows["deploy.yml"])
}

// A deploy workflow that cannot be started says so before anything is built.
func TestReadReleaseRefusals(t *testing.T) {
	for name, file := range map[string]string{
		"missing":       sandbox.Deleted,
		"no-trigger":    "on: [push]\njobs: {deploy: {environment: production, steps: [{run: echo}]}}\n",
		"no-inputs":     "on:\n  workflow_dispatch:\n    inputs: {sha: {}}\njobs: {deploy: {environment: production}}\n",
		"unreadable":    "on: [push\njobs: }",
		"ungiven-input": strings.Replace(head, "inputs:\n", "inputs:\n      color: {required: true}\n      fast: {required: true, type: boolean}\n", 1) + "jobs: {deploy: {environment: production}}\n",
		"no-deployment": head + "jobs:\n  deploy:\n    environment: {name: production, deployment: false}\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.sha = r.push("release/v1.2.0", map[string]string{".github/workflows/deploy.yml": file})
			got := text(perform[pipeline.Failed](r, r.job(r.release("", ""), 0)))
			golden(t, "release-"+name, strings.ReplaceAll(got, r.sha[:7], "COMMIT"))
		})
	}
}

func TestDeployJobs(t *testing.T) {
	r := newRig(t)
	r.sha = r.push("release/v1.2.0", map[string]string{".github/workflows/deploy.yml": head + `concurrency: x
jobs:
  build: {steps: [{run: echo}]}
  deploy: {environment: {name: production}, steps: [{run: echo}]}
  after: {needs: [deploy], steps: [{run: echo}]}
  later: {needs: after, steps: [{run: echo}]}
  lint: {needs: [build], steps: [{run: echo}]}
`})
	jobs := perform[pipeline.ReleaseRead](r, r.job(r.release("", ""), 0)).Deploys["deploy.yml"]
	equal(t, "before", strings.Join(jobs.Before, " "), "build lint")
	equal(t, "jobs", strings.Join(jobs.Jobs, " "), "deploy")
	equal(t, "environment", jobs.Environment, "production")
	equal(t, "concurrency", jobs.Concurrency, true)
}

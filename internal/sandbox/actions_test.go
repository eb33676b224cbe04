package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const ciYAML = `on: {push: {branches: [main, "release/*"]}}
jobs:
  test:
    strategy: {matrix: {os: [linux, mac]}}
    steps: [{run: go test ./...}]
  build:
    needs: [test]
    steps: [{run: make}]
`

func TestPushWorkflows(t *testing.T) {
	r := newRig(t)
	r.push("main", map[string]string{".github/workflows/ci.yml": ciYAML})
	r.push("feature/x", map[string]string{"a": "1"})
	sha := r.push("release/1.0", map[string]string{"a": "2"})
	equal(t, "runs", r.get(r.repo("/actions/runs?event=push")).want(200).id("total_count"), 2)
	equal(t, "running", r.get(r.repo("/actions/runs?status=queued")).id("total_count"), 2)
	r.clock.Advance(5 * time.Second)
	runs := r.get(r.repo("/actions/runs?head_sha=" + sha + "&branch=release/1.0&status=success&actor=alice")).want(200)
	equal(t, "found", runs.id("total_count"), 1)
	equal(t, "created", r.get(r.repo("/actions/runs?created=%3E%3D2026-03-02T10:00:00Z")).id("total_count"), 0)
	equal(t, "by file", r.get(r.repo("/actions/workflows/ci.yml/runs")).want(200).id("total_count"), 2)
	checks := r.get(r.repo("/commits/" + sha + "/check-runs")).want(200)
	var names []string
	for i := range 3 {
		names = append(names, checks.str("check_runs", i, "name")+"="+checks.str("check_runs", i, "conclusion"))
	}
	equal(t, "checks", strings.Join(names, ","), "build=success,test (mac)=success,test (linux)=success")
	equal(t, "app", checks.str("check_runs", 0, "app", "slug"), "github-actions")
	r.get(r.repo("/actions/workflows")).want(200)
	r.get(r.repo("/actions/workflows/ci.yml")).want(200)
	id := runs.id("workflow_runs", 0, "id")
	jobs := r.get(runPath(id, "/attempts/1/jobs")).want(200)
	r.get(r.repo(fmt.Sprintf("/actions/jobs/%d", jobs.id("jobs", 0, "id")))).want(200)
	r.get(r.repo(fmt.Sprintf("/check-suites/%d", runs.id("workflow_runs", 0, "check_suite_id")))).want(200)
}

func dispatchYAML(script string) string {
	return "on: workflow_dispatch\njobs:\n  a:\n    steps:\n      - run: |\n          " + strings.ReplaceAll(script, "\n", "\n          ") + "\n" +
		"  b:\n    needs: a\n    steps: [{run: echo}]\n  c:\n    needs: [b]\n    if: ${{ always() }}\n    steps: [{run: echo}]\n"
}

func TestWorkflowsDoAsTheirFilesSay(t *testing.T) {
	for _, test := range []struct {
		name, script, conclusion, jobs string
		after                          time.Duration
	}{
		{"success", "echo hello", "success", "success success success", 5 * time.Second},
		{"failure", "exit 3", "failure", "failure skipped success", 5 * time.Second},
		{"guarded exit", "if false; then\n  exit 1\nfi\nexit 0", "success", "success success success", 5 * time.Second},
		{"slow", "sleep 30", "", "  ", 20 * time.Second},
		{"slow enough", "sleep 30", "success", "success success success", 40 * time.Second},
		{"hangs", "sleep infinity", "", "  ", 1000 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.push("main", map[string]string{".github/workflows/w.yml": dispatchYAML(test.script)})
			id, err := r.RunWorkflow("bob", repoName, "w.yml", "main", nil)
			must(t, err)
			r.clock.Advance(test.after)
			run := r.run(id)
			equal(t, "run", run.Conclusion, test.conclusion)
			var jobs []string
			for _, j := range run.Jobs {
				jobs = append(jobs, j.Conclusion)
			}
			equal(t, "jobs", strings.Join(jobs, " "), test.jobs)
		})
	}
}

func TestCancelAndForce(t *testing.T) {
	r := newRig(t)
	r.push("main", map[string]string{".github/workflows/w.yml": dispatchYAML("trap '' TERM\nsleep infinity")})
	id, err := r.RunWorkflow("bob", repoName, "w.yml", "main", nil)
	must(t, err)
	r.clock.Advance(2 * time.Second)
	r.post(runPath(id, "/cancel"), nil).want(202)
	r.clock.Advance(time.Minute)
	equal(t, "a stubborn job goes on", r.run(id).Status, "in_progress")
	r.post(runPath(id, "/force-cancel"), nil).want(202)
	r.clock.Advance(time.Minute)
	equal(t, "forced", r.run(id).Conclusion, "cancelled")
	r.post(runPath(id, "/rerun"), nil).want(201)
	equal(t, "again", r.run(id).Attempt, 2)
}

func TestDispatchRefusals(t *testing.T) {
	r, _ := gated(t)
	r.push("main", map[string]string{".github/workflows/ci.yml": ciYAML})
	dispatch := func(file, ref string, inputs map[string]string) answer {
		return r.post(r.repo("/actions/workflows/"+file+"/dispatches"), map[string]any{"ref": ref, "inputs": inputs})
	}
	good := map[string]string{"gatehouse_run": "r", "environment": "staging"}
	dispatch("deploy.yml", "main", good).want(204)
	dispatch("none.yml", "main", good).want(404)
	for want, a := range map[string]answer{
		"Workflow does not have 'workflow_dispatch' trigger": dispatch("ci.yml", "main", nil),
		`Unexpected inputs provided: ["sha"]`:                dispatch("deploy.yml", "main", map[string]string{"gatehouse_run": "r", "environment": "e", "sha": "x"}),
		"Required input 'environment' not provided":          dispatch("deploy.yml", "main", map[string]string{"gatehouse_run": "r"}),
		"No ref found for: gone":                             dispatch("deploy.yml", "gone", good),
	} {
		equal(t, "message", a.want(422).str("message"), want)
	}
}

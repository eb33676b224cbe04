package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const deployYAML = `name: Deploy
run-name: "Deploy ${{ inputs.environment }} [${{ inputs.gatehouse_run }}]"
on:
  workflow_dispatch:
    inputs:
      gatehouse_run: {required: true}
      environment: {required: true}
      note: {default: none}
jobs:
  deploy:
    environment: {name: "${{ inputs.environment }}"}
    steps:
      - uses: actions/checkout@v4
      - run: ./deploy.sh
  after:
    needs: deploy
    steps: [{run: echo done}]
`

// gated is a rig with a protected production and a dispatched deploy that waits there.
func gated(t *testing.T) (r *rig, runID int64) {
	t.Helper()
	r = newRig(t)
	r.push("main", map[string]string{".github/workflows/deploy.yml": deployYAML})
	must(t, r.SetEnvironment(repoName, sandbox.Environment{
		Name: "production", Reviewers: []string{"acme/approvers"}, CustomRule: true, BranchPatterns: []string{"main", "release/*"},
	}))
	r.heard()
	a := r.post(r.repo("/actions/workflows/deploy.yml/dispatches"), map[string]any{
		"ref": "main", "return_run_details": true, "inputs": map[string]string{"gatehouse_run": "r1", "environment": "production"},
	}).want(200)
	return r, a.id("workflow_run_id")
}

func (r *rig) run(id int64) sandbox.WorkflowRun {
	r.t.Helper()
	run, err := r.Run(repoName, id)
	must(r.t, err)
	return run
}

func runPath(id int64, rest string) string {
	return fmt.Sprintf("/repos/%s/actions/runs/%d%s", repoName, id, rest)
}

// The whole story: dispatch, wait, a reviewer approves, the rule approves, the job runs.
func TestNativeGate(t *testing.T) {
	r, id := gated(t)
	equal(t, "events of the dispatch", r.heardNames(), "workflow_dispatch workflow_run.requested check_run.created "+
		"deployment.created workflow_job.queued deployment_status.created workflow_job.waiting "+
		"deployment_protection_rule.requested deployment_review.requested")
	run := r.get(runPath(id, "")).want(200)
	equal(t, "status", run.str("status"), "waiting")
	equal(t, "title", run.str("display_title"), "Deploy production [r1]")
	equal(t, "actor", run.str("actor", "login"), "gatehouse[bot]")
	pending := r.get(runPath(id, "/pending_deployments")).want(200)
	equal(t, "environment", pending.str(0, "environment", "name"), "production")
	equal(t, "reviewer", pending.str(0, "reviewers", 0, "reviewer", "slug"), "approvers")
	equal(t, "app can approve", pending.at(0, "current_user_can_approve"), any(false))

	must(t, r.Review("carol", repoName, id, []string{"production"}, "approved", "looks good"))
	equal(t, "events of the review", r.heardNames(), "deployment_review.approved")
	equal(t, "after the review", r.run(id).Status, "waiting")
	approvals := r.get(runPath(id, "/approvals")).want(200)
	equal(t, "approver", approvals.str(0, "user", "login"), "carol")

	rule := runPath(id, "/deployment_protection_rule")
	r.post(rule, map[string]string{"environment_name": "production", "comment": "waiting for tests"}).want(204)
	r.post(rule, map[string]string{"environment_name": "production", "state": "approved", "comment": "ok"}).want(204)
	r.post(rule, map[string]string{"environment_name": "production", "state": "approved"}).want(422)
	r.clock.Advance(10 * time.Second)
	equal(t, "end", r.run(id).Conclusion, "success")
	equal(t, "events to the end", r.heardNames(), "deployment_status.created workflow_job.queued deployment_status.created "+
		"workflow_job.in_progress workflow_run.in_progress deployment_status.created check_run.completed workflow_job.completed "+
		"check_run.created workflow_job.queued workflow_job.in_progress check_run.completed workflow_job.completed "+
		"check_suite.completed workflow_run.completed")

	deployments := r.get(r.repo("/deployments?environment=production")).want(200)
	equal(t, "made by", deployments.str(0, "performed_via_github_app", "slug"), "github-actions")
	statuses := r.get(r.repo(fmt.Sprintf("/deployments/%d/statuses", deployments.id(0, "id")))).want(200)
	var states []string
	for i := range 5 {
		states = append(states, statuses.str(i, "state"))
	}
	equal(t, "states", strings.Join(states, " "), "success in_progress queued pending ")
	jobs := r.get(runPath(id, "/jobs")).want(200)
	equal(t, "jobs", jobs.str("jobs", 0, "conclusion")+jobs.str("jobs", 1, "name"), "successafter")
}

func TestGateRejections(t *testing.T) {
	for _, who := range []string{"reviewer", "rule"} {
		t.Run(who, func(t *testing.T) {
			r, id := gated(t)
			if who == "reviewer" {
				must(t, r.Review("bob", repoName, id, []string{"production"}, "rejected", "not today"))
			} else {
				r.post(runPath(id, "/deployment_protection_rule"),
					map[string]string{"environment_name": "production", "state": "rejected", "comment": "frozen"}).want(204)
			}
			run := r.run(id)
			equal(t, "run", run.Conclusion, "failure")
			equal(t, "job after", run.Jobs[1].Conclusion, "skipped")
			snapshot, err := r.Snapshot(repoName)
			must(t, err)
			d := snapshot.Deployments[0]
			equal(t, "deployment", d.Statuses[len(d.Statuses)-1].State, "failure")
			r.post(runPath(id, "/deployment_protection_rule"),
				map[string]string{"environment_name": "production", "state": "approved"}).want(422)
		})
	}
}

func TestReviewIsOnlyForReviewers(t *testing.T) {
	r, id := gated(t)
	if err := r.Review("alice", repoName, id, []string{"production"}, "approved", ""); err == nil {
		t.Fatal("alice is no reviewer, yet her review counted")
	}
	envID := r.get(r.repo("/environments/production")).want(200).id("id")
	body := map[string]any{"environment_ids": []int64{envID}, "state": "approved", "comment": "go"}
	r.post(runPath(id, "/pending_deployments"), body).want(403)
	token, err := r.UserToken("carol")
	must(t, err)
	equal(t, "carol may", r.do("GET", runPath(id, "/pending_deployments"), token, nil).at(0, "current_user_can_approve"), any(true))
	r.do("POST", runPath(id, "/pending_deployments"), token, body).want(200)
	r.do("POST", runPath(id, "/pending_deployments"), token, body).want(422)
}

func TestRuleLimits(t *testing.T) {
	r, id := gated(t)
	rule := runPath(id, "/deployment_protection_rule")
	for range 10 {
		r.post(rule, map[string]string{"environment_name": "production", "comment": "still waiting"}).want(204)
	}
	r.post(rule, map[string]string{"environment_name": "production", "comment": "once more"}).want(422)
	r.post(rule, map[string]string{"environment_name": "production", "state": "approved", "comment": strings.Repeat("x", 1025)}).want(422)
	r.post(rule, map[string]string{"environment_name": "production", "state": "aproved"}).want(422)
	r.post(rule, map[string]string{"environment_name": "nowhere", "state": "approved"}).want(404)
	r.post(runPath(999, "/deployment_protection_rule"), map[string]string{"environment_name": "production", "state": "approved"}).want(404)
}

func TestBranchPolicyFailsTheJobAtOnce(t *testing.T) {
	r, _ := gated(t)
	r.push("feature/x", map[string]string{"a": "b"})
	id, err := r.RunWorkflow("bob", repoName, "deploy.yml", "feature/x", map[string]string{"gatehouse_run": "x", "environment": "production"})
	must(t, err)
	run := r.run(id)
	equal(t, "conclusion", run.Conclusion, "failure")
	if !strings.Contains(run.Jobs[0].Reason, "not allowed to deploy") || run.Jobs[0].DeploymentID != 0 {
		t.Fatalf("got %+v", run.Jobs[0])
	}
}

func TestWaitTimerAndBypass(t *testing.T) {
	r, _ := gated(t)
	must(t, r.SetEnvironment(repoName, sandbox.Environment{Name: "slow", WaitTimer: 5}))
	inputs := map[string]string{"gatehouse_run": "x", "environment": "slow"}
	id, err := r.RunWorkflow("bob", repoName, "deploy.yml", "main", inputs)
	must(t, err)
	r.clock.Advance(4 * time.Minute)
	equal(t, "before", r.run(id).Status, "waiting")
	r.clock.Advance(2 * time.Minute)
	equal(t, "after", r.run(id).Conclusion, "success")
	id, err = r.RunWorkflow("bob", repoName, "deploy.yml", "main", inputs)
	must(t, err)
	must(t, r.StartWaiting("alice", repoName, id))
	r.clock.Advance(time.Minute)
	equal(t, "bypassed", r.run(id).Conclusion, "success")
}

func TestRerunAndCancelAtTheGate(t *testing.T) {
	r, id := gated(t)
	r.post(runPath(id, "/rerun"), nil).want(403)
	r.post(runPath(id, "/cancel"), nil).want(202)
	r.clock.Advance(time.Second)
	equal(t, "cancelled", r.run(id).Conclusion, "cancelled")
	r.post(runPath(id, "/cancel"), nil).want(409)
	r.post(runPath(id, "/rerun-failed-jobs"), nil).want(201)
	run := r.get(runPath(id, "")).want(200)
	equal(t, "attempt", run.id("run_attempt"), 2)
	equal(t, "status", run.str("status"), "waiting")
	equal(t, "old attempt", r.get(runPath(id, "/attempts/1")).want(200).str("conclusion"), "cancelled")
	equal(t, "all jobs", r.get(runPath(id, "/jobs?filter=all")).want(200).id("total_count"), 3)
	equal(t, "jobs now", r.get(runPath(id, "/jobs")).want(200).id("total_count"), 1)
}

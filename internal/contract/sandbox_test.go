package contract

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

type body = map[string]any

const deployYAML = `name: Deploy
run-name: "Deploy ${{ inputs.environment }}"
on:
  workflow_dispatch:
    inputs:
      environment: {required: true}
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

const ciYAML = `name: CI
on: push
jobs:
  test:
    steps: [{run: exit 1}]
`

// The tests of this file drive the sandbox alone, by plain HTTP, through every operation that it serves. The rig judges.

func TestAppOperations(t *testing.T) { appOperations(newRig(t)) }

func appOperations(r *rig) {
	r.push("main", map[string]string{"a": "1"})
	r.Drain()
	app := func(method, path string, want int) answer {
		r.t.Helper()
		return r.do(method, path, r.jwt(), nil, want)
	}
	app("GET", "/app", 200)
	id := app("GET", "/app/installations", 200).id(0, "id")
	app("GET", fmt.Sprintf("/app/installations/%d", id), 200)
	r.do("POST", fmt.Sprintf("/app/installations/%d/access_tokens", id), r.jwt(), body{"permissions": body{"checks": "read"}}, 201)
	app("GET", under+"/installation", 200)
	app("GET", "/orgs/acme/installation", 200)
	app("GET", "/users/alice/installation", 404)
	delivery := app("GET", "/app/hook/deliveries?per_page=2", 200).id(0, "id")
	app("GET", fmt.Sprintf("/app/hook/deliveries/%d", delivery), 200)
	app("POST", fmt.Sprintf("/app/hook/deliveries/%d/attempts", delivery), 202)
	app("GET", "/app/hook/deliveries/1", 404)
	carol, err := r.UserToken("carol")
	must(r.t, err)
	r.do("GET", "/user/installations?per_page=100", carol, nil, 200)
	r.do("GET", fmt.Sprintf("/user/installations/%d/repositories?per_page=100", id), carol, nil, 200)
	r.RevokeAuthorization("carol")
	r.do("GET", "/user/installations", carol, nil, 401)
	r.get("/rate_limit")
	r.get("/meta")
	r.do("GET", under, "ghs_wrong", nil, 401)
}

func TestPeopleOperations(t *testing.T) { peopleOperations(newRig(t)) }

func peopleOperations(r *rig) {
	token, err := r.UserToken("alice")
	must(r.t, err)
	r.do("GET", "/user", token, nil, 200)
	for _, login := range []string{"alice", "acme", "gatehouse%5Bbot%5D"} {
		r.get("/users/" + login)
	}
	r.get(under + "/collaborators/bob/permission")
	r.get("/orgs/acme/teams/approvers")
	r.get("/orgs/acme/teams/approvers/members")
	r.get("/orgs/acme/teams/approvers/memberships/carol")
	r.do("GET", "/orgs/acme/teams/approvers/memberships/alice", r.token, nil, 404)
	r.get("/orgs/acme/memberships/alice")
	r.RemoveFromTeam("acme", "approvers", "bob")
}

func TestGitOperations(t *testing.T) { gitOperations(newRig(t)) }

func gitOperations(r *rig) {
	base := r.push("main", map[string]string{"README.md": "# Shop\n", "docs/a.md": "a\n", "old": "x\n"})
	head := r.push("release/v1", map[string]string{"README.md": "# The shop\n", "old": sandbox.Deleted})
	_, err := r.PushTag(shop, "v1", head, "alice")
	must(r.t, err)
	r.get(under)
	for _, path := range []string{"docs", "docs/a.md", "README.md?ref=release/v1"} {
		r.get(under + "/contents/" + path)
	}
	r.do("GET", under+"/contents/none", r.token, nil, 404)
	r.get(under + "/branches/release%2Fv1")
	r.get(under + "/branches/release/v1")
	must(r.t, r.ProtectBranch(shop, "main"))
	r.get(under + "/branches/main")
	r.do("GET", under+"/branches/none", r.token, nil, 404)
	must(r.t, r.SetRules(shop, "deletion", "non_fast_forward"))
	r.get(under + "/rules/branches/main")
	r.get(under + "/git/ref/heads/release/v1")
	r.get(under + "/git/matching-refs/tags")
	r.get(under + "/commits?sha=release/v1&path=README.md&per_page=1")
	r.get(under + "/commits/" + head)
	r.get(under + "/commits/release/v1")
	r.get(under + "/commits/" + head + "/pulls")
	r.get(under + "/compare/" + base + "..." + head)
	r.get(under + "/compare/main...release%2Fv1?per_page=100&page=1")
	must(r.t, r.DeleteBranch(shop, "release/v1", "alice"))
}

func TestCheckOperations(t *testing.T) { checkOperations(newRig(t)) }

func checkOperations(r *rig) {
	sha := r.push("main", map[string]string{".github/workflows/ci.yml": ciYAML, "b": "2"})
	id := r.post(under+"/check-runs", body{
		"name": "staging / Test", "head_sha": sha, "external_id": "r/s/1", "details_url": "https://gatehouse.example/runs/r",
		"status": "in_progress", "started_at": "2026-03-02T09:00:00Z",
	}, 201).id("id")
	one := fmt.Sprintf("%s/check-runs/%d", under, id)
	r.get(one)
	r.do("PATCH", one, r.token, body{
		"status": "completed", "conclusion": "action_required", "completed_at": "2026-03-02T09:01:00Z",
		"output": body{"title": "t", "summary": "s", "text": "x", "annotations": []body{{
			"path": "b", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m", "title": "t",
		}}},
		"actions": []body{{"label": "Approve", "description": "Open the door", "identifier": "approve"}},
	}, 200)
	r.get(one + "/annotations")
	suite := r.get(under+"/commits/"+sha+"/check-runs?filter=all&app_id=42&check_name=staging+%2F+Test&per_page=100").id("check_runs", 0, "check_suite", "id")
	r.get(under + "/commits/" + sha + "/check-suites?app_id=42")
	r.get(fmt.Sprintf("%s/check-suites/%d", under, suite))
	r.post(one+"/rerequest", nil, 201)
	must(r.t, r.PressCheckButton("bob", shop, id, "approve"))
	must(r.t, r.RerunCheck("bob", shop, id))
	must(r.t, r.RerunSuite("bob", shop, sha))
	for _, conclusion := range []string{"", "success"} {
		_, err := r.OtherCheck(shop, sha, "other-ci", "lint", conclusion)
		must(r.t, err)
	}
	r.SetPermission("acme", "statuses", "write")
	for _, state := range []string{"pending", "failure", "error", "success"} {
		r.post(under+"/statuses/"+sha, body{"state": state, "context": "ci", "description": state, "target_url": "https://ci.example/1"}, 201)
	}
	must(r.t, r.OtherStatus("bob", shop, sha, "coverage", "success"))
	r.get(under + "/commits/" + sha + "/status")
	r.get(under + "/commits/" + sha + "/statuses")
	r.clock.Advance(10 * time.Second)
	r.do("GET", under+"/check-runs/1", r.token, nil, 404)
	r.SetPermission("acme", "checks", "read")
	r.post(under+"/check-runs", body{"name": "x", "head_sha": sha}, 403)
}

func TestDeploymentOperations(t *testing.T) { deploymentOperations(newRig(t)) }

func deploymentOperations(r *rig) {
	sha := r.push("main", map[string]string{"a": "1"})
	ask := body{
		"ref": sha, "task": "deploy", "auto_merge": false, "required_contexts": []string{}, "environment": "production",
		"payload": body{"gatehouse_run": "r1"}, "description": "d", "production_environment": true, "transient_environment": false,
	}
	first := r.post(under+"/deployments", ask, 201).id("id")
	one := fmt.Sprintf("%s/deployments/%d", under, first)
	r.get(one)
	for _, state := range []string{"queued", "in_progress", "pending", "error", "failure", "success", "inactive"} {
		r.post(one+"/statuses", body{
			"state": state, "description": state, "log_url": "https://gatehouse.example/runs/r", "environment": "production",
			"environment_url": "https://shop.example", "auto_inactive": true,
		}, 201)
	}
	r.get(one + "/statuses?per_page=100")
	r.get(under + "/deployments?environment=production&sha=" + sha + "&task=deploy")
	delete(ask, "payload")
	r.post(under+"/deployments", ask, 201)
	delete(ask, "required_contexts")
	must(r.t, r.OtherStatus("bob", shop, sha, "ci", "failure"))
	r.post(under+"/deployments", ask, 409)
	r.do("GET", under+"/deployments/1", r.token, nil, 404)
}

func TestEnvironmentOperations(t *testing.T) { environmentOperations(newRig(t)) }

func environmentOperations(r *rig) {
	must(r.t, r.SetEnvironment(shop, sandbox.Environment{Name: "plain"}))
	must(r.t, r.SetEnvironment(shop, sandbox.Environment{
		Name: "eu/production", Reviewers: []string{"acme/approvers", "carol"}, CustomRule: true, WaitTimer: 5, PreventSelfReview: true,
		BranchPatterns: []string{"main", "release/*"}, Secrets: []sandbox.Secret{{Name: "KEY"}},
	}))
	r.get(under + "/environments?per_page=100")
	r.get(under + "/environments/plain")
	must(r.t, r.SetEnvironment(shop, sandbox.Environment{Name: "kept", ProtectedBranches: true, AdminsBlocked: true, RuleOff: true}))
	r.get(under + "/environments/kept")
	r.get(under + "/environments/kept/deployment_protection_rules")
	one := under + "/environments/eu%2Fproduction"
	r.get(one)
	r.get(one + "/deployment_protection_rules")
	r.get(one + "/deployment-branch-policies")
	r.get(one + "/secrets")
	r.do("GET", under+"/environments/none", r.token, nil, 404)
}

func TestCommentOperations(t *testing.T) { commentOperations(newRig(t)) }

func commentOperations(r *rig) {
	sha := r.push("main", map[string]string{"a": "1"})
	issue, err := r.AddIssue(shop, "bob", "Release", false)
	must(r.t, err)
	_, err = r.AddIssue(shop, "bob", "Change", true)
	must(r.t, err)
	_, err = r.Comment("bob", shop, issue, "/status")
	must(r.t, err)
	_, err = r.Comment("bob", shop, issue+1, "/status")
	must(r.t, err)
	_, err = r.CommitComment("bob", shop, sha, "/approve")
	must(r.t, err)
	r.get(fmt.Sprintf("%s/issues/%d", under, issue))
	of := fmt.Sprintf("%s/issues/%d/comments", under, issue)
	id := r.post(of, body{"body": "Hello"}, 201).id("id")
	r.get(of + "?per_page=100&since=2026-03-01T00:00:00Z")
	one := fmt.Sprintf("%s/issues/comments/%d", under, id)
	r.get(one)
	r.do("PATCH", one, r.token, body{"body": "Hello again"}, 200)
	r.post(one+"/reactions", body{"content": "rocket"}, 201)
	r.post(one+"/reactions", body{"content": "rocket"}, 200)
	r.get(one + "/reactions")
	r.SetPermission("acme", "contents", "write")
	id = r.post(under+"/commits/"+sha+"/comments", body{"body": "On the commit"}, 201).id("id")
	r.get(under + "/commits/" + sha + "/comments")
	one = fmt.Sprintf("%s/comments/%d", under, id)
	r.get(one)
	r.post(one+"/reactions", body{"content": "+1"}, 201)
	r.get(one + "/reactions")
	r.SetPermission("acme", "contents", "read")
	r.post(one+"/reactions", body{"content": "-1"}, 403)
	r.do("GET", fmt.Sprintf("%s/issues/%d", under, 99), r.token, nil, 404)
}

func TestActionsOperations(t *testing.T) { actionsOperations(newRig(t)) }

func actionsOperations(r *rig) {
	sha := r.push("main", map[string]string{".github/workflows/ci.yml": ciYAML, ".github/workflows/deploy.yml": deployYAML})
	r.clock.Advance(10 * time.Second)
	r.get(under + "/actions/workflows")
	r.get(under + "/actions/workflows/deploy.yml")
	r.do("GET", under+"/actions/permissions", r.token, nil, 403)
	r.SetPermission("acme", "administration", "read")
	r.get(under + "/actions/permissions")
	r.SetPermission("acme", "administration", "")
	ci := r.get(under+"/actions/workflows/ci.yml/runs?per_page=1").id("workflow_runs", 0, "id")
	r.get(under + "/actions/runs?event=push&branch=main&head_sha=" + sha + "&status=failure&actor=alice&created=%3E%3D2026-03-01T00:00:00Z")
	one := fmt.Sprintf("%s/actions/runs/%d", under, ci)
	r.get(one)
	r.get(one + "/attempts/1")
	job := r.get(one+"/jobs?filter=latest").id("jobs", 0, "id")
	r.get(one + "/attempts/1/jobs")
	r.get(fmt.Sprintf("%s/actions/jobs/%d", under, job))
	r.post(one+"/cancel", nil, 409)
	r.post(one+"/rerun-failed-jobs", nil, 201)
	r.clock.Advance(10 * time.Second)
	r.post(one+"/rerun", nil, 201)
	r.get(one + "/attempts/2")
	r.post(one+"/cancel", nil, 202)
	r.clock.Advance(10 * time.Second)
	r.post(one+"/rerun", nil, 201)
	r.post(one+"/force-cancel", nil, 202)
	r.post(under+"/actions/workflows/ci.yml/dispatches", body{"ref": "main"}, 422)
	r.post(under+"/actions/workflows/none.yml/dispatches", body{"ref": "main"}, 404)
	r.post(under+"/actions/workflows/deploy.yml/dispatches", body{"ref": "main", "inputs": body{"wrong": "x"}}, 422)
	r.post(under+"/actions/workflows/deploy.yml/dispatches", body{"ref": "main", "inputs": body{"environment": "staging"}}, 204)
	r.clock.Advance(10 * time.Second)
}

func TestGateOperations(t *testing.T) { gateOperations(newRig(t)) }

func gateOperations(r *rig) {
	r.push("main", map[string]string{".github/workflows/deploy.yml": deployYAML})
	must(r.t, r.SetEnvironment(shop, sandbox.Environment{
		Name: "production", Reviewers: []string{"acme/approvers"}, CustomRule: true,
	}))
	for _, verdict := range []string{"approved", "rejected"} {
		run := r.dispatch("production")
		pending := r.get(run+"/pending_deployments").id(0, "environment", "id")
		r.post(run+"/deployment_protection_rule", body{"environment_name": "production", "comment": "waiting for tests"}, 204)
		carol, err := r.UserToken("carol")
		must(r.t, err)
		r.do("POST", run+"/pending_deployments", carol, body{"environment_ids": []int64{pending}, "state": "approved", "comment": "ok"}, 200)
		r.post(run+"/deployment_protection_rule", body{"environment_name": "production", "state": verdict, "comment": "policy"}, 204)
		r.get(run + "/approvals")
		r.post(run+"/deployment_protection_rule", body{"environment_name": "production", "state": verdict, "comment": "again"}, 422)
		r.clock.Advance(10 * time.Second)
	}
	run := r.dispatch("production")
	var id int64
	_, err := fmt.Sscanf(run, under+"/actions/runs/%d", &id)
	must(r.t, err)
	must(r.t, r.Review("carol", shop, id, []string{"production"}, "rejected", "not today"))
	r.clock.Advance(10 * time.Second)
}

// dispatch starts the deploy workflow and returns the path of its run.
func (r *rig) dispatch(environment string) string {
	r.t.Helper()
	id := r.post(under+"/actions/workflows/deploy.yml/dispatches", body{
		"ref": "main", "return_run_details": true, "inputs": body{"environment": environment},
	}, 200).id("workflow_run_id")
	return fmt.Sprintf("%s/actions/runs/%d", under, id)
}

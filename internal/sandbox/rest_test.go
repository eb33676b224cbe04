package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

func TestAppAndTokens(t *testing.T) {
	r := newRig(t)
	equal(t, "slug", r.do("GET", "/app", r.jwt(), nil).want(200).str("slug"), "gatehouse")
	r.do("GET", "/app", r.token, nil).want(401)
	r.do("GET", "/app", "", nil).want(401)
	installs := r.do("GET", "/app/installations", r.jwt(), nil).want(200)
	equal(t, "account", installs.str(0, "account", "login"), "acme")
	for _, path := range []string{"/repos/acme/shop/installation", "/orgs/acme/installation"} {
		r.do("GET", path, r.jwt(), nil).want(200)
	}
	r.do("GET", "/users/nobody/installation", r.jwt(), nil).want(404)
	a := r.get(r.repo("")).want(200)
	equal(t, "limit", a.header.Get("X-Ratelimit-Limit"), "5000")
	r.get("/rate_limit").want(200)
	r.get("/meta").want(200)
	r.clock.Advance(time.Hour)
	r.get(r.repo("")).want(401)
}

func TestPermissionsAreChecked(t *testing.T) {
	r := newRig(t)
	sha := r.push("main", map[string]string{"a": "b"})
	r.SetPermission("acme", "checks", "read")
	a := r.post(r.repo("/check-runs"), map[string]string{"name": "x", "head_sha": sha}).want(403)
	equal(t, "header", a.header.Get("X-Accepted-Github-Permissions"), "checks=write")
	equal(t, "message", a.str("message"), "Resource not accessible by integration")
	r.get("/repos/acme/nothing").want(404)
	r.get("/no/such/thing").want(404)
	r.AddOrg("other")
	r.AddRepo("other", "secret", sandbox.RepoOptions{Private: true})
	r.get("/repos/other/secret").want(404)
}

func TestPeople(t *testing.T) {
	r := newRig(t)
	r.get("/users/alice").want(200)
	r.get("/users/gatehouse%5Bbot%5D").want(200)
	r.get("/users/nobody").want(404)
	must(t, r.SetRole(repoName, "bob", "maintain"))
	a := r.get(r.repo("/collaborators/bob/permission")).want(200)
	equal(t, "level", a.str("permission")+" "+a.str("role_name"), "write maintain")
	equal(t, "owner", r.get(r.repo("/collaborators/alice/permission")).str("permission"), "admin")
	r.get("/orgs/acme/teams/approvers").want(200)
	r.get("/orgs/acme/teams/approvers/members").want(200)
	equal(t, "state", r.get("/orgs/acme/teams/approvers/memberships/carol").want(200).str("state"), "active")
	r.get("/orgs/acme/teams/approvers/memberships/alice").want(404)
	equal(t, "role", r.get("/orgs/acme/memberships/alice").want(200).str("role"), "admin")
	r.RemoveFromTeam("acme", "approvers", "carol")
	r.get("/orgs/acme/teams/approvers/memberships/carol").want(404)
	equal(t, "events", strings.Contains(r.heardNames(), "membership.removed"), true)
}

func TestGitReading(t *testing.T) {
	r := newRig(t)
	first := r.push("main", map[string]string{"a.txt": "one\n", "dir/b.txt": "two\n"})
	second := r.push("release/1.2", map[string]string{"a.txt": "changed\n", "dir/b.txt": sandbox.Deleted})
	equal(t, "file", r.get(r.repo("/contents/a.txt?ref=main")).want(200).str("content"), "b25lCg==\n")
	equal(t, "folder", r.get(r.repo("/contents/dir?ref=main")).want(200).str(0, "path"), "dir/b.txt")
	r.get(r.repo("/contents/nothing")).want(404)
	for _, path := range []string{"/branches/release/1.2", "/branches/release%2F1.2", "/git/ref/heads/release/1.2", "/git/ref/heads/release%2F1.2"} {
		r.get(r.repo(path)).want(200)
	}
	equal(t, "refs", r.get(r.repo("/git/matching-refs/heads/rel")).want(200).str(0, "object", "sha"), second)
	equal(t, "commit", r.get(r.repo("/commits/release/1.2")).want(200).str("sha"), second)
	r.get(r.repo("/commits/nothing")).want(422)
	equal(t, "history", r.get(r.repo("/commits?sha=release/1.2&path=dir")).want(200).str(1, "sha"), first)
	c := r.get(r.repo("/compare/main...release%2F1.2")).want(200)
	equal(t, "compare", fmt.Sprint(c.str("status"), c.id("ahead_by"), c.str("files", 1, "status")), "ahead1removed")
	equal(t, "behind", r.get(r.repo("/compare/release/1.2...main")).want(200).str("status"), "behind")
	r.get(r.repo("/commits/main/pulls")).want(200)
	r.get(r.repo("/commits/main/comments")).want(200)
}

func TestPushesAndTheirWebhooks(t *testing.T) {
	r := newRig(t)
	r.heard()
	first := r.push("main", map[string]string{"a": "1"})
	equal(t, "first push", r.heardNames(), "push create check_suite.requested")
	sha, err := r.Push(repoName, sandbox.Push{Branch: "release/1.0", By: "bob", CreateOnly: true})
	must(t, err)
	equal(t, "no new commit", sha, first)
	h := r.heard()
	equal(t, "created", fmt.Sprint(h[0].value["created"], h[0].value["ref"]), "truerefs/heads/release/1.0")
	r.push("release/1.0", map[string]string{"a": "2"})
	r.heard()
	_, err = r.Push(repoName, sandbox.Push{Branch: "release/1.0", By: "bob", Message: "Again", Force: true, Files: map[string]string{"a": "3"}})
	must(t, err)
	equal(t, "forced", at(r.heard()[0].value, "forced"), any(true))
	must(t, r.DeleteBranch(repoName, "release/1.0", "bob"))
	h = r.heard()
	equal(t, "deleted", fmt.Sprint(h[0].value["deleted"], h[0].value["head_commit"]), "true <nil>")
	_, err = r.PushTag(repoName, "v1", "main", "bob")
	must(t, err)
	equal(t, "tag", r.heardNames(), "push create")
}

func TestChecks(t *testing.T) {
	r := newRig(t)
	sha := r.push("main", map[string]string{"a": "1"})
	r.heard()
	a := r.post(r.repo("/check-runs"), map[string]any{
		"name": "production / Approval", "head_sha": sha, "external_id": "r/approval/1", "status": "in_progress",
		"details_url": "http://example.test/runs/1",
	}).want(201)
	path := fmt.Sprintf("/check-runs/%d", a.id("id"))
	r.do("PATCH", r.repo(path), r.token, map[string]any{
		"name": "production / Approval", "status": "completed", "conclusion": "action_required",
		"output": map[string]any{"title": "Waiting", "summary": "s", "annotations": []map[string]any{
			{"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "bad"},
		}},
		"actions": []map[string]string{{"label": "Approve", "description": "Open the door", "identifier": "approve"}},
	}).want(200)
	equal(t, "events", r.heardNames(), "check_run.created check_run.completed check_suite.completed")
	must(t, r.PressCheckButton("bob", repoName, a.id("id"), "approve"))
	h := r.heard()
	equal(t, "pressed", at(h[0].value, "requested_action", "identifier"), any("approve"))
	if r.PressCheckButton("carol", repoName, a.id("id"), "approve") == nil {
		t.Fatal("carol has no write access, yet she pressed a button")
	}
	must(t, r.RerunCheck("bob", repoName, a.id("id")))
	must(t, r.RerunSuite("bob", repoName, sha))
	equal(t, "re-run", r.heardNames(), "check_run.rerequested check_suite.rerequested")
	r.get(r.repo(path)).want(200)
	r.get(r.repo(path + "/annotations")).want(200)
	_, err := r.OtherCheck(repoName, sha, "other-ci", "unit", "success")
	must(t, err)
	must(t, r.OtherStatus("bob", repoName, sha, "ci/lint", "failure"))
	list := r.get(r.repo("/commits/" + sha + "/check-runs?per_page=1")).want(200)
	equal(t, "count", list.id("total_count"), 2)
	equal(t, "link", strings.Contains(list.header.Get("Link"), `rel="next"`), true)
	name := url.QueryEscape("production / Approval")
	equal(t, "ours", r.get(r.repo("/commits/main/check-runs?app_id=42&check_name="+name)).want(200).id("total_count"), 1)
	r.get(r.repo("/commits/main/check-suites")).want(200)
	equal(t, "status", r.get(r.repo("/commits/main/status")).want(200).str("state"), "failure")
	r.get(r.repo("/commits/main/statuses")).want(200)
	r.SetPermission("acme", "statuses", "write")
	r.post(r.repo("/statuses/"+sha), map[string]string{"state": "success", "context": "ci/lint"}).want(201)
	for _, bad := range []map[string]any{
		{"status": "waiting"},
		{"conclusion": "stale"},
		{"status": "completed"},
		{"output": map[string]any{"title": "t"}},
		{"details_url": "ftp://x"},
		{"actions": []map[string]string{{"label": strings.Repeat("x", 21), "identifier": "y"}}},
	} {
		r.do("PATCH", r.repo(path), r.token, bad).want(422)
	}
}

func TestDeploymentsByTheAPI(t *testing.T) {
	r := newRig(t)
	r.push("main", map[string]string{"a": "1"})
	r.heard()
	deploy := func(env string) int64 {
		return r.post(r.repo("/deployments"), map[string]any{
			"ref": "main", "environment": env, "auto_merge": false, "required_contexts": []string{}, "payload": map[string]string{"run": "r1"},
		}).want(201).id("id")
	}
	status := func(id int64, state string) answer {
		return r.post(r.repo(fmt.Sprintf("/deployments/%d/statuses", id)), map[string]any{"state": state, "log_url": "http://example.test"})
	}
	newest := func(id int64) string {
		return r.get(r.repo(fmt.Sprintf("/deployments/%d/statuses", id))).want(200).str(0, "state")
	}
	one, two := deploy("staging"), deploy("staging")
	status(one, "success").want(201)
	status(two, "success").want(201)
	equal(t, "older staging", newest(one), "inactive")
	three, four := deploy("production"), deploy("production")
	status(three, "success").want(201)
	status(four, "success").want(201)
	equal(t, "older production", newest(three), "success")
	status(four, "waiting").want(422)
	equal(t, "found", r.get(r.repo("/deployments?environment=staging")).want(200).id(0, "id"), two)
	r.get(r.repo(fmt.Sprintf("/deployments/%d", one))).want(200)
	equal(t, "events", strings.Count(r.heardNames(), "deployment_status.created"), 4)
	r.post(r.repo("/deployments"), map[string]any{"ref": "nowhere"}).want(422)
	must(t, r.OtherStatus("bob", repoName, r.get(r.repo("/commits/main")).str("sha"), "ci", "failure"))
	r.post(r.repo("/deployments"), map[string]any{"ref": "main", "auto_merge": false}).want(409)
}

func TestEnvironments(t *testing.T) {
	r := newRig(t)
	r.push("main", map[string]string{"a": "1"})
	must(t, r.SetEnvironment(repoName, sandbox.Environment{
		Name: "prod/eu", Reviewers: []string{"carol", "acme/approvers"}, CustomRule: true, WaitTimer: 3, BranchPatterns: []string{"release/*"},
		Secrets: []sandbox.Secret{{Name: "STRIPE_LIVE_KEY"}},
	}))
	r.get(r.repo("/environments")).want(200)
	env := r.repo("/environments/prod%2Feu")
	equal(t, "rules", r.get(env).want(200).str("protection_rules", 1, "type"), "required_reviewers")
	equal(t, "custom", r.get(env+"/deployment_protection_rules").want(200).id("custom_deployment_protection_rules", 0, "app", "id"), 42)
	equal(t, "policy", r.get(env+"/deployment-branch-policies").want(200).str("branch_policies", 0, "name"), "release/*")
	equal(t, "secret", r.get(env+"/secrets").want(200).str("secrets", 0, "name"), "STRIPE_LIVE_KEY")
	r.get(r.repo("/environments/none")).want(404)
}

func TestComments(t *testing.T) {
	r := newRig(t)
	sha := r.push("main", map[string]string{"a": "1"})
	n, err := r.AddIssue(repoName, "alice", "Ship it", true)
	must(t, err)
	id, err := r.Comment("alice", repoName, n, "/approve")
	must(t, err)
	commitComment, err := r.CommitComment("bob", repoName, sha, "/status")
	must(t, err)
	a := r.post(r.repo(fmt.Sprintf("/issues/%d/comments", n)), map[string]string{"body": "done"}).want(201)
	equal(t, "by", a.str("user", "login"), "gatehouse[bot]")
	r.do("PATCH", r.repo(fmt.Sprintf("/issues/comments/%d", a.id("id"))), r.token, map[string]string{"body": "edited"}).want(200)
	r.get(r.repo(fmt.Sprintf("/issues/comments/%d", id))).want(200)
	equal(t, "comments", r.get(r.repo(fmt.Sprintf("/issues/%d/comments", n))).want(200).str(1, "body"), "edited")
	r.get(r.repo("/issues/99/comments")).want(404)
	reactions := r.repo(fmt.Sprintf("/issues/comments/%d/reactions", id))
	r.post(reactions, map[string]string{"content": "eyes"}).want(201)
	r.post(reactions, map[string]string{"content": "eyes"}).want(200)
	r.post(reactions, map[string]string{"content": "shrug"}).want(422)
	r.get(reactions).want(200)
	r.post(r.repo("/commits/"+sha+"/comments"), map[string]string{"body": "x"}).want(403)
	r.SetPermission("acme", "contents", "write")
	r.post(r.repo("/commits/"+sha+"/comments"), map[string]string{"body": "x"}).want(201)
	r.post(r.repo(fmt.Sprintf("/comments/%d/reactions", commitComment)), map[string]string{"content": "rocket"}).want(201)
	r.get(r.repo(fmt.Sprintf("/comments/%d", commitComment))).want(200)
	r.get(r.repo(fmt.Sprintf("/issues/%d", n))).want(200)
	names := r.heardNames()
	for _, want := range []string{"issue_comment.created", "issue_comment.edited", "commit_comment.created"} {
		equal(t, want, strings.Contains(names, want), true)
	}
}

func TestSite(t *testing.T) {
	r := newRig(t)
	r.AddSite("shop", nil)
	fetch := func() int {
		resp, err := http.Get(r.url + "/sites/shop/api/health") //nolint:noctx // a test
		must(t, err)
		must(t, resp.Body.Close())
		return resp.StatusCode
	}
	equal(t, "healthy", fetch(), 200)
	r.SetSite("shop", func(string) (int, string) { return 503, "down" })
	equal(t, "down", fetch(), 503)
	r.Drain() // webhooks are recorded when they have arrived
	calls := slices.DeleteFunc(r.Record(), func(c sandbox.Call) bool { return c.Kind == sandbox.KindWebhook })
	equal(t, "recorded", string(calls[len(calls)-1].Kind)+calls[len(calls)-1].Path, "site/sites/shop/api/health")
}

func TestInstallationsComeAndGo(t *testing.T) {
	r := newRig(t)
	r.AddTeam("acme", "ops", "alice")
	token, err := r.UserToken("alice")
	must(t, err)
	r.do("GET", "/user", token, nil).want(200)
	r.do("GET", "/app/installations/1", r.jwt(), nil).want(404)
	r.SetEvents("acme", "push")
	r.push("main", map[string]string{"a": "1"})
	r.Uninstall("acme")
	equal(t, "events", r.heardNames(), "installation.created membership.added push installation.deleted")
	r.get(r.repo("")).want(401)
	equal(t, "people", len(r.Users()), 3)
	equal(t, "repositories", r.Repos()[0], repoName)
}

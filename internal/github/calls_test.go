package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

func moment(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return at
}

// TestReads gives, for each reading method, the address that is asked and what is made of the answer.
func TestReads(t *testing.T) {
	tests := map[string]struct {
		route, query, answer string
		call                 func(*github.Repo) (any, error)
		want                 any
	}{
		"info": {
			"GET /repos/octo/shop", "", `{"id":9,"name":"shop","owner":{"login":"octo","type":"Organization"},"default_branch":"main","private":true,"archived":true,"html_url":"https://h"}`,
			func(r *github.Repo) (any, error) { return r.Info(background()) },
			github.RepoInfo{ID: 9, Owner: "octo", OwnerType: "Organization", Name: "shop", DefaultBranch: "main", HTMLURL: "https://h", Private: true, Archived: true},
		},
		"branch": {
			"GET /repos/octo/shop/branches/release/1%20%25", "", `{"name":"release/1 %","protected":true,"commit":{"sha":"abc"}}`,
			func(r *github.Repo) (any, error) { return r.Branch(background(), "release/1 %") },
			github.Branch{Name: "release/1 %", SHA: "abc", Protected: true},
		},
		"branch rules": {
			"GET /repos/octo/shop/rules/branches/main", "page=1&per_page=100", `[{"type":"deletion"},{"type":"pull_request"}]`,
			func(r *github.Repo) (any, error) { return r.BranchRules(background(), "main") },
			[]string{"deletion", "pull_request"},
		},
		"actions enabled": {
			"GET /repos/octo/shop/actions/permissions", "", `{"enabled":true,"allowed_actions":"all"}`,
			func(r *github.Repo) (any, error) { return r.ActionsEnabled(background()) }, true,
		},
		"workflows": {
			"GET /repos/octo/shop/actions/workflows", "page=1&per_page=100",
			`{"total_count":1,"workflows":[{"id":3,"name":"CI","path":".github/workflows/ci.yml","state":"disabled_manually"}]}`,
			func(r *github.Repo) (any, error) { return r.Workflows(background()) },
			[]github.Workflow{{ID: 3, Name: "CI", Path: ".github/workflows/ci.yml", State: "disabled_manually"}},
		},
		"team members": {
			"GET /orgs/octo/teams/ops/members", "page=1&per_page=100", `[{"id":1,"login":"ann","type":"User"}]`,
			func(r *github.Repo) (any, error) { return r.TeamMembers(background(), "octo", "ops") },
			[]github.Person{{ID: 1, Login: "ann", Type: "User"}},
		},
		"file": {
			"GET /repos/octo/shop/contents/a%20b/c%23..d.yml", "ref=release%2F1.2", `{"type":"file","encoding":"base64","content":"aGVs\nbG8=","sha":"abc"}`,
			func(r *github.Repo) (any, error) { return r.File(background(), "a b/c#..d.yml", "release/1.2") },
			github.File{Path: "a b/c#..d.yml", SHA: "abc", Content: []byte("hello")},
		},
		"empty file": {
			"GET /repos/octo/shop/contents/e", "", `{"type":"file","encoding":"base64","content":"","sha":"abc"}`,
			func(r *github.Repo) (any, error) { return r.File(background(), "e", "") },
			github.File{Path: "e", SHA: "abc", Content: []byte{}},
		},
		"head": {
			"GET /repos/octo/shop/commits/heads/release/1%20%25", "", sha,
			func(r *github.Repo) (any, error) { return r.Head(background(), "refs/heads/release/1 %") }, sha,
		},
		"commit": {
			"GET /repos/octo/shop/commits/" + sha, "per_page=1",
			`{"sha":"` + sha + `","html_url":"https://c","parents":[{"sha":"p1"},{"sha":"p2"}],"author":{"id":1,"login":"ann","type":"User"},"committer":null,
			  "commit":{"message":"Fix\n\nCo-authored-by: Bo B <bo@x>\r\nco-authored-By: Cy <cy@x>\nNot-co-authored-by: D <d@x>","author":{"name":"Ann","email":"a@x","date":"2026-01-01T00:00:00Z"},"committer":{"name":"Web","email":"w@x","date":"2026-01-02T00:00:00Z"}}}`,
			func(r *github.Repo) (any, error) { return r.Commit(background(), sha) },
			github.Commit{
				SHA: sha, HTMLURL: "https://c", Parents: []string{"p1", "p2"}, At: moment("2026-01-02T00:00:00Z"),
				Message: "Fix\n\nCo-authored-by: Bo B <bo@x>\r\nco-authored-By: Cy <cy@x>\nNot-co-authored-by: D <d@x>",
				Author:  github.Person{ID: 1, Login: "ann", Type: "User", Name: "Ann", Email: "a@x"}, Committer: github.Person{Name: "Web", Email: "w@x"},
				CoAuthors: []github.Person{{Name: "Bo B", Email: "bo@x"}, {Name: "Cy", Email: "cy@x"}},
			},
		},
		"last commit": {
			"GET /repos/octo/shop/commits", "path=.github%2Fgatehouse.yml&per_page=1&sha=main", `[{"sha":"abc"}]`,
			func(r *github.Repo) (any, error) {
				return r.LastCommitOf(background(), ".github/gatehouse.yml", "main")
			},
			github.Commit{SHA: "abc"},
		},
		"compare": {
			"GET /repos/octo/shop/compare/v1...release%2F2", "", `{"html_url":"https://d","merge_base_commit":{"sha":"m"},"status":"ahead","ahead_by":3,"behind_by":0,"total_commits":3,"commits":[{"sha":"a"}],"files":[{"filename":"x","status":"renamed","previous_filename":"y"}]}`,
			func(r *github.Repo) (any, error) { return r.Compare(background(), "v1", "release/2") },
			github.Comparison{
				HTMLURL: "https://d", Status: "ahead", Ahead: 3, Commits: []github.Commit{{SHA: "a"}}, Truncated: true, MergeBase: "m", AllFiles: true,
				Files: []github.ChangedFile{{Path: "x", Previous: "y", Status: "renamed"}},
			},
		},
		"workflow": {
			"GET /repos/octo/shop/actions/workflows/ci%20a.yml", "", `{"id":3,"name":"CI","path":".github/workflows/ci a.yml","state":"active"}`,
			func(r *github.Repo) (any, error) { return r.Workflow(background(), ".github/workflows/ci a.yml") },
			github.Workflow{ID: 3, Name: "CI", Path: ".github/workflows/ci a.yml", State: "active"},
		},
		"workflow run": {
			"GET /repos/octo/shop/actions/runs/8", "",
			`{"id":8,"run_attempt":2,"run_number":4,"workflow_id":3,"name":"Deploy","path":".github/workflows/deploy.yml","event":"workflow_dispatch","status":"waiting","conclusion":null,"head_sha":"abc","head_branch":"release/2",
			  "display_title":"Deploy [gh:1]","html_url":"https://r","actor":{"id":6,"login":"gatehouse[bot]","type":"Bot"},"triggering_actor":{"id":1,"login":"ann","type":"User"},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-02T00:00:00Z"}`,
			func(r *github.Repo) (any, error) { return r.WorkflowRun(background(), 8) },
			github.WorkflowRun{
				ID: 8, Attempt: 2, Number: 4, WorkflowID: 3, Name: "Deploy", Path: ".github/workflows/deploy.yml", Event: "workflow_dispatch", Status: github.Waiting,
				HeadSHA: "abc", HeadBranch: "release/2", DisplayTitle: "Deploy [gh:1]", HTMLURL: "https://r", Actor: github.Person{ID: 6, Login: "gatehouse[bot]", Type: "Bot"},
				Triggering: github.Person{ID: 1, Login: "ann", Type: "User"}, CreatedAt: moment("2026-01-01T00:00:00Z"), UpdatedAt: moment("2026-01-02T00:00:00Z"),
			},
		},
		"jobs": {
			"GET /repos/octo/shop/actions/runs/8/jobs", "filter=latest&page=1&per_page=100",
			`{"jobs":[{"id":1,"run_id":8,"name":"a","status":"completed","conclusion":"failure","run_attempt":2,"html_url":"https://j","steps":[{"name":"ok","conclusion":"success"},{"name":"bad","conclusion":"failure"}]}]}`,
			func(r *github.Repo) (any, error) { return r.Jobs(background(), 8) },
			[]github.Job{{ID: 1, RunID: 8, Name: "a", Status: github.Completed, Conclusion: github.Failure, Attempt: 2, HTMLURL: "https://j", FailedSteps: []string{"bad"}}},
		},
		"dispatched since": {
			"GET /repos/octo/shop/actions/workflows/deploy.yml/runs", "branch=release%2F2&created=%3E%3D2090-03-04T11%3A59%3A00Z&event=workflow_dispatch&page=1&per_page=100", `{"workflow_runs":[{"id":8},{"id":7}]}`,
			func(r *github.Repo) (any, error) {
				return r.DispatchedSince(background(), "deploy.yml", "release/2", noon)
			},
			[]github.WorkflowRun{{ID: 8}, {ID: 7}},
		},
		"pending deployments": {
			"GET /repos/octo/shop/actions/runs/8/pending_deployments", "",
			`[{"environment":{"id":4,"name":"prod/eu","html_url":"https://e"},"wait_timer":5,"current_user_can_approve":true,"reviewers":[{"type":"User","reviewer":{"id":1,"login":"ann"}},{"type":"Team","reviewer":{"id":2,"slug":"ops"}},{"reviewer":null}]}]`,
			func(r *github.Repo) (any, error) { return r.PendingDeployments(background(), 8) },
			[]github.PendingDeployment{{
				EnvironmentID: 4, Environment: "prod/eu", EnvironmentURL: "https://e", WaitTimer: 5, CanApprove: true,
				Reviewers: []github.Reviewer{{Type: "User", ID: 1, Name: "ann"}, {Type: "Team", ID: 2, Name: "ops"}, {}},
			}},
		},
		"approvals": {
			"GET /repos/octo/shop/actions/runs/8/approvals", "", `[{"state":"approved","comment":"go","environments":[{"id":4,"name":"prod"}],"user":{"id":1,"login":"ann","type":"User"}}]`,
			func(r *github.Repo) (any, error) { return r.Approvals(background(), 8) },
			[]github.Review{{State: github.Approved, Comment: "go", Environments: []string{"prod"}, User: github.Person{ID: 1, Login: "ann", Type: "User"}}},
		},
		"environments": {
			"GET /repos/octo/shop/environments", "page=1&per_page=100", `{"environments":[{"id":1,"name":"dev"},{"id":2,"name":"prod/eu"}]}`,
			func(r *github.Repo) (any, error) { return r.Environments(background()) },
			[]string{"dev", "prod/eu"},
		},
		"secrets": {
			"GET /repos/octo/shop/environments/prod%2Feu/secrets", "page=1&per_page=100", `{"secrets":[{"name":"KEY","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-02T00:00:00Z"}]}`,
			func(r *github.Repo) (any, error) { return r.EnvironmentSecrets(background(), "prod/eu") },
			[]github.Secret{{Name: "KEY", CreatedAt: moment("2026-01-01T00:00:00Z"), UpdatedAt: moment("2026-01-02T00:00:00Z")}},
		},
		"deployments": {
			"GET /repos/octo/shop/deployments", "environment=prod%2Feu&page=1&per_page=100&sha=abc",
			`[{"id":1,"sha":"abc","ref":"main","environment":"prod/eu","task":"deploy","payload":{"run":"r1"},"creator":{"login":"gatehouse[bot]"},"performed_via_github_app":{"slug":"gatehouse"},"created_at":"2026-01-01T00:00:00Z"},
			  {"id":2,"payload":"{\"run\":\"r2\"}","performed_via_github_app":null},{"id":3,"payload":""}]`,
			func(r *github.Repo) (any, error) { return r.FindDeployments(background(), "abc", "prod/eu") },
			[]github.DeploymentInfo{
				{ID: 1, SHA: "abc", Ref: "main", Environment: "prod/eu", Task: "deploy", Payload: json.RawMessage(`{"run":"r1"}`), CreatorLogin: "gatehouse[bot]", ViaApp: "gatehouse", CreatedAt: moment("2026-01-01T00:00:00Z")},
				{ID: 2, Payload: json.RawMessage(`{"run":"r2"}`)},
				{ID: 3, Payload: json.RawMessage(`""`)},
			},
		},
		"newest deployments": {
			"GET /repos/octo/shop/deployments", "environment=prod&per_page=100", `[{"id":1}]`,
			func(r *github.Repo) (any, error) { return r.FindDeployments(background(), "", "prod") },
			[]github.DeploymentInfo{{ID: 1}},
		},
		"deployment statuses": {
			"GET /repos/octo/shop/deployments/1/statuses", "page=1&per_page=100", `[{"id":2,"state":"success","description":"d","environment":"prod","log_url":"https://l","environment_url":"https://e","creator":{"login":"ann"},"performed_via_github_app":{"slug":"github-actions"}}]`,
			func(r *github.Repo) (any, error) { return r.DeploymentStatuses(background(), 1) },
			[]github.DeploymentStatusInfo{{ID: 2, State: github.DeploymentSuccess, Description: "d", Environment: "prod", LogURL: "https://l", EnvironmentURL: "https://e", CreatorLogin: "ann", ViaApp: "github-actions"}},
		},
		"permission": {
			"GET /repos/octo/shop/collaborators/ann/permission", "", `{"permission":"write","role_name":"maintain","user":{"id":1,"login":"Ann"}}`,
			func(r *github.Repo) (any, error) { return r.Permission(background(), "ann") },
			github.Permission{Role: "maintain", Level: "write", UserID: 1, Login: "Ann"},
		},
		"permission, old server": {
			"GET /repos/octo/shop/collaborators/x%5Bbot%5D/permission", "", `{"permission":"read","user":{"id":1,"login":"x[bot]"}}`,
			func(r *github.Repo) (any, error) { return r.Permission(background(), "x[bot]") },
			github.Permission{Role: "read", Level: "read", UserID: 1, Login: "x[bot]"},
		},
		"user": {
			"GET /users/x%5Bbot%5D", "", `{"id":1,"login":"x[bot]","type":"Bot"}`,
			func(r *github.Repo) (any, error) { return r.User(background(), "x[bot]") },
			github.Person{ID: 1, Login: "x[bot]", Type: "Bot"},
		},
		"team":    {"GET /orgs/octo/teams/ops", "", `{"id":1}`, team, true},
		"no team": {"GET /nothing", "", ``, team, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "")
			f.on(tt.route, reply(200, tt.answer))
			got, err := tt.call(f.repo())
			ok(t, err)
			if !reflect.DeepEqual(plainTimes(got), plainTimes(tt.want)) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if tt.answer != "" {
				equal(t, "query", f.last().Query, tt.query)
				equal(t, "authorization", f.last().Auth, "token "+token)
			}
		})
	}
}

func team(r *github.Repo) (any, error) { return r.Team(background(), "octo", "ops") }

// plainTimes compares times as texts, because a parsed UTC time and a made one differ inside.
func plainTimes(v any) string { return fmt.Sprintf("%+v", v) }

func TestFileShapes(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /repos/octo/shop/contents/dir", reply(200, `[{"type":"file","name":"a"}]`))
	f.on("GET /repos/octo/shop/contents/link", reply(200, `{"type":"symlink","target":"/etc"}`))
	f.on("GET /repos/octo/shop/contents/big", reply(200, `{"type":"file","encoding":"none","content":"","sha":"abc"}`))
	f.on("GET /repos/octo/shop/git/blobs/abc", reply(200, `large`))
	r := f.repo()
	for _, path := range []string{"dir", "link"} {
		_, err := r.File(background(), path, "")
		fails(t, err, github.Invalid)
	}
	f.on("GET /repos/octo/shop/contents/huge", reply(200, `{"type":"file","encoding":"none","size":10485761,"sha":"abc"}`))
	_, err := r.File(background(), "huge", "")
	fails(t, err, github.Invalid)
	_, err = r.File(background(), "none", "")
	fails(t, err, github.NotFound)
	file, err := r.File(background(), "big", "")
	ok(t, err)
	equal(t, "content", string(file.Content), "large")
}

// TestNoSuchCommit knows both of GitHub's answers.
func TestNoSuchCommit(t *testing.T) {
	f := newFake(t, "")
	for _, answer := range []int{404, 422} {
		f.on("*", reply(answer, `{"message":"No commit found for SHA: abc"}`))
		_, err := f.repo().Head(background(), "abc")
		fails(t, err, github.NotFound)
		_, err = f.repo().Commit(background(), "abc")
		fails(t, err, github.NotFound)
	}
	f.on("*", reply(200, `[]`))
	_, err := f.repo().LastCommitOf(background(), "x", "main")
	fails(t, err, github.NotFound)
}

func TestEnvironment(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /repos/octo/shop/environments/prod%2Feu", reply(200, `{"id":4,"name":"prod/eu","html_url":"https://e","can_admins_bypass":true,
		"protection_rules":[{"id":1,"type":"wait_timer","wait_timer":30},{"id":2,"type":"required_reviewers","prevent_self_review":true,
			"reviewers":[{"type":"User","reviewer":{"id":1,"login":"ann"}},{"type":"Team","reviewer":{"id":2,"slug":"ops"}},{"type":"Robot","reviewer":{"id":3}}]},{"id":3,"type":"branch_policy"},{"id":4,"type":"new_kind"}],
		"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":true}}`))
	f.on("GET /repos/octo/shop/environments/prod%2Feu/deployment-branch-policies", reply(200, `{"branch_policies":[{"id":1,"name":"release/*","type":"branch"},{"id":2,"name":"v*","type":"tag"}]}`))
	f.on("GET /repos/octo/shop/environments/prod%2Feu/deployment_protection_rules", reply(200, `{"custom_deployment_protection_rules":[{"id":8,"enabled":true,"app":{"id":77,"slug":"gatehouse"}}]}`))
	got, err := f.repo().Environment(background(), "prod/eu")
	ok(t, err)
	want := github.Environment{
		ID: 4, Name: "prod/eu", HTMLURL: "https://e", AdminsBypass: true, WaitTimer: 30, PreventSelfReview: true,
		Reviewers:  []github.Reviewer{{Type: "User", ID: 1, Name: "ann"}, {Type: "Team", ID: 2, Name: "ops"}, {Type: "Robot", ID: 3}},
		Restricted: true, BranchPatterns: []string{"release/*"}, Rules: []github.CustomRule{{ID: 8, AppID: 77, AppSlug: "gatehouse", Enabled: true}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestEnvironmentFailsClosed takes a missing list of rules for none, and a forbidden one for an error.
func TestEnvironmentFailsClosed(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /repos/octo/shop/environments/dev", reply(200, `{"id":1,"name":"dev","protection_rules":[]}`))
	env, err := f.repo().Environment(background(), "dev")
	ok(t, err)
	equal(t, "rules", len(env.Rules), 0)
	f.on("GET /repos/octo/shop/environments/dev/deployment_protection_rules", reply(403, `{"message":"Resource not accessible by integration"}`))
	_, err = f.repo().Environment(background(), "dev")
	equal(t, "permission", failed(t, err, github.Forbidden).Permission, "actions: read")
}

func TestCommitChecks(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /repos/octo/shop/commits/abc/check-runs", reply(200, `{"check_runs":[
		{"id":1,"name":"ours","app":{"id":77,"slug":"gatehouse"}},
		{"id":2,"name":"test","app":{"id":15368,"slug":"github-actions"},"status":"completed","conclusion":"success","html_url":"https://t"}]}`))
	f.on("GET /repos/octo/shop/commits/abc/status", reply(200, `{"statuses":[
		{"context":"ci/a","state":"pending","target_url":"https://a","updated_at":"2026-01-01T00:00:00Z"},{"context":"ci/b","state":"error"},{"context":"ci/c","state":"success"}]}`))
	got, err := f.repo().CommitChecks(background(), "abc")
	ok(t, err)
	want := []github.CommitCheck{
		{Name: "test", App: "github-actions", Status: github.Completed, Conclusion: github.Success, URL: "https://t"},
		{Name: "ci/a", Status: github.InProgress, URL: "https://a", IsStatus: true},
		{Name: "ci/b", Status: github.Completed, Conclusion: github.Errored, IsStatus: true},
		{Name: "ci/c", Status: github.Completed, Conclusion: github.Success, IsStatus: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	f.on("GET /repos/octo/shop/commits/abc/status", reply(403, `{"message":"Resource not accessible by integration"}`))
	_, err = f.repo().CommitChecks(background(), "abc")
	equal(t, "permission", failed(t, err, github.Forbidden).Permission, "statuses: read")
}

// TestPages follows GitHub's own "next", page by page, and gives up on a list without an end.
func TestPages(t *testing.T) {
	f := newFake(t, "")
	page := 0
	f.on("*", func(w http.ResponseWriter, r *http.Request) {
		page++
		next := ""
		if page < 3 {
			next = fmt.Sprintf(`<%s/x?page=%d>; rel="next"`, f.url, page+1)
		}
		reply(200, fmt.Sprintf(`[{"id":%d}]`, page), "Link", next)(w, r)
	})
	all, err := f.repo().FindDeployments(background(), "abc", "")
	ok(t, err)
	equal(t, "entries", len(all), 3)
	equal(t, "query", f.last().Query, "page=3&per_page=100&sha=abc")

	f.on("*", reply(200, `[]`, "Link", `<`+f.url+`/x?page=9>; rel="next"`))
	_, err = f.repo().FindDeployments(background(), "abc", "")
	fails(t, err, github.Unexpected)
	_, err = f.app().Installations(background())
	fails(t, err, github.Unexpected)
}

func TestFindCheck(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /repos/octo/shop/commits/abc/check-runs", reply(200, `{"check_runs":[
		{"id":1,"name":"p / s","external_id":"r/s/1","app":{"id":77}},{"id":4,"name":"p / s","external_id":"r/s/1","app":{"id":77}},
		{"id":5,"name":"p / s","external_id":"r/s/2","app":{"id":77}},{"id":6,"name":"p / s","external_id":"r/s/1","app":{"id":1}}]}`))
	id, found, err := f.repo().FindCheck(background(), "abc", "p / s", "r/s/1")
	ok(t, err)
	equal(t, "id", id, 4)
	equal(t, "found", found, true)
	equal(t, "query", f.last().Query, "app_id=77&check_name=p+%2F+s&filter=all&page=1&per_page=100")
	_, found, err = f.repo().FindCheck(background(), "abc", "p / s", "r/s/3")
	ok(t, err)
	equal(t, "found", found, false)
}

// TestFindComment takes only our own words for ours.
func TestFindComment(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /app", reply(200, `{"id":77,"slug":"gatehouse"}`))
	f.on("GET /app/installations", reply(200, `[{"id":4,"suspended_at":"2026-01-01T00:00:00Z"},{"id":5}]`))
	f.on("GET /users/gatehouse%5Bbot%5D", reply(200, `{"id":6,"login":"gatehouse[bot]","type":"Bot"}`))
	f.on("GET /repos/octo/shop/issues/3/comments", reply(200, `[{"id":1,"body":"<!-- m1 -->","user":{"id":99},"created_at":"2090-03-04T13:00:00Z"},
		{"id":2,"body":"<!-- m1 -->","user":{"id":6},"created_at":"2090-03-04T11:00:00Z"},{"id":3,"body":"x <!-- m1 -->","user":{"id":6},"created_at":"2090-03-04T13:00:00Z"}]`))
	r := f.repo()
	id, found, err := r.FindComment(background(), 3, noon, "<!-- m1 -->")
	ok(t, err)
	equal(t, "issue comment", fmt.Sprint(id, found), "3 true")
	equal(t, "query", f.last().Query, "page=1&per_page=100&since=2090-03-04T12%3A00%3A00Z")
	_, found, err = r.FindComment(background(), 3, noon, "<!-- m2 -->")
	ok(t, err)
	equal(t, "found", found, false)
}

// TestSelf asks once, and again as long as nobody has installed the App.
func TestSelf(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /app", reply(200, `{"id":77,"slug":"gatehouse","name":"Gatehouse","html_url":"https://a","permissions":{"checks":"write","a_new_one":"read"},"events":["push"]}`))
	f.on("GET /app/installations", reply(200, `[]`))
	f.on("GET /users/gatehouse%5Bbot%5D", reply(200, `{"id":6,"login":"gatehouse[bot]","type":"Bot"}`))
	a := f.app()
	self, err := a.Self(background())
	ok(t, err)
	equal(t, "bot", self.BotID, 0)
	f.on("GET /app/installations", reply(200, `[{"id":5,"account":{"id":1,"login":"octo","type":"Organization"}}]`))
	self, err = a.Self(background())
	ok(t, err)
	equal(t, "self", fmt.Sprintf("%+v", self), "{ID:77 Slug:gatehouse Name:Gatehouse HTMLURL:https://a BotLogin:gatehouse[bot] BotID:6 Permissions:map[a_new_one:read checks:write] Events:[push]}")
	asked := len(f.requests())
	_, err = a.Self(background())
	ok(t, err)
	equal(t, "requests", len(f.requests()), asked)
}

func TestInstallations(t *testing.T) {
	f := newFake(t, "")
	one := `{"id":5,"account":{"id":1,"login":"octo","type":"Organization"},"html_url":"https://i","repository_selection":"all","permissions":{"checks":"write"},"events":["push"],"suspended_at":"2026-01-01T00:00:00Z"}`
	f.on("GET /app/installations", reply(200, `[`+one+`]`))
	f.on("GET /repos/octo/shop/installation", reply(200, one))
	all, err := f.app().Installations(background())
	ok(t, err)
	got, err := f.app().InstallationOf(background(), "octo", "shop")
	ok(t, err)
	want := github.Installation{
		ID: 5, Account: github.Person{ID: 1, Login: "octo", Type: "Organization"}, HTMLURL: "https://i", Suspended: true, AllRepos: true,
		Permissions: map[string]string{"checks": "write"}, Events: []string{"push"},
	}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(all, []github.Installation{want}) {
		t.Errorf("got  %+v and %+v\nwant %+v", got, all, want)
	}
	_, err = f.app().InstallationOf(background(), "octo", "other")
	fails(t, err, github.NotFound)
	_, err = f.app().InstallationOf(background(), "octo", "../x")
	if e := failed(t, err, github.Invalid); strings.Contains(e.Error(), "HTTP") {
		t.Errorf("it was sent: %v", e)
	}
}

package witness_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

const repoName = "avalo/avaloapp"

const deployYAML = `name: Deploy
on:
  workflow_dispatch:
    inputs:
      gatehouse_run: {required: true}
      sha: {required: true}
      environment: {required: true}
jobs:
  deploy:
    environment: ${{ inputs.environment }}
    steps: [{run: ./deploy.sh}]
`

// acted plays the app's part in a real sandbox by hand, one request after another.
type acted struct {
	*sandbox.World
	t     *testing.T
	slack *sandbox.Slack
	clock *sandbox.ManualClock
	url   string
	token string
}

func newActed(t *testing.T) *acted {
	t.Helper()
	_, key, err := sandbox.NewAppKey()
	must(t, err)
	ear := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(ear.Close)
	a := &acted{t: t, clock: sandbox.NewManualClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	a.World = sandbox.New(sandbox.Options{AppID: 42, AppKey: key, Clock: a.clock, Step: time.Second, HTTPClient: ear.Client()})
	a.slack = sandbox.NewSlack(a.World, sandbox.SlackOptions{Token: "xoxb-1"})
	server := httptest.NewServer(a.slack.Handler())
	t.Cleanup(func() { a.Close(); server.Close() })
	a.url = server.URL
	a.SetURLs(server.URL, ear.URL)
	a.settle()
	now := a.clock.Now()
	a.token, err = jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: "42", IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	}).SignedString(key)
	must(t, err)
	id := a.Install("avalo").ID
	a.token, _ = a.ask("POST", fmt.Sprintf("/app/installations/%d/access_tokens", id), nil)["token"].(string)
	return a
}

func (a *acted) settle() {
	a.AddOrg("avalo", "ivan")
	for _, login := range []string{"dana", "ada", "ivan"} {
		a.AddUser(login, login)
	}
	a.AddRepo("avalo", "avaloapp", sandbox.RepoOptions{Private: true})
	must(a.t, a.SetRole(repoName, "dana", "write"))
	must(a.t, a.SetRole(repoName, "ada", "write"))
	must(a.t, a.SetEnvironment(repoName, sandbox.Environment{Name: "staging"}))
	must(a.t, a.SetEnvironment(repoName, sandbox.Environment{Name: "production", Reviewers: []string{"ada"}, CustomRule: true}))
	a.slack.AddChannel(sandbox.SlackChannel{Name: "releases", ID: "C1"})
	a.AddSite("staging", nil)
	a.AddSite("production", nil)
	a.push("main", map[string]string{".github/workflows/deploy.yml": deployYAML})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (a *acted) push(branch string, files map[string]string) string {
	a.t.Helper()
	sha, err := a.Push(repoName, sandbox.Push{Branch: branch, By: "dana", Message: "Work", Files: files})
	must(a.t, err)
	return sha
}

// ask calls the REST API as the app and wants it to be granted.
func (a *acted) ask(method, path string, body any) obj {
	a.t.Helper()
	text, err := json.Marshal(body)
	must(a.t, err)
	return a.send(method, a.url+"/api/v3"+path, "application/json", "Bearer "+a.token, text)
}

func (a *acted) tell(method string, form url.Values) string {
	a.t.Helper()
	form.Set("channel", "C1")
	form.Set("token", "xoxb-1")
	ts, _ := a.send("POST", a.url+"/slack/api/"+method, "application/x-www-form-urlencoded", "", []byte(form.Encode()))["ts"].(string)
	return ts
}

func (a *acted) send(method, to, kind, auth string, body []byte) obj {
	a.t.Helper()
	a.clock.Advance(time.Millisecond)
	req, err := http.NewRequestWithContext(a.t.Context(), method, to, bytes.NewReader(body))
	must(a.t, err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", auth)
	resp, err := http.DefaultClient.Do(req)
	must(a.t, err)
	defer resp.Body.Close() //nolint:errcheck // the body was read; nothing is lost
	if resp.StatusCode >= 300 {
		a.t.Fatalf("%s %s was answered %d", method, to, resp.StatusCode)
	}
	out := obj{}
	_ = json.NewDecoder(resp.Body).Decode(&out) // A page is no JSON, and nothing is wanted of it.
	return out
}

func (a *acted) deploy(sha, branch, environment string) int64 {
	a.t.Helper()
	out := a.ask("POST", "/repos/"+repoName+"/actions/workflows/deploy.yml/dispatches", obj{
		"ref": branch, "return_run_details": true,
		"inputs": obj{"gatehouse_run": environment + "/deploy/1", "sha": sha, "environment": environment},
	})
	id, _ := out["workflow_run_id"].(float64)
	return int64(id)
}

// over lets the jobs run and the webhooks arrive.
func (a *acted) over() {
	a.clock.Advance(time.Minute)
	a.Drain()
}

func (a *acted) verified(sha, environment string, paths ...string) {
	a.t.Helper()
	for _, path := range paths {
		a.send("GET", a.url+"/sites/"+environment+path, "", "", nil)
	}
	snapshot, err := a.Snapshot(repoName)
	must(a.t, err)
	for _, d := range snapshot.Deployments {
		if d.SHA == sha {
			a.ask("POST", fmt.Sprintf("/repos/%s/deployments/%d/statuses", repoName, d.ID), obj{"state": "success", "log_url": "http://gatehouse/runs/1"})
		}
	}
}

func (a *acted) open(run int64) {
	a.t.Helper()
	a.ask("POST", fmt.Sprintf("/repos/%s/actions/runs/%d/deployment_protection_rule", repoName, run), obj{"environment_name": "production", "state": "approved", "comment": "ok"})
}

// play tells the whole story; hasty opens the door before anybody approved.
func (a *acted) play(hasty bool) witness.World {
	a.t.Helper()
	w := witness.World{Version: "v1.2.0", Environment: "production", Gate: "reviewers", Approvers: []string{"ada"}, Author: "dana"}
	w.Staging = a.push("main", map[string]string{"a": "1"})
	a.deploy(w.Staging, "main", "staging")
	a.over()
	a.verified(w.Staging, "staging", "/", "/api/health")

	w.Release = a.push("release/v1.2.0", map[string]string{"a": "2"})
	run := a.deploy(w.Release, "release/v1.2.0", "production")
	check, _ := a.ask("POST", "/repos/"+repoName+"/check-runs", obj{
		"name": "production / Approval", "head_sha": w.Release, "status": "completed", "conclusion": "action_required", "details_url": "http://gatehouse/runs/1",
	})["id"].(float64)
	button := fmt.Sprintf(`[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Review"},"url":"%s/%s/actions/runs/%d"}]}]`, a.url, repoName, run)
	meta := `{"event_type":"gatehouse_run","event_payload":{"run":"r2","role":"main"}}`
	ts := a.tell("chat.postMessage", url.Values{"text": {"v1.2.0 waits"}, "blocks": {button}, "metadata": {meta}})
	if hasty {
		a.open(run)
	}
	a.clock.Advance(time.Millisecond)
	must(a.t, a.Review("ada", repoName, run, []string{"production"}, "approved", "Looks good"))
	if !hasty {
		a.open(run)
	}
	a.over()
	a.verified(w.Release, "production", "/", "/api/health", "/beta")
	a.ask("PATCH", fmt.Sprintf("/repos/%s/check-runs/%d", repoName, int64(check)), obj{"status": "completed", "conclusion": "success"})
	a.tell("chat.update", url.Values{"ts": {ts}, "text": {"v1.2.0 is verified"}, "blocks": {"[]"}, "metadata": {meta}})
	a.Drain()
	return a.seen(w)
}

func (a *acted) seen(w witness.World) witness.World {
	a.t.Helper()
	var err error
	w.Repo, err = a.Snapshot(repoName)
	must(a.t, err)
	w.Calls, w.Messages = a.Record(), a.slack.Messages("releases")
	return w
}

// What the sandbox really records is what the rules read.
func TestSandboxPlayedByHand(t *testing.T) {
	for _, v := range witness.Release(newActed(t).play(false)) {
		t.Errorf("%s: %s", v.Rule, v.Saw)
	}
}

func TestSandboxPlayedHastily(t *testing.T) {
	var rules []string
	for _, v := range witness.Release(newActed(t).play(true)) {
		rules = append(rules, v.Rule)
	}
	if got := strings.Join(slices.Compact(rules), " "); got != "policy-first" {
		t.Errorf("got %q", got)
	}
}

package stage_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/discord"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	repoName  = "acme/shop"
	runID     = pipeline.RunID("6924f1c0a1b2c3d4")
	botToken  = "xoxb-secret-of-the-bot"
	hookToken = "secret-of-the-webhook"
	config    = `version: 1
environments:
  production:
    firebase: avalo-c8c46
    url: https://avalo.example
    approval: {need: [{team: approvers, count: 1}], expires: 72h}
notify: {slack: "#releases", discord: true}
pipelines:
  production:
    on: {push: release/*}
    environment: production
    stages:
      - workflow: test.yml
      - approval
      - deploy: {workflow: deploy.yml}
      - smoke: [{get: /, status: 200}]
      - notify
`
	head = `on:
  workflow_dispatch:
    inputs:
      gatehouse_run: {required: true}
      sha: {required: true}
      environment: {required: true}
      gatehouse_needs: {default: "{}"}
`
	named      = `run-name: "Run ${{ inputs.environment }} [gh:${{ inputs.gatehouse_run }}]"` + "\n"
	testYAML   = named + head + "jobs:\n  test:\n    steps: [{run: echo}]\n"
	deployYAML = named + head + "jobs:\n  deploy:\n    environment: ${{ inputs.environment }}\n    steps: [{run: echo}]\n"
)

type appKey struct {
	pem []byte
	key *rsa.PrivateKey
}

var oneKey = sync.OnceValue(func() appKey {
	pem, key, err := sandbox.NewAppKey()
	if err != nil {
		panic(err)
	}
	return appKey{pem, key}
})

// rig is a sandbox with the real adapters and the performers in front of it.
type rig struct {
	*sandbox.World
	t       *testing.T
	slack   *sandbox.Slack
	discord *sandbox.Discord
	clock   *sandbox.ManualClock
	url     string
	sha     string // of the release
	repo    pipeline.Repo
	*stage.Performers
}

func newRig(t *testing.T, change ...func(*stage.Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: sandbox.NewManualClock(time.Now().UTC().Truncate(time.Second))}
	r.World = sandbox.New(sandbox.Options{AppID: 42, AppKey: oneKey().key, WebhookSecret: "s", Clock: r.clock, Step: time.Second})
	r.slack = sandbox.NewSlack(r.World, sandbox.SlackOptions{Token: botToken})
	r.slack.AddChannel(sandbox.SlackChannel{Name: "releases"})
	r.discord = sandbox.NewDiscord(r.World, sandbox.DiscordOptions{Token: hookToken})
	server := httptest.NewServer(r.discord.Handler(r.slack.Handler()))
	r.url = server.URL
	r.SetURLs(server.URL, "")
	t.Cleanup(func() { r.Close(); server.Close() })
	r.people()
	app, err := github.New(github.Config{AppID: 42, PrivateKey: oneKey().pem, V3URL: server.URL + "/api/v3/", WebURL: server.URL}, github.Options{Clock: r.clock.Now})
	must(t, err)
	prober, err := stage.NewProber(stage.ProberOptions{Allow: []string{"127.0.0.1:*"}, Clock: r.clock.Now})
	must(t, err)
	webhook, err := discord.New(discord.Config{URL: server.URL + r.discord.WebhookPath()}, discord.Options{Clock: r.clock.Now})
	must(t, err)
	o := stage.Options{
		Discord: webhook,
		Repos:   stage.ReposOf(app), App: app, Prober: prober, Clock: r.clock.Now, Links: templates.Links{Public: "https://gatehouse.example", Web: server.URL},
		Slack: slack.New(slack.Config{Token: botToken, APIURL: server.URL + "/slack/api/"}, slack.Options{Clock: r.clock.Now}),
	}
	for _, f := range change {
		f(&o)
	}
	r.Performers, err = stage.New(o)
	must(t, err)
	return r
}

func (r *rig) people() {
	r.AddUser("alice", "Alice")
	r.AddUser("bob", "Bob")
	r.AddUser("carol", "Carol")
	r.AddOrg("acme", "alice")
	r.AddTeam("acme", "approvers", "carol")
	world := r.AddRepo("acme", "shop", sandbox.RepoOptions{})
	must(r.t, r.SetRole(repoName, "bob", "write"))
	must(r.t, r.SetRole(repoName, "carol", "read"))
	r.repo = pipeline.Repo{Installation: r.Install("acme").ID, ID: world.ID, Owner: "acme", Name: "shop", DefaultBranch: "main"}
	r.push("main", map[string]string{
		".github/gatehouse.yml": config, ".github/workflows/test.yml": testYAML, ".github/workflows/deploy.yml": deployYAML,
	})
	r.sha = r.push("release/v1.2.0", map[string]string{"app.txt": "2", "firestore.rules": "x"})
}

func (r *rig) push(branch string, files map[string]string) string {
	r.t.Helper()
	sha, err := r.Push(repoName, sandbox.Push{Branch: branch, By: "bob", Message: "Change " + branch, Files: files})
	must(r.t, err)
	return sha
}

// run is a run of the configuration for the release.
func (r *rig) run() *pipeline.Run {
	r.t.Helper()
	spec, problems := pipeline.Parse([]byte(config), pipeline.Options{})
	if len(problems) > 0 {
		r.t.Fatal(problems)
	}
	run := &pipeline.Run{
		V: pipeline.RunVersion, ID: runID, Repo: r.repo, Lane: "avalo-c8c46", Pipeline: "production", Environment: "production", Spec: spec, Seq: 1,
		Release: pipeline.Release{Ref: "refs/heads/release/v1.2.0", SHA: r.sha, Version: "v1.2.0"}, Status: pipeline.RunActive,
		CreatedAt: r.clock.Now(), Stages: map[string]*pipeline.StageRun{},
	}
	for _, st := range run.Plan().Stages {
		run.Stages[st.ID] = &pipeline.StageRun{Status: pipeline.StagePending, Attempt: 1}
	}
	return run
}

// job is an effect that its run waits for.
func (r *rig) job(e pipeline.Effect, tries int) engine.Job {
	run := r.run()
	run.Stages["deploy"].Doing = "key"
	if door, ok := e.(pipeline.AnswerDoor); ok {
		run.Stages["deploy"].Status, run.Stages["deploy"].Workflow = pipeline.StageRunning, &pipeline.WorkflowRun{ID: door.Workflow}
	}
	return engine.Job{
		Key: "key", Effect: e, Repo: r.repo, Run: run, Intake: &pipeline.Intake{ID: "in1"}, Tries: tries, FirstAt: r.clock.Now(), Now: r.clock.Now(),
	}
}

// perform expects an outcome of type T.
func perform[T pipeline.Outcome](r *rig, job engine.Job) T {
	r.t.Helper()
	outcome, err := r.Perform(context.Background(), job)
	must(r.t, err)
	noSecrets(r.t, outcome)
	t, ok := outcome.(T)
	if !ok {
		r.t.Fatalf("%T: got %#v", job.Effect, outcome)
	}
	return t
}

// hinders expects that a person has to lift something, and gives what he is told.
func hinders(r *rig, job engine.Job) string {
	r.t.Helper()
	return text(pipeline.Failed{Refusal: *r.retries(job, engine.RetryHindered).Hindered})
}

// retries expects an error that says when to try again.
func (r *rig) retries(job engine.Job, class engine.RetryClass) *engine.Retry {
	r.t.Helper()
	outcome, err := r.Perform(context.Background(), job)
	var again *engine.Retry
	if !errors.As(err, &again) || again.Class != class {
		r.t.Fatalf("got %#v, %v, want a retry of class %s", outcome, err, class)
	}
	noSecrets(r.t, again.Reason)
	return again
}

// lose has the next such POST happen and its answer lost.
func (r *rig) lose(contains string) {
	r.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "POST", Contains: contains, Kind: sandbox.Status502, Ambiguous: true, Times: 1}}})
}

func (r *rig) snapshot() sandbox.Snapshot {
	r.t.Helper()
	s, err := r.Snapshot(repoName)
	must(r.t, err)
	return s
}

// calls counts POST requests whose path contains the text.
func (r *rig) calls(contains string) int {
	n := 0
	for _, c := range r.Record() {
		if c.Method == "POST" && strings.Contains(c.Path, contains) {
			n++
		}
	}
	return n
}

// reads counts the GET requests whose path has the text.
func (r *rig) reads(contains string) int {
	n := 0
	for _, c := range r.Record() {
		if c.Method == "GET" && strings.Contains(c.Path, contains) {
			n++
		}
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func text(f pipeline.Failed) string {
	return f.Refusal.Code + "\n" + f.Refusal.Reason + "\n" + f.Refusal.Fix + "\n" + f.Refusal.Lines
}

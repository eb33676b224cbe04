package live_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/live"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	config = `version: 1
environments:
  production:
    firebase: avalo-c8c46
    url: https://avalo.example
    approval: {need: [{team: approvers, count: 1}]}
notify: {slack: "#releases"}
pipelines:
  production:
    on: {push: release/*}
    environment: production
    stages:
      - workflow: test.yml
      - approval
      - deploy: {workflow: deploy.yml}
      - notify
`
	trigger = `run-name: "Run [gh:${{ inputs.gatehouse_run }}]"
on:
  workflow_dispatch:
    inputs: {gatehouse_run: {required: true}, sha: {required: true}, environment: {required: true}, gatehouse_needs: {default: "{}"}}
`
	testYAML   = trigger + "jobs:\n  test:\n    steps: [{run: echo}]\n"
	deployYAML = trigger + "jobs:\n  deploy:\n    environment: ${{ inputs.environment }}\n    steps: [{run: echo}]\n"
)

// sound are the facts of a repository of which nothing is to be said but its gate.
func sound(t *testing.T) *live.Facts {
	t.Helper()
	f := &live.Facts{
		Repo:   pipeline.Repo{Installation: 5, ID: 9, Owner: "acme", Name: "shop", DefaultBranch: "main"},
		WebURL: "https://github.example",
		App:    github.Self{ID: 77, Slug: "gatehouse", Name: "Gatehouse", HTMLURL: "https://github.example/apps/gatehouse", Permissions: map[string]string{}},
		Installation: &github.Installation{
			ID: 5, Account: github.Person{Login: "acme"}, HTMLURL: "https://github.example/organizations/acme/settings/installations/5", Permissions: map[string]string{},
		},
		Installations: 1,
		Info:          &github.RepoInfo{ID: 9, Owner: "acme", OwnerType: "Organization", Name: "shop", DefaultBranch: "main", HTMLURL: "https://github.example/acme/shop"},
		Branch:        &github.Branch{Name: "main", Protected: true},
		Workflows: map[live.At]live.Workflow{
			{File: "test.yml", Branch: "main"}: {Found: true, Source: []byte(testYAML)}, {File: "deploy.yml", Branch: "main"}: {Found: true, Source: []byte(deployYAML)},
		},
		States: map[string]string{"test.yml": "active", "deploy.yml": "active"},
		Environments: map[string]*github.Environment{
			"production": {ID: 3, Name: "production", Rules: []github.CustomRule{{AppID: 77, Enabled: true}}},
		},
		Teams: map[string]live.Team{"approvers": {Found: true, Members: []pipeline.Person{{ID: 1, Login: "ann"}, {ID: 2, Login: "bob"}}}},
		Users: map[string]github.Permission{},
		Slack: &live.Slack{Channels: map[string]slack.Channel{"#releases": {ID: "C1", Name: "releases", Member: true}}},
	}
	for _, p := range live.Permissions() {
		f.Installation.Permissions[p.Name], f.App.Permissions[p.Name] = p.Level, p.Level
	}
	for _, e := range live.Events() {
		f.Installation.Events = append(f.Installation.Events, e.Name)
	}
	configure(t, f, config)
	return f
}

func configure(t *testing.T, f *live.Facts, source string) {
	t.Helper()
	spec, problems := pipeline.Parse([]byte(source), pipeline.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	f.Config = live.Config{Name: ".github/gatehouse.yml", Source: []byte(source), Spec: spec}
}

// replaced changes one text of the configuration.
func replaced(from, to string) func(*testing.T, *live.Facts) {
	return func(t *testing.T, f *live.Facts) {
		t.Helper()
		if !strings.Contains(config, from) {
			t.Fatalf("the configuration does not hold %q", from)
		}
		configure(t, f, strings.Replace(config, from, to, 1))
	}
}

func environment(change func(*github.Environment)) func(*testing.T, *live.Facts) {
	return func(_ *testing.T, f *live.Facts) { change(f.Environments["production"]) }
}

func deploy(source string) func(*testing.T, *live.Facts) {
	return func(_ *testing.T, f *live.Facts) {
		f.Workflows[live.At{File: "deploy.yml", Branch: "main"}] = live.Workflow{Found: true, Source: []byte(source)}
	}
}

func facts(change func(*live.Facts)) func(*testing.T, *live.Facts) {
	return func(_ *testing.T, f *live.Facts) { change(f) }
}

// TestJudge says in words what each wrong fact means: its golden file is the report.
func TestJudge(t *testing.T) {
	private := func(f *live.Facts) { f.Info.Private = true }
	for name, change := range map[string]func(*testing.T, *live.Facts){
		"sound":         facts(func(*live.Facts) {}),
		"not-installed": facts(func(f *live.Facts) { *f = live.Facts{Repo: f.Repo, WebURL: f.WebURL, App: f.App} }),
		"not-covered": facts(func(f *live.Facts) {
			*f = live.Facts{Repo: f.Repo, WebURL: f.WebURL, App: f.App, Elsewhere: f.Installation}
		}),
		"permissions-never-asked": facts(func(f *live.Facts) {
			f.App.Permissions, f.Installation.Permissions = map[string]string{"checks": "read"}, map[string]string{"checks": "read"}
			f.Installation.Events = nil
		}),
		"permissions-not-accepted": facts(func(f *live.Facts) { f.Installation.Permissions["deployments"] = "read" }),
		"not-bound": facts(func(f *live.Facts) {
			f.Unbound = &pipeline.Refusal{Code: "not-bound", Reason: "It is not bound.", Fix: "Bind it:", Lines: "- {repository: acme/shop}"}
		}),
		"unprotected-on-a-free-plan": facts(func(f *live.Facts) {
			private(f)
			f.Branch.Protected, f.NoRulesets = false, true
		}),
		"config-missing": facts(func(f *live.Facts) { f.Config = live.Config{} }),
		"config-broken": facts(func(f *live.Facts) {
			_, problems := pipeline.Parse([]byte("version: 2\n"), pipeline.Options{})
			f.Config = live.Config{Name: ".github/gatehouse.yml", Problems: problems}
		}),
		"gate-of-gatehouse":            replaced("approval: {", "approval: {gate: gatehouse, "),
		"gate-auto-in-a-private-place": facts(func(f *live.Facts) { private(f); f.Environments["production"].Rules = nil }),
		"gate-with-reviewers":          environment(func(e *github.Environment) { e.Reviewers = []github.Reviewer{{Type: "Team", Name: "approvers"}} }),
		"rule-missing-in-private": func(t *testing.T, f *live.Facts) {
			private(f)
			f.Environments["production"].Rules = nil
			replaced("approval: {", "approval: {gate: environment, ")(t, f)
		},
		"rule-of-another-app": environment(func(e *github.Environment) {
			e.Rules[0].AppID, e.Reviewers = 8, []github.Reviewer{{Type: "User", Name: "ann"}}
		}),
		"rule-disabled": environment(func(e *github.Environment) { e.Rules[0].Enabled = false }),
		"rule-disabled-and-required": func(t *testing.T, f *live.Facts) {
			f.Environments["production"].Rules[0].Enabled = false
			replaced("approval: {", "approval: {gate: environment, ")(t, f)
		},
		"no-branch-may-deploy": environment(func(e *github.Environment) { e.Restricted = true }),
		"environment-missing-in-private": facts(func(f *live.Facts) {
			private(f)
			f.Environments["production"] = nil
		}),
		"environment-unread": facts(func(f *live.Facts) {
			delete(f.Environments, "production")
			f.Unread = []live.Unread{{What: "the environment production", Why: pipeline.Refusal{
				Code: "permission-missing", Reason: "GitHub does not let Gatehouse read it.", Fix: "Grant it. Then retry the stage or push again.",
			}}}
		}),
		"no-job-at-the-environment": func(t *testing.T, f *live.Facts) {
			deploy(testYAML)(t, f)
			replaced("approval: {", "approval: {gate: environment, ")(t, f)
		},
		"another-branch": func(t *testing.T, f *live.Facts) {
			replaced("push: release/*", "push: [release/*, next]")(t, f)
			f.Workflows[live.At{File: "test.yml", Branch: "next"}] = live.Workflow{Found: true, Source: []byte("on: push\njobs: {}\n")}
			f.Workflows[live.At{File: "deploy.yml", Branch: "next"}] = live.Workflow{}
		},
		"several-things-in-one-workflow": deploy("name: Deploy\non: push\nconcurrency: x\njobs:\n  early: {}\n  deploy:\n    environment: {name: production, deployment: false}\n"),
		"the-account-of-a-person": facts(func(f *live.Facts) {
			f.Info.OwnerType, f.Teams["approvers"] = "User", live.Team{}
		}),
		"a-bot-fills-no-place": facts(func(f *live.Facts) {
			f.Teams["approvers"] = live.Team{Found: true, Members: []pipeline.Person{{ID: 3, Login: "helper[bot]", Bot: true}}}
		}),
		"everybody-is-needed": replaced("count: 1", "count: 2"),
		"authors-may-approve": func(t *testing.T, f *live.Facts) {
			replaced("approval: {need: [{team: approvers, count: 1}]", "approval: {author_may_approve: true, need: [{team: approvers, count: 2}]")(t, f)
		},
		"two-groups-one-person": func(t *testing.T, f *live.Facts) {
			f.Users["ann"] = github.Permission{Level: "write", UserID: 1, Login: "ann"}
			f.Teams["approvers"] = live.Team{Found: true, Members: []pipeline.Person{{ID: 1, Login: "ann"}}}
			replaced("{team: approvers, count: 1}", "{team: approvers, count: 1}, {users: [Ann], count: 1}")(t, f)
		},
		"nobody-to-reject":    replaced("count: 1}]", "count: 1}], reject: [{team: qality}, {user: quinn}]"),
		"team-missing":        facts(func(f *live.Facts) { f.Teams["approvers"] = live.Team{} }),
		"slack-archived":      facts(func(f *live.Facts) { f.Slack.Channels["#releases"] = slack.Channel{Name: "releases", Archived: true} }),
		"slack-was-not-asked": facts(func(f *live.Facts) { f.Slack = nil }),
	} {
		t.Run(name, func(t *testing.T) {
			f := sound(t)
			change(t, f)
			found := live.Judge(*f)
			if again := live.Judge(*f); !slices.Equal(found, again) {
				t.Error("the same facts were judged twice and differently")
			}
			var b strings.Builder
			if err := live.Report(&b, "acme/shop", found); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
	}
}

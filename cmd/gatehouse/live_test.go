package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/live"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/templates"
)

// newTown is the demo's team with its repository, on a sandbox GitHub and Slack.
func newTown(t *testing.T, o demo.Options) *demo.Town {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	town, err := demo.Open(l, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	return town
}

// checked runs gatehouse check in the environment of a town.
func checked(t *testing.T, env map[string]string, args ...string) (out string, code int, err error) {
	t.Helper()
	var b bytes.Buffer
	cmd := root(streams{out: &b, err: &b, env: func(name string) string { return env[name] }})
	cmd.SetArgs(append([]string{"check"}, args...))
	err = cmd.ExecuteContext(t.Context())
	return b.String(), exitCode(err), err
}

// clientEnv is what the command line needs of a town's environment: no webhook secret, no store.
func clientEnv(town *demo.Town) map[string]string {
	env := town.Env("", "")
	maps.DeleteFunc(env, func(name, _ string) bool {
		return strings.HasPrefix(name, "GATEHOUSE_") || name == "GITHUB_APP_WEBHOOK_SECRET"
	})
	return env
}

// found runs check --live --json in a town and returns what it found by code, as severities.
func found(t *testing.T, env map[string]string) (map[string]live.Severity, int) {
	t.Helper()
	out, code, err := checked(t, env, "--live", demo.Repo, "--json")
	all := map[string]live.Severity{}
	for line := range strings.Lines(out) {
		var f live.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		if f.What == "" || f.Where == "" {
			t.Errorf("%s does not say what, or where: %+v", f.Code, f)
		}
		if all[f.Code] == "" { // the worst comes first
			all[f.Code] = f.Severity
		}
	}
	if len(all) == 0 {
		t.Fatalf("nothing was found, not even notes: %v", err)
	}
	return all, code
}

// sound is what check says of the demo's town as it is: nothing that would make a release fail.
func sound() map[string]live.Severity {
	return map[string]live.Severity{
		"branch-unprotected": live.Warning, "actions-unknown": live.Note, "admins-bypass": live.Warning, "gate-environment": live.Note,
	}
}

func TestTheDemosTownIsReady(t *testing.T) {
	for gate, want := range map[demo.Gate]map[string]live.Severity{
		demo.GateReviewers: sound(),
		demo.GateRule:      sound(),
		demo.GateNone:      {"branch-unprotected": live.Warning, "actions-unknown": live.Note, "gate-gatehouse": live.Note},
	} {
		got, code := found(t, clientEnv(newTown(t, demo.Options{Gate: gate})))
		if code != exitGood || !maps.Equal(got, want) {
			t.Errorf("gate %s: exit code %d, found %v, want %v", gate, code, got, want)
		}
	}
}

// broken is one wrong setting in the town, and what check finds more than in the sound town; less is what it no longer says.
type broken struct {
	name   string
	town   demo.Options
	change func(w *sandbox.World, s *sandbox.Slack) error
	want   map[string]live.Severity
	less   []string
}

func TestEverySettingThatBreaksARelease(t *testing.T) {
	for _, cases := range [][]broken{brokenRepository(), brokenApp(), brokenFiles(t), brokenEnvironments(), brokenPeople(t)} {
		for _, b := range cases {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				town := newTown(t, b.town)
				if b.change != nil {
					if err := b.change(town.World, town.Slack); err != nil {
						t.Fatal(err)
					}
				}
				want := sound()
				maps.Copy(want, b.want)
				maps.DeleteFunc(want, func(code string, _ live.Severity) bool {
					return slices.Contains(b.less, code) || slices.Contains(b.less, "*") && b.want[code] == ""
				})
				wantCode := exitGood
				if slices.Contains(slices.Collect(maps.Values(want)), live.Error) {
					wantCode = exitFailed
				}
				got, code := found(t, clientEnv(town))
				if !maps.Equal(got, want) || code != wantCode {
					t.Errorf("found %v with exit code %d, want %v with %d", got, code, want, wantCode)
				}
			})
		}
	}
}

func fails(codes ...string) map[string]live.Severity { return all(live.Error, codes...) }

func warns(codes ...string) map[string]live.Severity { return all(live.Warning, codes...) }

func all(s live.Severity, codes ...string) map[string]live.Severity {
	out := map[string]live.Severity{}
	for _, c := range codes {
		out[c] = s
	}
	return out
}

type world = *sandbox.World

// do is a change that cannot fail.
func do(f func(world)) func(world, *sandbox.Slack) error {
	return func(w world, _ *sandbox.Slack) error {
		f(w)
		return nil
	}
}

// try is a change to GitHub that may fail.
func try(f func(world) error) func(world, *sandbox.Slack) error {
	return func(w world, _ *sandbox.Slack) error { return f(w) }
}

func brokenRepository() []broken {
	nothingElse := []string{"*"}
	return []broken{
		{name: "archived", change: try(func(w world) error { return w.SetArchived(demo.Repo, true) }), want: fails("archived"), less: nothingElse},
		{name: "protected", change: try(func(w world) error { return w.ProtectBranch(demo.Repo, "main") }), less: []string{"branch-unprotected"}},
		{name: "ruleset", change: try(func(w world) error { return w.SetRules(demo.Repo, "deletion", "pull_request") }), less: []string{"branch-unprotected"}},
		{name: "ruleset that protects nothing", change: try(func(w world) error { return w.SetRules(demo.Repo, "deletion") })},
		{name: "actions off", change: try(func(w world) error {
			w.SetPermission(demo.Org, "administration", "read")
			return w.SetActions(demo.Repo, false)
		}), want: fails("actions-off"), less: []string{"actions-unknown"}},
	}
}

func brokenApp() []broken {
	nothingElse := []string{"*"}
	events := func(without string) []string {
		return slices.DeleteFunc(sandbox.DefaultEvents(), func(e string) bool { return e == without })
	}
	return []broken{
		{name: "not installed", change: do(func(w world) { w.Uninstall(demo.Org) }), want: fails("not-installed"), less: nothingElse},
		{name: "not for this repository", change: do(func(w world) { w.SelectRepos(demo.Org, "other") }), want: fails("not-covered"), less: nothingElse},
		{name: "suspended", change: do(func(w world) { w.Suspend(demo.Org) }), want: fails("suspended"), less: nothingElse},
		{name: "two accounts, no bindings", change: do(func(w world) {
			w.AddOrg("other")
			w.Install("other")
		}), want: fails("bindings-missing")},
		{name: "no checks", change: do(func(w world) { w.SetPermission(demo.Org, "checks", "read") }), want: fails("permission-unaccepted")},
		{name: "no issues", change: do(func(w world) { w.SetPermission(demo.Org, "issues", "") }), want: warns("permission-unaccepted")},
		{
			name: "no contents", change: do(func(w world) { w.SetPermission(demo.Org, "contents", "") }),
			want: fails("permission-unaccepted", "not-read"), less: []string{"gate-environment", "admins-bypass", "branch-unprotected", "actions-unknown"},
		},
		{name: "no members", change: do(func(w world) { w.SetPermission(demo.Org, "members", "") }), want: fails("permission-unaccepted", "not-read")},
		{
			name: "no actions", change: do(func(w world) { w.SetPermission(demo.Org, "actions", "") }),
			want: fails("permission-unaccepted", "not-read"), less: []string{"gate-environment", "admins-bypass"},
		},
		{name: "no door event", change: do(func(w world) { w.SetEvents(demo.Org, events("deployment_protection_rule")...) }), want: fails("event-missing")},
		{name: "no commit comments", change: do(func(w world) { w.SetEvents(demo.Org, events("commit_comment")...) }), want: warns("event-missing")},
		{name: "checks come by themselves", change: do(func(w world) { w.SetEvents(demo.Org, events("check_run")...) })},
	}
}

// edited is the starter with one text of one file replaced.
func edited(t *testing.T, path, from, to string) demo.Options {
	t.Helper()
	src, err := fs.ReadFile(templates.Starter, "starter/"+path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(src), from) {
		t.Fatalf("%s does not hold %q", path, from)
	}
	return demo.Options{Files: map[string]string{path: strings.Replace(string(src), from, to, 1)}}
}

const (
	configFile = ".github/gatehouse.yml"
	deployFile = ".github/workflows/deploy.yml"
	lintFile   = ".github/workflows/lint.yml"
	envLine    = "    environment: ${{ inputs.environment }}\n"
)

// pushed puts files on a branch, or takes them away.
func pushed(branch string, files map[string]string) func(world, *sandbox.Slack) error {
	return try(func(w world) error {
		_, err := w.Push(demo.Repo, sandbox.Push{Branch: branch, By: demo.Ivan, Message: "Change", Files: files})
		return err
	})
}

func brokenFiles(t *testing.T) []broken {
	gone := func(path string) func(world, *sandbox.Slack) error {
		return pushed("main", map[string]string{path: sandbox.Deleted})
	}
	noSpec := []string{"gate-environment", "admins-bypass"}
	noGate := []string{"gate-environment"}
	reusable := edited(t, deployFile, "jobs:\n", "jobs:\n  inner:\n    needs: deploy\n    uses: ./.github/workflows/inner.yml\n")
	reusable.Files[".github/workflows/inner.yml"] = "on: workflow_call\njobs:\n  go:\n    environment: production\n    steps: [{run: echo}]\n"
	develop := edited(t, configFile, "on: {push: main}", "on: {push: develop}")
	return []broken{
		{name: "no configuration", change: gone(configFile), want: fails("config-missing"), less: noSpec},
		{name: "configuration of the organization", change: try(func(w world) error {
			src, err := fs.ReadFile(templates.Starter, "starter/"+configFile)
			if err != nil {
				return err
			}
			w.AddRepo(demo.Org, ".github", sandbox.RepoOptions{})
			if _, err := w.Push(demo.Org+"/.github", sandbox.Push{Branch: "main", By: demo.Ivan, Message: "x", Files: map[string]string{"gatehouse.yml": string(src)}}); err != nil {
				return err
			}
			return gone(configFile)(w, nil)
		}), want: all(live.Note, "config-shared")},
		{name: "broken configuration", town: edited(t, configFile, "      - approval\n", ""), want: fails("not-approved"), less: noSpec},
		{name: "not available", town: edited(t, configFile, "- workflow: security.yml", "- security: {fail_on: high}"), want: fails("not-available")},
		{name: "branch that does not exist", town: develop, want: warns("branch-missing")},
		{name: "branch with a file less", town: develop, change: pushed("develop", map[string]string{lintFile: sandbox.Deleted}), want: fails("workflow-missing")},
		{name: "workflow missing", change: gone(lintFile), want: fails("workflow-missing")},
		{name: "deploy missing", change: gone(deployFile), want: fails("workflow-missing"), less: noGate},
		{name: "workflow disabled", change: try(func(w world) error { return w.DisableWorkflow(demo.Repo, "lint.yml") }), want: fails("workflow-disabled")},
		{name: "not startable", town: edited(t, lintFile, "workflow_dispatch:", "workflow_call:"), want: fails("workflow-not-startable")},
		{name: "undeclared input", town: edited(t, lintFile, "      sha:\n", "      commit:\n"), want: fails("workflow-inputs")},
		{name: "input that nobody gives", town: edited(t, lintFile, "    inputs:\n", "    inputs:\n      color: {required: true}\n"), want: fails("workflow-input-ungiven")},
		{name: "no YAML", change: pushed("main", map[string]string{lintFile: "on: [\n"}), want: fails("workflow-unreadable")},
		{name: "no mark", town: edited(t, lintFile, " [gh:${{ inputs.gatehouse_run }}]", ""), want: all(live.Note, "workflow-unmarked")},
		{name: "no record", town: edited(t, deployFile, envLine, "    environment: {name: \"${{ inputs.environment }}\", deployment: false}\n"), want: fails("no-deployment-record")},
		{name: "two gated jobs", town: edited(t, deployFile, "jobs:\n", "jobs:\n  again:\n"+envLine+"    steps: [{run: echo}]\n"), want: fails("several-gated-jobs"), less: noGate},
		{name: "job before the gate", town: edited(t, deployFile, "jobs:\n", "jobs:\n  early:\n    steps: [{run: echo}]\n"), want: fails("ungated-job"), less: noGate},
		{name: "concurrency", town: edited(t, deployFile, "jobs:\n", "concurrency: deploy\njobs:\n"), want: fails("gated-concurrency"), less: noGate},
		{name: "always production", town: edited(t, deployFile, envLine, "    environment: production\n"), want: fails("environment-elsewhere")},
		{
			name: "expression", town: edited(t, deployFile, envLine, "    environment: ${{ vars.WHERE }}\n"),
			want: map[string]live.Severity{"environment-unclear": live.Warning, "gate-gatehouse": live.Note}, less: noGate,
		},
		{name: "no environment job", town: edited(t, deployFile, envLine, ""), want: all(live.Note, "gate-gatehouse"), less: noGate},
		{name: "reusable with an environment", town: reusable, want: fails("environment-in-reusable")},
		{name: "reusable that is missing", town: edited(t, deployFile, "jobs:\n", "jobs:\n  inner:\n    needs: deploy\n    uses: ./.github/workflows/none.yml\n"), want: fails("reusable-missing")},
		{name: "reusable of others", town: edited(t, deployFile, "jobs:\n", "jobs:\n  inner:\n    needs: deploy\n    uses: acme/flows/.github/workflows/x.yml@v1\n"), want: warns("reusable-unread")},
		{name: "environment in a stage", town: edited(t, ".github/workflows/migrate.yml", "  migrate:\n", "  migrate:\n"+envLine), want: fails("environment-in-stage")},
	}
}

func brokenEnvironments() []broken {
	set := func(change func(*sandbox.Environment)) func(world, *sandbox.Slack) error {
		return try(func(w world) error {
			e := sandbox.Environment{
				Name: "production", BranchPatterns: []string{"release/*"}, Reviewers: []string{demo.Org + "/release-approvers"}, CustomRule: true,
			}
			change(&e)
			return w.SetEnvironment(demo.Repo, e)
		})
	}
	staging := func(e sandbox.Environment) func(world, *sandbox.Slack) error {
		return try(func(w world) error {
			e.Name = "staging"
			return w.SetEnvironment(demo.Repo, e)
		})
	}
	noGate := []string{"gate-environment"}
	return []broken{
		{name: "staging does not exist", change: try(func(w world) error { return w.RemoveEnvironment(demo.Repo, "staging") }), want: warns("environment-missing")},
		{
			name: "production does not exist", change: try(func(w world) error { return w.RemoveEnvironment(demo.Repo, "production") }),
			want: map[string]live.Severity{"environment-missing": live.Warning, "gate-gatehouse": live.Note}, less: []string{"gate-environment", "admins-bypass"},
		},
		{name: "reviewers without the rule", change: set(func(e *sandbox.Environment) { e.CustomRule = false }), want: fails("reviewers-without-rule"), less: noGate},
		{name: "rule disabled", change: set(func(e *sandbox.Environment) { e.RuleOff = true }), want: fails("rule-disabled"), less: noGate},
		{
			name: "rule disabled, no reviewers", change: set(func(e *sandbox.Environment) { e.RuleOff, e.Reviewers = true, nil }),
			want: map[string]live.Severity{"rule-disabled": live.Warning, "gate-gatehouse": live.Note}, less: []string{"gate-environment", "admins-bypass"},
		},
		{name: "wait timer", change: set(func(e *sandbox.Environment) { e.WaitTimer = 30 }), want: warns("wait-timer")},
		{name: "self-review", change: set(func(e *sandbox.Environment) { e.PreventSelfReview = true }), want: all(live.Note, "self-review")},
		{name: "administrators may not bypass", change: set(func(e *sandbox.Environment) { e.AdminsBlocked = true }), less: []string{"admins-bypass"}},
		{name: "another branch only", change: set(func(e *sandbox.Environment) { e.BranchPatterns = []string{"main"} }), want: fails("branch-kept-out")},
		{name: "wide enough", change: set(func(e *sandbox.Environment) { e.BranchPatterns = []string{"release/**"} })},
		{name: "some branches only", change: set(func(e *sandbox.Environment) { e.BranchPatterns = []string{"release/v*"} }), want: warns("branch-partly-kept-out")},
		{name: "protected branches only", change: set(func(e *sandbox.Environment) { e.BranchPatterns, e.ProtectedBranches = nil, true }), want: warns("branch-unsure")},
		{name: "main is kept out of staging", change: staging(sandbox.Environment{BranchPatterns: []string{"release/*"}}), want: fails("branch-kept-out")},
		{name: "staging for protected branches, main is none", change: staging(sandbox.Environment{ProtectedBranches: true}), want: fails("branch-kept-out")},
		{name: "staging has reviewers", change: staging(sandbox.Environment{Reviewers: []string{demo.Ada}}), want: warns("reviewers-ungated")},
	}
}

func brokenPeople(t *testing.T) []broken {
	const policy = "need: [{team: release-approvers, count: 1}]"
	need := func(to string) demo.Options { return edited(t, configFile, policy, "need: ["+to+"]") }
	return []broken{
		{name: "no such team", town: need("{team: nobody, count: 1}"), want: fails("team-missing")},
		{name: "another organization's team", town: need("{team: other/approvers, count: 1}"), want: fails("team-elsewhere")},
		{name: "empty team", change: do(func(w world) {
			w.RemoveFromTeam(demo.Org, "release-approvers", demo.Ada)
			w.RemoveFromTeam(demo.Org, "release-approvers", demo.Omar)
		}), want: fails("team-empty")},
		{name: "too few", town: need("{team: release-approvers, count: 3}"), want: fails("policy-unmeetable")},
		{name: "one person, two places", town: need("{team: incident-commanders, count: 2}, {users: [ivan], count: 1}"), want: fails("policy-unmeetable")},
		{name: "just enough", town: need("{team: release-approvers, count: 2}"), want: warns("policy-tight")},
		{name: "unknown person", town: need("{users: [nobody, ada], count: 1}"), want: fails("user-missing")},
		{name: "person without access", town: need("{users: [zoe, ada, omar], count: 1}"), change: do(func(w world) { w.AddUser("zoe", "Zoe") }), want: warns("user-no-access")},
		{name: "no such channel", town: edited(t, configFile, "#releases", "#none"), want: fails("slack-channel")},
		{name: "bot not in the channel", change: func(_ world, s *sandbox.Slack) error {
			s.SetChannel(s.Channels()[0].ID, func(c *sandbox.SlackChannel) { c.BotAbsent = true })
			return nil
		}, want: fails("slack-not-in-channel")},
		{name: "Slack down", change: func(_ world, s *sandbox.Slack) error {
			s.SetFaults(sandbox.SlackFaults{Down: true})
			return nil
		}, want: all(live.Note, "not-read")},
	}
}

// TestLiveOnlyReads counts what check --live asks of GitHub and Slack.
func TestLiveOnlyReads(t *testing.T) {
	town := newTown(t, demo.Options{})
	before := len(town.World.Record())
	if _, code, err := checked(t, clientEnv(town), "--live", demo.Repo); code != exitGood {
		t.Fatal(err)
	}
	calls := 0
	for _, c := range town.World.Record()[before:] {
		reads := c.Method == "GET" || strings.HasSuffix(c.Route, "/access_tokens") || strings.HasPrefix(c.Route, "/slack/api/conversations.")
		if c.Kind == sandbox.KindWebhook {
			t.Errorf("it made GitHub send %s", c.Event)
		} else if calls++; !reads {
			t.Errorf("it does not only read: %s %s", c.Method, c.Route)
		}
	}
	if calls > 40 { // 10 workflow files, 2 environments, 1 team
		t.Errorf("%d calls", calls)
	}
	t.Logf("%d calls", calls)
}

func TestEmptyRepository(t *testing.T) {
	town := newTown(t, demo.Options{})
	town.World.AddRepo(demo.Org, "empty", sandbox.RepoOptions{Private: true})
	out, code, err := checked(t, clientEnv(town), "--live", demo.Org+"/empty")
	if code != exitFailed || err == nil || !strings.Contains(out, "avalo/empty has no branch main: it is empty.") {
		t.Errorf("exit code %d, %v:\n%s", code, err, out)
	}
}

// TestLiveThatCannotLook has GitHub or the settings in the way. The words say which, and nothing is said of the repository.
func TestLiveThatCannotLook(t *testing.T) {
	town := newTown(t, demo.Options{})
	other, _, err := sandbox.NewAppKey()
	if err != nil {
		t.Fatal(err)
	}
	fault := func(kind sandbox.FaultKind) func(map[string]string) {
		return func(map[string]string) { town.World.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Kind: kind}}}) }
	}
	for name, c := range map[string]struct {
		change func(env map[string]string)
		repo   string
		args   []string
		code   int
		want   []string
	}{
		"no such repository": {repo: demo.Org + "/nothing", code: exitFailed, want: []string{"not for a repository nothing"}},
		"no such owner":      {repo: "nobody/nothing", code: exitFailed, want: []string{"is not installed on nobody/nothing, or GitHub has no such repository"}},
		"address of a page":  {repo: town.URL + "/" + demo.Repo, code: exitGood, want: []string{"nothing that would make a release fail"}},
		"GitHub down":        {change: fault(sandbox.Status502), code: exitFailed, want: []string{"nothing can be said of avalo/avaloapp", "HTTP 502"}},
		"limited":            {change: fault(sandbox.PrimaryLimited), code: exitFailed, want: []string{"nothing can be said of avalo/avaloapp", "try again at"}},
		"another App's key": {
			change: func(env map[string]string) { env["GITHUB_APP_PRIVATE_KEY"] = string(other) }, code: exitFailed,
			want: []string{"GitHub does not accept the key", "GITHUB_APP_PRIVATE_KEY"},
		},
		"bindings that are not there": {change: func(env map[string]string) { env["GATEHOUSE_BINDINGS"] = "none.yml" }, code: exitFailed, want: []string{"GATEHOUSE_BINDINGS: the file cannot be read"}},
		"no key": {change: func(env map[string]string) {
			delete(env, "GITHUB_APP_PRIVATE_KEY")
			delete(env, "GITHUB_APP_INTEGRATION_ID")
		}, code: exitUsage, want: []string{"GITHUB_APP_INTEGRATION_ID: expected", "GITHUB_APP_PRIVATE_KEY: expected"}},
		"half a name":     {repo: "avaloapp", code: exitUsage, want: []string{`expected OWNER/REPO, such as acme/shop, got "avaloapp"`}},
		"three parts":     {repo: "a/b/c", code: exitUsage, want: []string{"expected OWNER/REPO"}},
		"a file as well":  {args: []string{"x.yml"}, code: exitUsage, want: []string{"leave FILE out"}},
		"an empty option": {repo: " ", code: exitUsage, want: []string{"expected OWNER/REPO"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := clientEnv(town)
			town.World.SetFaults(sandbox.Faults{})
			if c.change != nil {
				c.change(env)
			}
			repo := c.repo
			if repo == "" {
				repo = demo.Repo
			}
			out, code, err := checked(t, env, append([]string{"--live", repo}, c.args...)...)
			if err != nil {
				out += err.Error()
			}
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing in:\n%s", want, out)
				}
			}
		})
	}
}

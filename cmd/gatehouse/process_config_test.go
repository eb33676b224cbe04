package main_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/templates"
)

const configCheck = "gatehouse / configuration"

// A broken configuration is one failed check with its problems on their lines,
// for the push that broke it and for releases that it keeps from beginning.
func TestBrokenConfiguration(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	broken := strings.Replace(shortConfig, "      - approval\n", "      - aproval\n", 1)
	broken = strings.Replace(broken, "    firebase: avalo-c8c46\n", "    firebase: Avalo!\n", 1)
	for _, sha := range []string{
		s.push(sandbox.Push{Branch: "main", By: demo.Ivan, Message: "Break it", Files: map[string]string{configFile: broken}}),
		s.release(),
	} {
		s.shows(sha, configCheck, "failure", "2 problems")
		checks := s.snapshot().CheckRunsOf(sha)
		if len(checks) != 1 {
			t.Errorf("%d checks:\n%s", len(checks), s.board())
		}
		marks := s.check(sha, configCheck).Output.Annotations
		if len(marks) != 2 || marks[0].Path != configFile || marks[0].StartLine != 4 || marks[1].StartLine != 12 || marks[0].Level != "failure" {
			t.Errorf("annotations: %+v", marks)
		}
	}
	if n := len(s.snapshot().Runs); n != 0 {
		t.Errorf("%d workflows were dispatched", n)
	}
}

// What this version cannot do yet is refused by its name before anything begins.
func TestKindNotAvailable(t *testing.T) {
	t.Parallel()
	config := strings.Replace(shortConfig, "      - approval\n", "      - security: {fail_on: high}\n      - approval\n", 1)
	s := open(t, demo.Options{Files: short(map[string]string{configFile: config})})
	sha := s.release()
	s.shows(sha, "production / configuration", "failure", "security", "is not available in this version of Gatehouse")
	if n := len(s.snapshot().Runs); n != 0 || len(s.snapshot().CheckRuns) != 1 {
		t.Errorf("%d workflows were dispatched:\n%s", n, s.board())
	}
}

// A workflow that cannot be started fails its stage with the lines to paste.
func TestWorkflowsThatCannotStart(t *testing.T) {
	t.Parallel()
	const file = ".github/workflows/test.yml"
	for name, c := range map[string]struct {
		file  string
		words []string
	}{
		"missing":    {sandbox.Deleted, []string{"test.yml", "default branch", "workflow_dispatch:", "gatehouse_run:"}},
		"no trigger": {"on: [push]\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n", []string{"test.yml", "workflow_dispatch:", "gatehouse_run:"}},
		"no inputs":  {"on:\n  workflow_dispatch:\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n", []string{"test.yml", "inputs", "gatehouse_run:", "gatehouse_needs:"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, demo.Options{Files: short(nil)})
			s.push(sandbox.Push{Branch: "main", By: demo.Ivan, Message: "Change the tests", Files: map[string]string{file: c.file}})
			sha := s.release()
			s.shows(sha, tests, "failure", c.words...)
		})
	}
}

// An environment that keeps the release's branch out is named before anything is
// dispatched to it: GitHub would fail the job at once, without asking anybody.
func TestBranchKeptOut(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	if err := s.world.SetEnvironment(demo.Repo, sandbox.Environment{
		Name: "production", BranchPatterns: []string{"main"}, Reviewers: []string{demo.Org + "/release-approvers"}, CustomRule: true,
	}); err != nil {
		t.Fatal(err)
	}
	sha := s.release()
	s.shows(sha, approval, "failure", "The branch "+branch+" may not deploy to the environment production, which lets in only these branches: main", "Add release/")
	for _, r := range s.snapshot().Runs {
		if strings.HasSuffix(r.Path, "deploy.yml") {
			t.Errorf("the deploy was dispatched: %s %s", r.Status, r.Conclusion)
		}
	}
}

// A permission of the App that was taken away is named where it is missed, and
// nothing fails for it: once it is given again, the release goes on.
func TestPermissionWithdrawn(t *testing.T) {
	t.Parallel()
	t.Run("actions", func(t *testing.T) {
		t.Parallel()
		s := open(t, demo.Options{Files: short(nil)})
		s.world.SetPermission(demo.Org, "actions", "read")
		sha := s.release()
		s.shows(sha, tests, "", "Grant the App actions: write")
		s.world.SetPermission(demo.Org, "actions", "write")
		s.gate(sha)
	})
	t.Run("deployments, at the door", func(t *testing.T) {
		t.Parallel()
		s := open(t, demo.Options{Files: short(nil)})
		sha := s.release()
		s.gate(sha)
		s.world.SetPermission(demo.Org, "deployments", "read")
		s.approve(sha)
		s.shows(sha, deploy, "", "Grant the App deployments: write")
		s.world.SetPermission(demo.Org, "deployments", "write")
		s.shows(sha, deploy, "success")
	})
	t.Run("deployments, of our own", func(t *testing.T) {
		t.Parallel()
		file := ".github/workflows/deploy.yml"
		plain := strings.Replace(starter(t, file), "    environment: ${{ inputs.environment }}\n", "", 1)
		s := open(t, demo.Options{Gate: demo.GateNone, Files: short(map[string]string{file: plain})})
		s.world.SetPermission(demo.Org, "deployments", "read")
		sha := s.release()
		s.until("the release waits at its gate", func() bool { return s.asks(sha) })
		s.comment(demo.Ada, sha, "/approve")
		s.shows(sha, deploy, "", "Grant the App deployments: write")
		s.world.SetPermission(demo.Org, "deployments", "write")
		s.shows(sha, deploy, "success")
	})
	t.Run("checks", func(t *testing.T) {
		t.Parallel()
		s := open(t, demo.Options{Files: short(nil)})
		s.world.SetPermission(demo.Org, "checks", "read")
		sha := s.release()
		s.until("the log names it", func() bool { return s.log.has("grant the App the permission checks: write") })
		s.until("the release waits", func() bool { return s.parked(sha) != 0 })
		s.world.SetPermission(demo.Org, "checks", "write")
		s.approve(sha)
		s.shows(sha, deploy, "success")
		s.shows(sha, approval, "success")
	})
}

// starter is a file that a team begins with.
func starter(t *testing.T, path string) string {
	t.Helper()
	b, err := fs.ReadFile(templates.Starter, "starter/"+path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

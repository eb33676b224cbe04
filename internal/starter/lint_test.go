package starter_test

import (
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rhysd/actionlint"

	"github.com/gatehouse-app/gatehouse/internal/starter"
)

// TestActionlint has GitHub's grammar of workflows, as actionlint knows it, look
// at every workflow that init can write.
func TestActionlint(t *testing.T) {
	for name, a := range teams() {
		for _, f := range workflows(t, a) {
			l, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			found, err := l.Lint(f.Path, []byte(f.Content), nil)
			if err != nil {
				t.Fatalf("%s: %s: %v", name, f.Path, err)
			}
			for _, e := range found {
				t.Errorf("%s: %v", name, e)
			}
		}
	}
}

// workflow is what the rules look at.
type workflow struct {
	RunName string `yaml:"run-name"`
	On      struct {
		Dispatch *struct {
			Inputs map[string]struct {
				Required bool   `yaml:"required"`
				Default  string `yaml:"default"`
			} `yaml:"inputs"`
		} `yaml:"workflow_dispatch"`
	} `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency any               `yaml:"concurrency"`
	Jobs        map[string]struct {
		Environment string            `yaml:"environment"`
		Concurrency any               `yaml:"concurrency"`
		Permissions map[string]string `yaml:"permissions"`
		Steps       []struct {
			Uses string            `yaml:"uses"`
			Run  string            `yaml:"run"`
			With map[string]any    `yaml:"with"`
			Env  map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

func parse(t *testing.T, f starter.File) workflow {
	t.Helper()
	var w workflow
	if err := yaml.Unmarshal([]byte(f.Content), &w); err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	return w
}

// announces reports whether a workflow only tells Gatehouse of a manual start.
func announces(f starter.File) bool {
	return slices.Contains([]string{"release.yml", "rollback.yml"}, path.Base(f.Path))
}

// Every action is one commit that cannot be moved, with the version it had.
func TestActionsArePinned(t *testing.T) {
	pinned := regexp.MustCompile(`uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	seen := map[string]string{}
	for _, f := range workflows(t, full()) {
		for line := range strings.Lines(f.Content) {
			line = strings.TrimRight(line, "\n")
			if !strings.Contains(line, "uses:") {
				continue
			}
			if !pinned.MatchString(line) {
				t.Errorf("%s: not pinned by commit with its version: %s", f.Path, line)
			}
			action, commit, _ := strings.Cut(line[strings.Index(line, "uses: "):], "@")
			if had := seen[action]; had != "" && had != commit {
				t.Errorf("%s: %s at two commits: %s and %s", f.Path, action, had, commit)
			}
			seen[action] = commit
		}
	}
	if len(seen) < 4 {
		t.Errorf("only %d actions are used: %v", len(seen), seen)
	}
}

// Nothing that people can type becomes part of a script.
func TestScriptsGetTextThroughEnv(t *testing.T) {
	for _, f := range workflows(t, full()) {
		for id, job := range parse(t, f).Jobs {
			for _, step := range job.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: %s: an expression stands in a script: %s", f.Path, id, step.Run)
				}
			}
		}
	}
}

func TestInputs(t *testing.T) {
	for _, f := range workflows(t, full()) {
		w := parse(t, f)
		if w.On.Dispatch == nil {
			t.Errorf("%s cannot be started", f.Path)
			continue
		}
		got := slices.Sorted(maps.Keys(w.On.Dispatch.Inputs))
		if announces(f) {
			if slices.Contains(got, "gatehouse_run") {
				t.Errorf("%s is started by people, and declares gatehouse_run", f.Path)
			}
			continue
		}
		if want := []string{"environment", "gatehouse_needs", "gatehouse_run", "sha"}; !slices.Equal(got, want) {
			t.Errorf("%s declares %v, want %v", f.Path, got, want)
		}
		if !strings.Contains(w.RunName, "[gh:${{ inputs.gatehouse_run }}]") {
			t.Errorf("%s: its runs cannot be found again by their title %q", f.Path, w.RunName)
		}
	}
}

// A checkout is of the release's commit and leaves no token behind.
func TestCheckouts(t *testing.T) {
	for _, f := range workflows(t, full()) {
		for _, job := range parse(t, f).Jobs {
			for _, step := range job.Steps {
				if strings.HasPrefix(step.Uses, "actions/checkout@") && (step.With["ref"] != "${{ inputs.sha }}" || step.With["persist-credentials"] != false) {
					t.Errorf("%s checks out with %v", f.Path, step.With)
				}
			}
		}
	}
}

// Each workflow may do what its steps need, and nothing else.
func TestPermissions(t *testing.T) {
	for _, f := range workflows(t, full()) {
		w := parse(t, f)
		want := map[string]string{}
		for id, job := range w.Jobs {
			if job.Permissions != nil {
				t.Errorf("%s: %s has permissions of its own", f.Path, id)
			}
			for _, step := range job.Steps {
				switch action, _, _ := strings.Cut(step.Uses, "@"); action {
				case "actions/checkout":
					want["contents"] = "read"
				case "actions/download-artifact":
					want["actions"] = "read"
				case "google-github-actions/auth":
					want["id-token"] = "write"
					if step.With["workload_identity_provider"] == nil || step.With["credentials_json"] != nil {
						t.Errorf("%s: %s enters Google by other means than workload identity", f.Path, id)
					}
				}
			}
		}
		if w.Permissions == nil || !maps.Equal(w.Permissions, want) {
			t.Errorf("%s: permissions %v, want %v", f.Path, w.Permissions, want)
		}
	}
}

// Only the deploy waits at the environment, with one job, and nothing of GitHub
// lets it wait for another.
func TestOnlyDeployHasAnEnvironment(t *testing.T) {
	for _, f := range workflows(t, full()) {
		w := parse(t, f)
		with := 0
		for _, job := range w.Jobs {
			if job.Environment != "" {
				with++
			}
			if job.Concurrency != nil || w.Concurrency != nil {
				t.Errorf("%s has concurrency, and Gatehouse keeps the order", f.Path)
			}
		}
		want := 0
		if path.Base(f.Path) == "deploy.yml" {
			want = 1
		}
		if with != want || want == 1 && len(w.Jobs) != 1 {
			t.Errorf("%s: %d of %d jobs have an environment, want %d", f.Path, with, len(w.Jobs), want)
		}
	}
}

// The deploy takes what the build of the same release made.
func TestDeployDownloadsWhatWasBuilt(t *testing.T) {
	for _, f := range workflows(t, full()) {
		if path.Base(f.Path) != "deploy.yml" {
			continue
		}
		for _, job := range parse(t, f).Jobs {
			for _, step := range job.Steps {
				if strings.HasPrefix(step.Uses, "actions/download-artifact@") && strings.Contains(step.With["run-id"].(string), "inputs.gatehouse_needs") {
					return
				}
			}
		}
	}
	t.Error("deploy.yml downloads nothing that gatehouse_needs names")
}

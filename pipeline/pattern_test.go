package pipeline

import (
	"strings"
	"testing"
)

func TestMatchBranch(t *testing.T) {
	for _, c := range []struct {
		pattern, branch string
		want            bool
	}{
		{"main", "main", true},
		{"main", "main2", false},
		{"main", "Main", false},
		{"release/*", "release/1.2", true},
		{"release/*", "release/", true},
		{"release/*", "release", false},
		{"release/*", "release/a/b", false},
		{"release/*", "hotfix/release/1", false},
		{"*", "main", true},
		{"*", "a/b", false},
		{"**", "a/b/c", true},
		{"release/**", "release/a/b", true},
		{"release/**", "release", false},
		{"release/**/x", "release/x", true},
		{"release/**/x", "release/a/b/x", true},
		{"release/**/x", "release/ax", false},
		{"**/x", "x", true},
		{"**/x", "a/b/x", true},
		{"**/x", "ax", false},
		{"v?", "v1", true},
		{"v?", "v", false},
		{"v?x", "v/x", false},
		{"v[0-9]*", "v1.2", true},
		{"v[0-9]*", "vx", false},
		{"v[!0-9]", "vx", true},
		{"v[^0-9]", "v1", false},
		{"v[!0-9]x", "v/x", false},
		{"v[ab", "va", false},
		{"v[]", "v", false},
		{"v[b-a]", "va", false},
		{"é*", "éa", true},
		{"", "", true},
		{"*-*-*", "a-b-c", true},
		{"*-*-*", "a-b", false},
	} {
		if got := MatchBranch(c.pattern, c.branch); got != c.want {
			t.Errorf("MatchBranch(%q, %q) = %v", c.pattern, c.branch, got)
		}
	}
}

// A pattern written to make a backtracking matcher hang ends at once here.
func TestMatchBranchIsNotSlow(t *testing.T) {
	if MatchBranch(strings.Repeat("*a", 120)+"b", strings.Repeat("a", 250)) {
		t.Error("a branch without b matches")
	}
}

func TestTriggered(t *testing.T) {
	every := &Pipeline{On: Trigger{Push: []string{"main", "release/*"}}}
	web := &Pipeline{On: Trigger{Push: []string{"main"}, Paths: []string{"web/**", "*.json"}}}
	for _, c := range []struct {
		name      string
		pipeline  *Pipeline
		branch    string
		changed   []string
		truncated bool
		want      bool
		reason    string
	}{
		{"branch", every, "release/1", nil, false, true, "The branch release/1 matches release/*."},
		{"other branch", every, "dev", nil, false, false, "The branch dev matches none of main and release/*."},
		{"manual only", &Pipeline{On: Trigger{Manual: true}}, "main", nil, false, false, "A push does not start this pipeline."},
		{"path", web, "main", []string{"README.md", "web/a/b.ts"}, false, true, "The branch main matches main, and web/a/b.ts matches web/**."},
		{"no path", web, "main", []string{"README.md", "a/package.json"}, false, false, "No changed file matches web/** and *.json."},
		{"nothing changed", web, "main", nil, false, false, "No changed file matches web/** and *.json."},
		{"files left out", web, "main", []string{"README.md"}, true, true, "The branch main matches main, and the list of changed files is not complete."},
		{"files left out, other branch", web, "dev", nil, true, false, "The branch dev matches none of main."},
	} {
		got, reason := c.pipeline.Triggered(c.branch, c.changed, c.truncated)
		if got != c.want || reason != c.reason {
			t.Errorf("%s: %v, %q", c.name, got, reason)
		}
	}
}

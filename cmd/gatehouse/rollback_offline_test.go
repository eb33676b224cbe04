package main_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// TestRollbackWithoutGitHub has GitHub answer 503 to everything. The operator takes
// production back by the command line; nothing waits for GitHub, which is told when
// it answers again. The configuration of the town breaks no glass.
func TestRollbackWithoutGitHub(t *testing.T) {
	t.Parallel()
	s := closed(t, demo.Options{})
	s.env["GATEHOUSE_OPERATOR_TOKEN"] = "the token of the operator of this town"
	s.env["GATEHOUSE_PUBLIC_URL"] = s.url("")
	s.start()
	before := s.town.Google.Live(demo.ProductionProject).Commits
	told := s.play()
	s.world.Drain()
	from := len(s.world.Record())
	s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Kind: sandbox.Status503}}})

	rollback := []string{"rollback", "production", "--repo", demo.Repo, "--to", "initial", "--phrase", "ROLLBACK PRODUCTION", "--reason", "GitHub is away and it burns"}
	s.expect(t, 4, rollback, "decisions about releases are people's")
	s.expect(t, 0, append(rollback, "--offline-github"), "without a final approval", "/runs/")
	smoke := func() bool { return s.looked(from) }
	s.until("production is back and looked at", smoke)
	back := s.town.Google.Live(demo.ProductionProject).Commits
	for part, commit := range before {
		if back[part] != commit {
			t.Errorf("%s serves %s, not %s", part, back[part], commit)
		}
	}
	s.until("Slack is told who broke the glass", func() bool { return s.town.Told("operator", "broke the glass") })
	for _, c := range s.world.Record()[from:] {
		if c.Kind == sandbox.KindGitHub && c.Status != http.StatusServiceUnavailable {
			t.Errorf("call %d reached GitHub: %s %s: %d", c.Seq, c.Method, c.Path, c.Status)
		}
	}
	s.world.SetFaults(sandbox.Faults{})
	s.shows(told.Release, "rollback / Restore", "success")
	s.shows(told.Release, "rollback / Notify", "success")
	s.until("the incident has its issue", func() bool {
		return slices.ContainsFunc(s.snapshot().Issues, func(i sandbox.Issue) bool { return strings.Contains(i.Body, "GitHub is away and it burns") })
	})
	s.expect(t, 0, []string{"audit", "export", "--server"}, `"what":"break-glass"`, `"who":"operator"`)
}

// looked reports whether the site was looked at after a pointer of Google moved.
func (s *scene) looked(from int) bool {
	moved := false
	for _, c := range s.world.Record()[from:] {
		moved = moved || c.Kind == sandbox.KindGoogle && c.Method == http.MethodPost && strings.HasSuffix(c.Path, "/releases")
		if moved && c.Kind == sandbox.KindSite {
			return true
		}
	}
	return false
}

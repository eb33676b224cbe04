package stage

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// readChecks reads what others say of the commit.
func readChecks(ctx context.Context, repo Checks, e pipeline.ReadChecks) (pipeline.Outcome, error) {
	all, err := repo.CommitChecks(ctx, e.SHA)
	if err != nil {
		return nil, err
	}
	return pipeline.ChecksRead{Results: matchChecks(e.Names, all)}, nil
}

// matchChecks picks the newest check of each name that a pattern matches. A
// pattern without a match is missing; a check that two patterns match counts once.
func matchChecks(patterns []string, all []github.CommitCheck) []pipeline.CheckResult {
	newest := latest(all)
	seen := map[string]bool{}
	var out []pipeline.CheckResult
	for _, pattern := range patterns {
		found := false
		for _, c := range newest {
			if !matches(pattern, c.Name) {
				continue
			}
			found = true
			if !seen[c.Name] {
				seen[c.Name] = true
				out = append(out, resultOf(c))
			}
		}
		if !found {
			out = append(out, pipeline.CheckResult{Name: pattern, Status: "missing"})
		}
	}
	return out
}

// matches takes the pattern literally too, because names hold brackets and
// slashes.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == name || err == nil && ok
}

// latest keeps the newest check of each name, ordered by name. Of two that began
// together, the one that is not over counts.
func latest(all []github.CommitCheck) []github.CommitCheck {
	byName := map[string]github.CommitCheck{}
	for _, c := range all {
		old, ok := byName[c.Name]
		if !ok || c.StartedAt.After(old.StartedAt) || c.StartedAt.Equal(old.StartedAt) && c.Status != github.Completed {
			byName[c.Name] = c
		}
	}
	var out []github.CommitCheck
	for _, c := range byName {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b github.CommitCheck) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func resultOf(c github.CommitCheck) pipeline.CheckResult {
	r := pipeline.CheckResult{Name: c.Name, Status: "pending", URL: c.URL}
	if c.Status == github.Completed {
		r.Status, r.Conclusion = "completed", string(c.Conclusion)
	}
	return r
}

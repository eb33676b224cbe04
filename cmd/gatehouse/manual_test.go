package main_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// byHand is the short pipeline, startable by hand as well.
func byHand() map[string]string {
	return short(map[string]string{configFile: strings.Replace(shortConfig, "push: release/*", "push: release/*, manual: true", 1)})
}

// run presses Run workflow in the Actions tab.
func (s *scene) run(by, file, ref string, inputs map[string]string) {
	s.Helper()
	if _, err := s.world.RunWorkflow(by, demo.Repo, file, ref, inputs); err != nil {
		s.Fatal(err)
	}
}

// Run workflow on release.yml takes the branch's head to production, through
// the same gate; a branch that production does not begin on is refused there.
func TestReleasedByHand(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: byHand()})
	sha := s.release()
	s.gate(sha)
	s.comment(demo.Dana, sha, "/cancel")
	s.shows(sha, approval, "cancelled")
	s.run(demo.Dana, "release.yml", branch, map[string]string{"environment": "production"})
	s.gate(sha)
	s.approve(sha)
	s.shows(sha, deploy, "success")

	s.run(demo.Dana, "release.yml", "main", nil)
	s.shows(s.snapshot().Branches["main"], "gatehouse / release", "failure",
		"The branch main matches none of release/*", "Use workflow from")
}

// Run workflow on rollback.yml without the phrase is answered where the person
// looks, on the commit, and the release at its gate goes on.
func TestRollbackByHandIsAnswered(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: byHand()})
	sha := s.push(sandbox.Push{Branch: branch, By: demo.Dana, Message: "Release", Files: map[string]string{"a": "1"}})
	s.gate(sha)
	inputs := map[string]string{"environment": "production", "phrase": "yes", "reason": "checkout fails"}
	s.run(demo.Dana, "rollback.yml", branch, maps.Clone(inputs))
	s.shows(sha, "gatehouse / rollback", "failure", "To roll production back takes the line ROLLBACK PRODUCTION.", "/rollback production")
	s.gate(sha)
}

// /deploy shows the commit and starts nothing; what is confirmed is exactly that
// commit, also when the branch has moved on meanwhile.
func TestDeployByComment(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: byHand()})
	main := s.snapshot().Branches["main"]
	old := s.release()
	s.gate(old)
	s.comment(demo.Dana, old, "/cancel")
	s.shows(old, approval, "cancelled")
	s.comment(demo.Dana, main, "/deploy production v1.2.0")
	s.answered(main, "the head of release/v1.2.0", "/deploy production v1.2.0 @"+old)
	sha := s.push(sandbox.Push{Branch: branch, By: demo.Dana, Message: "One more thing", Files: map[string]string{"more": "1"}})
	s.gate(sha)
	s.comment(demo.Dana, sha, "/cancel")
	s.shows(sha, approval, "cancelled")
	s.comment(demo.Dana, main, "/deploy production v1.2.0 @"+old)
	s.answered(main, "release/v1.2.0 has moved on", "“One more thing” by dana")
	s.comment(demo.Dana, main, "/deploy production v1.2.0 @"+sha)
	s.answered(main, "The run has started")
	s.gate(sha)
	s.approve(sha)
	s.shows(sha, deploy, "success")
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
}

package main_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// What people do in a scene, and what they see there.

const (
	branch     = "release/v1.2.0"
	configFile = ".github/gatehouse.yml"
)

// short is a production pipeline with one stage of each sort, so that a scene
// about one of them does not take long. rest is what comes behind the tests.
func short(files map[string]string) map[string]string {
	all := map[string]string{configFile: shortConfig}
	maps.Copy(all, files)
	return all
}

const shortConfig = `version: 1
environments:
  production:
    firebase: avalo-c8c46
    approval: {need: [{team: release-approvers, count: 1}], expires: 72h, gate: auto}
pipelines:
  production:
    on: {push: release/*}
    environment: production
    stages:
      - workflow: test.yml
      - approval
      - deploy: {workflow: deploy.yml}
`

// release pushes the release branch as dana.
func (s *scene) release() string {
	s.Helper()
	return s.push(sandbox.Push{Branch: branch, By: demo.Dana, Message: "Release v1.2.0", Files: map[string]string{"CHANGELOG.md": "# 1.2.0\n"}})
}

func (s *scene) push(p sandbox.Push) string {
	s.Helper()
	sha, err := s.world.Push(demo.Repo, p)
	return must(s, sha, err)
}

// gate waits until the release stands at its gate and GitHub asks for a review.
func (s *scene) gate(sha string) {
	s.Helper()
	s.until("the release waits at its gate", func() bool {
		return s.asks(sha) && s.parked(sha) != 0
	})
}

// approve presses Review deployments as ada.
func (s *scene) approve(sha string) { s.review(demo.Ada, sha, "approved", "Looks good") }

func (s *scene) review(by, sha, state, comment string) {
	s.Helper()
	if err := s.world.Review(by, s.repo, s.parked(sha), []string{"production"}, state, comment); err != nil {
		s.Fatal(err)
	}
}

// comment writes on the commit.
func (s *scene) comment(by, sha, text string) int64 {
	s.Helper()
	id, err := s.world.CommitComment(by, demo.Repo, sha, text)
	return must(s, id, err)
}

const (
	tests    = "production / Test"
	approval = "production / Approval"
	deploy   = "production / Deploy"
)

// parked is the workflow run of a commit that waits at production, or 0.
func (s *scene) parked(sha string) int64 {
	for _, r := range s.snapshot().Runs {
		if r.HeadSHA == sha && r.Status == "waiting" {
			return r.ID
		}
	}
	return 0
}

// check is the newest check of a name on a commit; the zero check if there is none.
func (s *scene) check(sha, name string) (found sandbox.CheckRun) {
	for _, c := range s.snapshot().CheckRunsOf(sha) {
		if c.App == "gatehouse" && c.Name == name {
			found = c
		}
	}
	return found
}

// asks reports whether the gate of a commit asks people.
func (s *scene) asks(sha string) bool { return s.check(sha, approval).Conclusion == "action_required" }

// shows waits until a check has concluded so, and says all the words.
func (s *scene) shows(sha, name, conclusion string, words ...string) {
	s.Helper()
	s.until(fmt.Sprintf("%s is %s and says %q", name, conclusion, words), func() bool {
		c := s.check(sha, name)
		return c.Conclusion == conclusion && holds(c.Output.Title+"\n"+c.Output.Summary+"\n"+c.Output.Text, words...)
	})
}

// deployments counts the runs of deploy.yml whose job began.
func (s *scene) deployed() int {
	n := 0
	for _, r := range s.snapshot().Runs {
		for _, j := range r.Jobs {
			if j.Environment == "production" && len(j.Steps) > 0 {
				n++
			}
		}
	}
	return n
}

// answers are what the App says to comments on a commit: it may not write there,
// so a check run holds each.
func (s *scene) answers(sha string) (all []string) {
	for _, c := range s.snapshot().CheckRunsOf(sha) {
		if c.Name == "gatehouse / reply" {
			all = append(all, c.Output.Summary)
		}
	}
	return all
}

// answered waits for an answer to a comment on a commit that holds the words.
func (s *scene) answered(sha string, words ...string) {
	s.Helper()
	s.until(fmt.Sprintf("an answer with %q", words), func() bool {
		return slices.ContainsFunc(s.answers(sha), func(text string) bool { return holds(text, words...) })
	})
}

package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// A forced push at the gate makes another release: what was approved before is
// void and says so, and the new one asks everybody again.
func TestForcedPushAtTheGate(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(map[string]string{configFile: strings.Replace(shortConfig, "count: 1", "count: 2", 1)})})
	old := s.release()
	s.gate(old)
	s.approve(old)
	s.until("ada's approval counts", func() bool { return holds(s.check(old, approval).Output.Summary, "✅ ada") })
	forced := s.push(sandbox.Push{Branch: branch, By: demo.Dana, Message: "Release v1.2.0, mended", Force: true, Files: map[string]string{"CHANGELOG.md": "# 1.2.0\n\nMended.\n"}})
	s.gate(forced)
	s.shows(old, approval, "cancelled", "Superseded by v1.2.0", "Approvals given for the commit before do not count for it")
	s.comment(demo.Omar, old, "/approve")
	s.answered(old, "No run here fits /approve")
	s.comment(demo.Omar, forced, "/approve")
	s.until("omar's approval counts", func() bool { return holds(s.check(forced, approval).Output.Summary, "✅ omar") })
	if s.deployed() != 0 {
		t.Error("one approval of each release deployed")
	}
	s.approve(forced)
	s.shows(forced, deploy, "success")
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
}

// A job that somebody else started at the environment is turned away with the reason.
func TestForeignJob(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	sha := s.release()
	s.gate(sha)
	inputs := map[string]string{"gatehouse_run": "mine", "sha": sha, "environment": "production"}
	id, err := s.world.RunWorkflow(demo.Dana, demo.Repo, "deploy.yml", branch, inputs)
	foreign := must(s, id, err)
	s.until("the foreign job is turned away", func() bool {
		run, err := s.world.Run(demo.Repo, foreign)
		return err == nil && run.Conclusion == "failure" && holds(run.Jobs[0].Gate.Comment, "Gatehouse did not start this job, so nobody was asked to approve it")
	})
	s.shows(sha, approval, "action_required")
	s.approve(sha)
	s.shows(sha, deploy, "success")
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
}

// Who may not approve is told why, or nothing at all if he may not even write.
func TestWhoseApprovalCounts(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Gate: demo.GateNone, Files: short(nil)})
	s.world.AddTeam(demo.Org, "release-approvers", demo.Ivan)
	s.push(sandbox.Push{Branch: branch, By: demo.Ada, Message: "Release v1.2.0", Files: map[string]string{"package.json": "{}\n"}})
	sha := s.push(sandbox.Push{Branch: branch, By: demo.Omar, Message: "Mend the change log", Files: map[string]string{"CHANGELOG.md": "# 1.2.0\n"}})
	s.until("the release waits at its gate", func() bool { return s.asks(sha) })
	outsider := s.comment(demo.Eve, sha, "/approve")
	s.comment(demo.Dana, sha, "/approve")
	s.answered(sha, "dana is in none of the groups that the policy names")
	s.comment(demo.Ada, sha, "/approve")
	s.answered(sha, "ada made commit", "authors do not approve their own work")
	s.comment(demo.Omar, sha, "/approve")
	s.answered(sha, "omar made commit", "authors do not approve their own work")
	s.shows(sha, approval, "action_required", "1 place open")
	s.comment(demo.Ivan, sha, "/approve")
	s.answered(sha, "👍 Taken.")
	s.shows(sha, deploy, "success")
	if all := s.answers(sha); len(all) != 4 {
		t.Errorf("%d answers, not three refusals and one acknowledgement: %q", len(all), all)
	}
	for _, c := range s.snapshot().Comments {
		if c.ID == outsider && len(c.Reactions) > 0 || c.Via != "" {
			t.Errorf("an outsider is answered: %+v", c)
		}
	}
}

// A command on an issue is noticed by a reaction before it is answered, twenty
// times an hour; then the limit is told once. Who may not write sees nothing.
func TestCommandIsNoticed(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	issue, err := s.world.AddIssue(demo.Repo, demo.Dana, "Release v1.2.0", false)
	must(s, issue, err)
	say := func(by string) int64 {
		id, err := s.world.Comment(by, demo.Repo, issue, "/status")
		return must(s, id, err)
	}
	outsider, first := say(demo.Eve), say(demo.Dana)
	for range pipeline.CommandLimit - 1 {
		say(demo.Dana)
	}
	answers := func(words string) (n int) {
		for _, c := range s.snapshot().Comments {
			if c.Via != "" && strings.Contains(c.Body, words) {
				n++
			}
		}
		return n
	}
	s.until("twenty answers", func() bool { return answers("No run here fits /status") == pipeline.CommandLimit })
	say(demo.Dana)
	s.until("the limit is told", func() bool { return answers("20 commands in comments") == 1 })
	silent := say(demo.Dana)
	say(demo.Omar)
	s.until("somebody else is answered", func() bool { return answers("No run here fits /status") == pipeline.CommandLimit+1 })
	faces := func(id int64) string {
		var all []string
		for _, c := range s.snapshot().Comments {
			for _, r := range c.Reactions {
				if c.ID == id {
					all = append(all, r.Content)
				}
			}
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	s.until("the command was noticed and answered", func() bool { return faces(first) == "confused eyes" })
	if got := faces(outsider) + faces(silent); got != "" {
		t.Errorf("reactions to who may not write, or above the limit: %s", got)
	}
	if answers("20 commands in comments") != 1 {
		t.Error("the limit is told again")
	}
}

// A rejection ends the run, and its reason stands where people look.
func TestRejected(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	sha := s.release()
	s.comment(demo.Ada, sha, "/approve")
	s.answered(sha, "No run here fits /approve")
	s.gate(sha)
	s.review(demo.Ada, sha, "rejected", "Not on a Friday")
	s.shows(sha, approval, "failure", "ada rejected the release: Not on a Friday")
	s.comment(demo.Ada, sha, "/approve")
	s.until("two answers", func() bool { return len(s.answers(sha)) == 2 })
	sha = s.push(sandbox.Push{Branch: branch, By: demo.Dana, Message: "Again", Files: map[string]string{"CHANGELOG.md": "# 1.2.0\n\nAgain.\n"}})
	s.gate(sha)
	s.comment(demo.Omar, sha, "/reject the numbers are wrong")
	s.shows(sha, approval, "failure", "omar rejected the release: the numbers are wrong")
	if s.deployed() != 0 {
		t.Error("a rejected release was deployed")
	}
}

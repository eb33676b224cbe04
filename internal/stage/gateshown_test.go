package stage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// atGate is a run that waits for its approvals; the deploy is that workflow run.
func (r *rig) atGate(workflow int64) *pipeline.Run {
	run := r.run()
	run.Stages["approval"].Status = pipeline.StageWaiting
	run.Stages["deploy"].Workflow = &pipeline.WorkflowRun{ID: workflow, Attempt: 1, Status: "waiting"}
	run.Gate = &pipeline.Gate{
		Stage: "approval", Deploy: "deploy", Environment: "production", Kind: pipeline.GateByEnvironment, Parked: true, Door: pipeline.DoorShut,
		OpenAt: r.clock.Now(), ExpiresAt: r.clock.Now().Add(time.Hour), Policy: &pipeline.Policy{Need: []pipeline.Need{{Team: "approvers", Count: 1}, {Users: []string{"bob", "alice"}, Count: 1}}},
	}
	return run
}

func (r *rig) approvedBy(run *pipeline.Run, login string, teams ...string) {
	who := r.person(login)
	run.Gate.Approvals = append(run.Gate.Approvals, pipeline.Approval{
		By: who, At: r.clock.Now(), Surface: pipeline.SurfaceSlack, Standing: &pipeline.Standing{Person: who, Role: "write", Teams: teams},
	})
}

func (r *rig) reports(workflow int64) []string {
	r.t.Helper()
	w, err := r.Run(repoName, workflow)
	must(r.t, err)
	return w.Jobs[0].Gate.Reports
}

// What is missing stands on GitHub's own page, at most ten times.
func TestShowDoorReports(t *testing.T) {
	r, id := parked(t)
	run := r.atGate(id)
	job := r.showJob(pipeline.SlotDoor, run)
	first := r.shows(job)
	all := r.reports(id)
	if len(all) != 1 || !strings.Contains(all[0], "Waits for 1 approval of @") {
		t.Fatalf("reported: %q", all)
	}
	job.Remote, job.Hash = first.Remote, first.Hash
	r.shows(job)
	equal(t, "reports of the same", len(r.reports(id)), 1)
	r.approvedBy(run, "carol", "approvers")
	second := r.shows(job)
	all = r.reports(id)
	if len(all) != 2 || !strings.Contains(all[1], "Approved by carol (Slack") || !strings.Contains(all[1], "bob or alice") {
		t.Errorf("reported: %q", all)
	}
	job.Remote, job.Hash = strings.Replace(second.Remote, "/2", "/10", 1), "old"
	r.shows(job)
	job.Remote, job.Hash = second.Remote, second.Hash
	run.Gate.Door = pipeline.DoorOpening
	r.shows(job)
	equal(t, "reports in the end", len(r.reports(id)), 2)
}

func TestShowDoorIsTold(t *testing.T) {
	r, id := parked(t)
	must(t, r.Review("carol", repoName, id, []string{"production"}, "rejected", ""))
	job := r.showJob(pipeline.SlotDoor, r.atGate(id))
	shown := r.shows(job) // nothing waits there any more
	equal(t, "gives up", strings.HasSuffix(shown.Remote, "/10"), true)
	r.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "POST", Contains: "/deployment_protection_rule", Kind: sandbox.Status500}}})
	if _, err := r.Show(t.Context(), job); err == nil {
		t.Error("an error of GitHub is not tried again")
	}
}

// asking is a rig in which bob wrote the release, and all three are paired.
func asking(t *testing.T, more ...func(*stage.Options)) (*rig, *pipeline.Run) {
	t.Helper()
	var r *rig
	r = newRig(t, append(more, clicks, func(o *stage.Options) {
		o.Accounts = func(_ context.Context, id int64) ([]pipeline.SlackRef, error) {
			for _, login := range []string{"alice", "bob", "carol"} {
				if r.person(login).ID == id {
					return []pipeline.SlackRef{{Team: "T1", User: sandbox.SlackUserID(login), Name: login}}, nil
				}
			}
			return nil, nil
		}
	})...)
	run := r.atGate(1)
	run.Release.Commits = []pipeline.Commit{{SHA: r.sha, Authors: []pipeline.Person{r.person("bob")}}}
	return r, run
}

func (r *rig) direct(login string) []sandbox.SlackMessage { return r.slack.Messages("@" + login) }

// Those who can fill a place are written to, never the author, never twice; and
// what they were asked changes when it is decided.
func TestShowPeople(t *testing.T) {
	paired := true
	r, run := asking(t, func(o *stage.Options) {
		o.NoAccounts = func(context.Context) (bool, error) { return !paired, nil }
	})
	job := r.showJob(pipeline.SlotPeople, run)
	asked := r.reads("/members")
	paired = false
	r.shows(job)
	equal(t, "questions to GitHub while nobody is paired", r.reads("/members"), asked)
	paired = true
	shown := r.shows(job)
	for login, want := range map[string]int{"alice": 1, "carol": 1, "bob": 0} {
		equal(t, "messages to "+login, len(r.direct(login)), want)
	}
	if body := string(r.direct("carol")[0].Blocks); !strings.Contains(body, "gatehouse_approve") || !strings.Contains(body, "your approval is asked for") {
		t.Errorf("carol is asked: %s", body)
	}
	job.Remote, job.Hash = shown.Remote, shown.Hash
	before := r.calls("/slack/api/")
	equal(t, "unchanged", r.shows(job), shown)
	equal(t, "calls", r.calls("/slack/api/"), before)

	r.approvedBy(run, "carol", "approvers")
	shown = r.shows(job)
	if body := string(r.direct("carol")[0].Blocks); strings.Contains(body, "gatehouse_approve") || !strings.Contains(body, "gatehouse_withdraw") || !strings.Contains(body, "Approved by carol") {
		t.Errorf("carol approved: %s", body)
	}
	if body := string(r.direct("alice")[0].Blocks); !strings.Contains(body, "gatehouse_approve") {
		t.Errorf("alice is still asked: %s", body)
	}
	job.Remote, job.Hash = shown.Remote, shown.Hash
	run.Status, run.Stages["approval"].Status = pipeline.RunRejected, pipeline.StageFailed
	run.Reason = &pipeline.Refusal{Code: "rejected", Reason: "alice rejected the release: no."}
	r.shows(job)
	for _, login := range []string{"alice", "carol"} {
		all := r.direct(login)
		if body := string(all[0].Blocks); len(all) != 1 || strings.Contains(body, "gatehouse_") || !strings.Contains(body, "alice rejected the release") {
			t.Errorf("%s sees: %s", login, body)
		}
	}
}

// A process that died after writing finds what it wrote; who takes no messages
// is left, and a limit is waited for with what was done kept.
func TestShowPeopleOnBadDays(t *testing.T) {
	r, run := asking(t)
	job := r.showJob(pipeline.SlotPeople, run)
	r.slack.SetFaults(sandbox.SlackFaults{NoDirect: []string{"alice"}})
	r.shows(job)
	job.Tries = 1
	shown := r.shows(job)
	equal(t, "messages to carol", len(r.direct("carol")), 1)
	equal(t, "messages to alice", len(r.direct("alice")), 0)
	job.Tries, job.Remote, job.Hash = 0, shown.Remote, shown.Hash
	r.slack.SetFaults(sandbox.SlackFaults{RetryAfter: time.Minute})
	got, err := r.Show(t.Context(), job)
	var again *engine.Retry
	if !errors.As(err, &again) || again.Class != engine.RetryAt || got.Remote != shown.Remote {
		t.Errorf("limited: %+v, %v", got, err)
	}
	r.clock.Advance(2 * time.Minute)
	r.slack.SetFaults(sandbox.SlackFaults{})
	job.Remote = got.Remote
	r.shows(job)
	equal(t, "messages to alice", len(r.direct("alice")), 1)
	equal(t, "messages to carol", len(r.direct("carol")), 1)
}

package stage_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func (r *rig) showJob(slot pipeline.Slot, run *pipeline.Run) engine.ShowJob {
	return engine.ShowJob{Slot: slot, State: pipeline.State{Lane: &pipeline.Lane{ID: run.Lane}, Run: run}, Now: r.clock.Now()}
}

func (r *rig) shows(job engine.ShowJob) engine.Shown {
	r.t.Helper()
	got, err := r.Show(context.Background(), job)
	must(r.t, err)
	noSecrets(r.t, got)
	return got
}

func TestShowCheck(t *testing.T) {
	r := newRig(t)
	run := r.run()
	run.Stages["test"].Status, run.Stages["test"].StartedAt = pipeline.StageRunning, r.clock.Now()
	job := r.showJob("check/test/1", run)
	first := r.shows(job)
	checks := r.ours()
	equal(t, "check runs", len(checks), 1)
	equal(t, "name", checks[0].Name, "production / Test")
	equal(t, "external id", checks[0].ExternalID, string(runID)+"/test/1")

	job.Tries = 1 // the process died before it stored the answer
	equal(t, "found again", r.shows(job).Remote, first.Remote)
	equal(t, "check runs", len(r.ours()), 1)

	job.Tries, job.Remote, job.Hash = 0, first.Remote, first.Hash
	before := len(r.Record())
	equal(t, "unchanged", r.shows(job), first)
	equal(t, "calls", len(r.Record()), before)

	run.Stages["test"].Status, run.Stages["test"].EndedAt = pipeline.StagePassed, r.clock.Now()
	second := r.shows(job)
	equal(t, "same check run", second.Remote, first.Remote)
	equal(t, "conclusion", r.ours()[0].Conclusion, "success")
}

func (r *rig) ours() []sandbox.CheckRun {
	var all []sandbox.CheckRun
	for _, c := range r.snapshot().CheckRuns {
		if c.App == "gatehouse" {
			all = append(all, c)
		}
	}
	return all
}

// The check run of an attempt does not stay open when another attempt began.
func TestShowFormerAttempt(t *testing.T) {
	r := newRig(t)
	run := r.run()
	run.Stages["test"].Status, run.Stages["test"].StartedAt = pipeline.StageRunning, r.clock.Now()
	job := r.showJob("check/test/1", run)
	shown := r.shows(job)
	run.Stages["test"].Attempt = 2
	equal(t, "never made", r.shows(job).Remote, "")
	job.Remote, job.Hash = shown.Remote, shown.Hash
	shown = r.shows(job)
	equal(t, "conclusion", r.ours()[0].Conclusion, "failure")
	equal(t, "external id", r.ours()[0].ExternalID, string(runID)+"/test/1")
	job.Hash = shown.Hash
	r.Drain()
	before := len(r.Record())
	r.shows(job)
	equal(t, "calls", len(r.Record()), before)
}

func TestShowDeployment(t *testing.T) {
	r := newRig(t)
	run := r.run()
	made := perform[pipeline.DeploymentMade](r, r.job(pipeline.CreateDeployment{SHA: r.sha, Environment: "production", Version: "v1"}, 0))
	job := r.showJob(pipeline.SlotDeployment, run)
	equal(t, "none", r.shows(job), engine.Shown{})
	run.Deployment = &pipeline.Deployment{ID: made.ID, Own: true, Environment: "production"}
	run.Stages["deploy"].Status, run.Stages["deploy"].StartedAt = pipeline.StageRunning, r.clock.Now()
	shown := r.shows(job)
	equal(t, "state", strings.HasSuffix(shown.Remote, "/in_progress"), true)
	job.Tries = 1 // its answer was not stored
	equal(t, "found again", r.shows(job), shown)
	job.Tries, job.Remote = 0, shown.Remote
	r.shows(job)
	equal(t, "statuses", len(r.snapshot().Deployments[0].Statuses), 1)
	run.Status = pipeline.RunSucceeded
	run.Stages["deploy"].Status = pipeline.StagePassed
	r.shows(job)
	all := r.snapshot().Deployments[0].Statuses
	equal(t, "end", all[len(all)-1].State, "success")
}

func TestShowSlack(t *testing.T) {
	r := newRig(t)
	run := r.run()
	job := r.showJob(pipeline.SlotSlack, run)
	first := r.shows(job)
	equal(t, "messages", len(r.slack.Messages("releases")), 1)
	job.Tries = 1
	equal(t, "found again", r.shows(job).Remote, first.Remote)
	job.Tries, job.Remote, job.Hash = 0, first.Remote, first.Hash
	before := len(r.Record())
	equal(t, "unchanged", r.shows(job), first)
	equal(t, "calls", len(r.Record()), before)
	run.Status = pipeline.RunSucceeded
	equal(t, "edited", r.shows(job).Remote, first.Remote)

	details := r.showJob(pipeline.SlotDetails, run)
	var again *engine.Retry
	if _, err := r.Show(context.Background(), details); !errors.As(err, &again) || again.Class != engine.RetryLater {
		t.Errorf("details without a message: %v", err)
	}
	details.Siblings = map[pipeline.Slot]string{pipeline.SlotSlack: first.Remote}
	reply := r.shows(details)
	details.Tries = 1
	equal(t, "found again", r.shows(details).Remote, reply.Remote)
	equal(t, "messages", len(r.slack.Messages("releases")), 2)

	channel, ts, _ := strings.Cut(first.Remote, "/")
	r.slack.DeleteMessage(channel, ts)
	if r.shows(job).Remote == first.Remote {
		t.Error("a deleted message was not posted anew")
	}
}

func TestShowWithoutSlack(t *testing.T) {
	r := newRig(t, func(o *stage.Options) { o.Slack = nil })
	for _, slot := range []pipeline.Slot{pipeline.SlotSlack, pipeline.SlotDetails} {
		equal(t, string(slot), r.shows(r.showJob(slot, r.run())), engine.Shown{Hash: "none"})
	}
	perform[pipeline.Done](r, r.job(pipeline.SendNotice{Channel: "#releases"}, 0))
}

// What somebody has to repair first is not tried every few minutes.
func TestShowRefused(t *testing.T) {
	r := newRig(t)
	r.SetPermission("acme", "checks", "read")
	run := r.run()
	run.Stages["test"].Status, run.Stages["test"].StartedAt = pipeline.StageRunning, r.clock.Now()
	var again *engine.Retry
	if _, err := r.Show(context.Background(), r.showJob("check/test/1", run)); !errors.As(err, &again) || again.Class != engine.RetryHindered {
		t.Fatalf("got %v", err)
	}
	equal(t, "says what to grant", strings.Contains(again.Hindered.Fix, "checks: write"), true)
}

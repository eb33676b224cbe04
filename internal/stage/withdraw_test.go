package stage_test

import (
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// ended is a job whose run ended while GitHub was out of reach.
func ended(r *rig, e pipeline.Effect, tries int) engine.Job {
	job := r.job(e, tries)
	job.Run.Status = pipeline.RunFailed
	job.Run.Stages["deploy"].Status, job.Run.Stages["deploy"].Doing = pipeline.StageFailed, ""
	return job
}

// A verdict that could not be given in time is not given later: the lane may be
// another release's by then.
func TestWithdrawnVerdict(t *testing.T) {
	r, id := parked(t)
	must(t, r.Review("carol", repoName, id, []string{"production"}, "approved", ""))
	for tries := range 2 {
		equal(t, "code", perform[pipeline.Failed](r, ended(r, open(id), tries)).Refusal.Code, "withdrawn")
	}
	equal(t, "verdicts", r.calls("/deployment_protection_rule"), 0)

	closing := open(id)
	closing.Approve = false // the door of a run that has ended is closed all the same
	perform[pipeline.Done](r, ended(r, closing, 0))
	equal(t, "verdicts", r.calls("/deployment_protection_rule"), 1)
}

// A workflow is not started for an attempt that has ended; one that was started
// before is found, so that the machine cancels it.
func TestWithdrawnDispatch(t *testing.T) {
	r := newRig(t, func(o *stage.Options) { o.Lag = time.Nanosecond })
	job := ended(r, start("test.yml"), 0)
	equal(t, "code", perform[pipeline.Failed](r, job).Refusal.Code, "withdrawn")
	job.Tries, job.Now = 1, job.Now.Add(time.Minute)
	equal(t, "code", perform[pipeline.Failed](r, job).Refusal.Code, "withdrawn")
	equal(t, "runs", len(r.snapshot().Runs), 0)

	w := perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0)).Workflow
	equal(t, "found", perform[pipeline.WorkflowStarted](r, job).Workflow.ID, w.ID)
	equal(t, "dispatches", r.calls("/dispatches"), 1)

	made := ended(r, pipeline.CreateDeployment{SHA: r.sha, Environment: "production"}, 0)
	equal(t, "code", perform[pipeline.Failed](r, made).Refusal.Code, "withdrawn")
	equal(t, "deployments", len(r.snapshot().Deployments), 0)
}

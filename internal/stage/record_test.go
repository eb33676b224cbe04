package stage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// reviewer is a person's handle on GitHub; nil where he has not signed in.
type reviewer struct {
	pending []github.PendingDeployment
	reviews []github.Review
	err     error // of the review; it is recorded all the same if lost
	lost    bool
	posted  int
}

func (v *reviewer) PendingDeployments(context.Context, int64) ([]github.PendingDeployment, error) {
	return v.pending, nil
}

func (v *reviewer) Approvals(context.Context, int64) ([]github.Review, error) { return v.reviews, nil }

func (v *reviewer) Review(_ context.Context, _ int64, _ []int64, verdict github.Verdict, comment string) error {
	v.posted++
	if v.err == nil || v.lost {
		v.reviews = append(v.reviews, github.Review{State: verdict, Comment: comment, User: github.Person{ID: 7}})
		v.pending = nil
	}
	return v.err
}

var (
	hers  = []github.PendingDeployment{{EnvironmentID: 3, Environment: "Production", CanApprove: true}}
	other = []github.PendingDeployment{{EnvironmentID: 3, Environment: "production"}}
)

func recording(t *testing.T, v *reviewer) (*rig, engine.Job) {
	t.Helper()
	r := newRig(t, func(o *stage.Options) {
		o.As = func(context.Context, int64, pipeline.Repo) (stage.Reviewer, error) {
			if v == nil {
				return nil, nil //nolint:nilnil // not signed in
			}
			return v, nil
		}
	})
	must(t, r.SetEnvironment(repoName, sandbox.Environment{Name: "production", Reviewers: []string{"carol"}, CustomRule: true}))
	e := start("deploy.yml")
	e.Stage = "deploy"
	id := perform[pipeline.WorkflowStarted](r, r.job(e, 0)).Workflow.ID
	job := r.job(pipeline.RecordReview{Workflow: id, Environment: "production", Person: pipeline.Person{ID: 7, Login: "carol"}, Comment: "fine"}, 0)
	job.Run.Gate = &pipeline.Gate{
		Recording: job.Key, Door: pipeline.DoorShut,
		Approvals: []pipeline.Approval{{By: pipeline.Person{ID: 7, Login: "carol"}, Standing: &pipeline.Standing{}}},
	}
	return r, job
}

// A review is recorded once, with the person's own token, if GitHub says that the
// person can; else it is said why.
func TestRecordReview(t *testing.T) {
	for name, try := range map[string]struct {
		who    *reviewer
		code   string
		posted int
	}{
		"recorded":              {&reviewer{pending: hers}, "", 1},
		"recorded before":       {&reviewer{reviews: []github.Review{{State: github.Approved, User: github.Person{ID: 7}}}}, "", 0},
		"not signed in":         {nil, pipeline.CodeNotSignedIn, 0},
		"none of its reviewers": {&reviewer{pending: other}, "not-a-reviewer", 0},
		"refused":               {&reviewer{pending: hers, err: &github.Error{Class: github.Forbidden}}, "review-refused", 1},
		"refused, and had it":   {&reviewer{pending: hers, err: &github.Error{Class: github.Invalid}, lost: true}, "", 1},
		"a token of no use":     {&reviewer{pending: hers, err: &github.Error{Class: github.Unauthorized}}, "token-refused", 1},
	} {
		r, job := recording(t, try.who)
		got := perform[pipeline.ReviewRecorded](r, job)
		code := ""
		if got.Refused != nil {
			code = got.Refused.Code
		}
		equal(t, name, code, try.code)
		if try.who != nil {
			equal(t, name+": posted", try.who.posted, try.posted)
		}
	}
}

// An answer that was lost is looked for before anything is posted again.
func TestRecordReviewAmbiguous(t *testing.T) {
	v := &reviewer{pending: hers, err: &github.Error{Class: github.Ambiguous}, lost: true}
	r, job := recording(t, v)
	if _, err := r.Perform(t.Context(), job); err == nil {
		t.Fatal("a lost answer passes for a good one")
	}
	job.Tries = 1
	equal(t, "the next try", perform[pipeline.ReviewRecorded](r, job).Refused == nil, true)
	equal(t, "posted", v.posted, 1)
}

// While the job has not come to the environment it is tried later; once the run
// wants it no more, never.
func TestRecordReviewTooEarlyAndTooLate(t *testing.T) {
	v := &reviewer{}
	r, job := recording(t, v)
	_ = r.retries(job, engine.RetryLater)
	job.Run.Gate.Reviewed = true
	got := perform[pipeline.Failed](r, job)
	equal(t, "code", got.Refusal.Code, "withdrawn")
	equal(t, "posted", v.posted, 0)
	r.clock.Advance(time.Second)
	down := newRig(t, func(o *stage.Options) {
		o.As = func(context.Context, int64, pipeline.Repo) (stage.Reviewer, error) {
			return nil, &engine.Retry{Class: engine.RetryLater, Reason: "no", Err: errors.New("down")}
		}
	})
	job.Run.Gate.Reviewed = false
	_ = down.retries(job, engine.RetryLater)
}

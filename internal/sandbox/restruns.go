package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

func runRoutes() []route {
	const run = "/repos/{owner}/{repo}/actions/runs"
	return []route{
		{"GET " + run, "actions:read", func(r *request) reply { return r.runs(func(*WorkflowRun) bool { return true }) }},
		{"GET " + run + "/{run_id}", "actions:read", onRun(getRun)},
		{"GET " + run + "/{run_id}/attempts/{attempt_number}", "actions:read", onRun(getAttempt)},
		{"GET " + run + "/{run_id}/attempts/{attempt_number}/jobs", "actions:read", onRun(listAttemptJobs)},
		{"GET " + run + "/{run_id}/jobs", "actions:read", onRun(listJobs)},
		{"POST " + run + "/{run_id}/cancel", "actions:write", onRun(cancelRun)},
		{"POST " + run + "/{run_id}/force-cancel", "actions:write", onRun(forceCancelRun)},
		{"POST " + run + "/{run_id}/rerun", "actions:write", onRun(rerunAll)},
		{"POST " + run + "/{run_id}/rerun-failed-jobs", "actions:write", onRun(rerunFailed)},
		{"GET /repos/{owner}/{repo}/actions/jobs/{job_id}", "actions:read", getJob},
	}
}

func onRun(handle func(*request, *WorkflowRun) reply) func(*request) reply {
	return func(r *request) reply {
		if run := r.repo.run(r.number("run_id")); run != nil {
			return handle(r, run)
		}
		return notFound()
	}
}

// runs lists workflow runs newest first with GitHub's filters; status also takes a conclusion.
func (r *request) runs(want func(*WorkflowRun) bool) reply {
	matches := func(name, value string) bool { return r.query(name) == "" || r.query(name) == value }
	var all []*WorkflowRun
	for _, run := range slices.Backward(r.repo.runs) {
		status := r.query("status")
		if want(run) && matches("event", run.Event) && matches("branch", run.HeadBranch) && matches("head_sha", run.HeadSHA) &&
			matches("actor", run.Actor) && (status == "" || run.Status == status || run.Conclusion == status) &&
			(r.query("created") == "" || since(r.query("created"), run.CreatedAt)) {
			all = append(all, run)
		}
	}
	return ok(obj{
		"total_count":   len(all),
		"workflow_runs": list(page(r, all), func(run *WorkflowRun) obj { return r.w.runJSON(r.repo, run) }),
	})
}

func getRun(r *request, run *WorkflowRun) reply { return ok(r.w.runJSON(r.repo, run)) }

// getAttempt answers the run as it is now, or for an older attempt as it ended.
func getAttempt(r *request, run *WorkflowRun) reply {
	n := int(r.number("attempt_number"))
	if n < 1 || n > run.Attempt {
		return notFound()
	}
	if n == run.Attempt {
		return ok(r.w.runJSON(r.repo, run))
	}
	old := *run
	old.Attempt, old.Status = n, "completed"
	old.Conclusion = old.verdict()
	return ok(r.w.runJSON(r.repo, &old))
}

// visible lists the jobs that exist for GitHub: those whose needs are done.
func (run *WorkflowRun) visible(attempt int) []*Job {
	return slices.DeleteFunc(slices.Clone(run.Jobs), func(j *Job) bool {
		return j.Status == "" || attempt != 0 && j.Attempt != attempt
	})
}

func (r *request) jobs(run *WorkflowRun, jobs []*Job) reply {
	return ok(obj{
		"total_count": len(jobs), "jobs": list(page(r, jobs), func(j *Job) obj { return r.w.jobJSON(r.repo, run, j) }),
	})
}

func listJobs(r *request, run *WorkflowRun) reply {
	attempt := run.Attempt
	if r.query("filter") == "all" {
		attempt = 0
	}
	return r.jobs(run, run.visible(attempt))
}

func listAttemptJobs(r *request, run *WorkflowRun) reply {
	n, err := strconv.Atoi(r.path("attempt_number"))
	if err != nil || n < 1 || n > run.Attempt {
		return notFound()
	}
	return r.jobs(run, run.visible(n))
}

func getJob(r *request) reply {
	for _, run := range r.repo.runs {
		for _, j := range run.visible(0) {
			if j.ID == r.number("job_id") {
				return ok(r.w.jobJSON(r.repo, run, j))
			}
		}
	}
	return notFound()
}

func cancelRun(r *request, run *WorkflowRun) reply { return r.cancel(run, false) }

func forceCancelRun(r *request, run *WorkflowRun) reply { return r.cancel(run, true) }

func (r *request) cancel(run *WorkflowRun, force bool) reply {
	if run.Status == "completed" {
		return failure(http.StatusConflict, "Cannot cancel a workflow run that is completed.")
	}
	r.w.cancel(r.repo, run, force)
	return accepted()
}

func rerunAll(r *request, run *WorkflowRun) reply { return r.rerun(run, false) }

func rerunFailed(r *request, run *WorkflowRun) reply { return r.rerun(run, true) }

func (r *request) rerun(run *WorkflowRun, failedOnly bool) reply {
	if run.Status != "completed" {
		return failure(http.StatusForbidden, "This workflow is already running")
	}
	if failedOnly && run.Conclusion == "success" {
		return failure(http.StatusForbidden, "This workflow run cannot be retried")
	}
	r.w.rerun(r.repo, run, r.actor(), failedOnly)
	return created(obj{})
}

// RerunRun presses "Re-run jobs" on a workflow run as a person with write access.
func (w *World) RerunRun(by, repo string, runID int64, failedOnly bool) error {
	return w.onRunAs(by, repo, runID, func(r *Repo, run *WorkflowRun) string {
		if run.Status != "completed" {
			return "this workflow is already running"
		}
		w.act(by, repo, "re-run workflow", run.DisplayTitle)
		w.rerun(r, run, by, failedOnly)
		return ""
	})
}

// CancelRun presses "Cancel workflow" as a person with write access.
func (w *World) CancelRun(by, repo string, runID int64) error {
	return w.onRunAs(by, repo, runID, func(r *Repo, run *WorkflowRun) string {
		if run.Status == "completed" {
			return "the run is over"
		}
		w.act(by, repo, "cancel workflow", run.DisplayTitle)
		w.cancel(r, run, false)
		return ""
	})
}

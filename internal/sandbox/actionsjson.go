package sandbox

import "fmt"

func (w *World) workflowJSON(r *Repo, wf *Workflow) obj {
	return obj{
		"id": wf.ID, "node_id": nodeID("Workflow", wf.ID), "name": wf.Name, "path": wf.Path, "state": wf.State,
		"created_at": stamp(wf.CreatedAt), "updated_at": stamp(wf.CreatedAt),
		"url":       w.api("/repos/%s/actions/workflows/%d", r.FullName(), wf.ID),
		"html_url":  w.web("/%s/blob/%s/%s", r.FullName(), r.DefaultBranch, wf.Path),
		"badge_url": w.web("/%s/workflows/%d/badge.svg", r.FullName(), wf.ID),
	}
}

// runJSON is GitHub's workflow-run. It never tells the inputs.
func (w *World) runJSON(r *Repo, run *WorkflowRun) obj {
	self := w.api("/repos/%s/actions/runs/%d", r.FullName(), run.ID)
	suite := w.api("/repos/%s/check-suites/%d", r.FullName(), run.SuiteID)
	out := obj{
		"id": run.ID, "node_id": nodeID("WorkflowRun", run.ID), "name": run.Name, "display_title": run.DisplayTitle,
		"path": run.Path, "run_number": run.Number, "run_attempt": run.Attempt, "event": run.Event, "status": run.Status,
		"conclusion": orNull(run.Conclusion), "workflow_id": run.WorkflowID, "check_suite_id": run.SuiteID,
		"check_suite_node_id": nodeID("CheckSuite", run.SuiteID), "head_branch": run.HeadBranch, "head_sha": run.HeadSHA,
		"url": self, "html_url": w.web("/%s/actions/runs/%d", r.FullName(), run.ID), "jobs_url": self + "/jobs",
		"logs_url": self + "/logs", "artifacts_url": self + "/artifacts", "cancel_url": self + "/cancel",
		"rerun_url": self + "/rerun", "previous_attempt_url": nil, "check_suite_url": suite,
		"workflow_url":  w.api("/repos/%s/actions/workflows/%d", r.FullName(), run.WorkflowID),
		"pull_requests": []obj{}, "referenced_workflows": []obj{}, "created_at": stamp(run.CreatedAt),
		"updated_at": stamp(run.UpdatedAt), "run_started_at": stamp(run.StartedAt), "actor": w.userJSON(run.Actor),
		"triggering_actor": w.userJSON(run.Triggerer), "head_commit": w.simpleCommitJSON(r.commits[run.HeadSHA]),
		"repository": w.minimalRepoJSON(r), "head_repository": w.minimalRepoJSON(r),
	}
	if run.Attempt > 1 {
		out["previous_attempt_url"] = fmt.Sprintf("%s/attempts/%d", self, run.Attempt-1)
	}
	return out
}

func (w *World) jobJSON(r *Repo, run *WorkflowRun, j *Job) obj {
	steps := list(j.Steps, func(s Step) obj {
		return obj{
			"name": s.Name, "number": s.Number, "status": s.Status, "conclusion": orNull(s.Conclusion),
			"started_at": stamp(j.StartedAt), "completed_at": stamp(j.CompletedAt),
		}
	})
	out := obj{
		"id": j.ID, "node_id": nodeID("Job", j.ID), "run_id": run.ID, "run_attempt": j.Attempt, "head_sha": run.HeadSHA,
		"head_branch": run.HeadBranch, "workflow_name": run.Name, "name": j.Name, "status": j.Status,
		"conclusion": orNull(j.Conclusion), "created_at": stamp(j.CreatedAt), "started_at": stamp(j.StartedAt),
		"completed_at": stamp(j.CompletedAt), "steps": steps, "labels": []string{"ubuntu-latest"}, "runner_id": nil,
		"runner_name": nil, "runner_group_id": nil, "runner_group_name": nil,
		"url":           w.api("/repos/%s/actions/jobs/%d", r.FullName(), j.ID),
		"run_url":       w.api("/repos/%s/actions/runs/%d", r.FullName(), run.ID),
		"html_url":      w.web("/%s/actions/runs/%d/job/%d", r.FullName(), run.ID, j.ID),
		"check_run_url": w.api("/repos/%s/check-runs/%d", r.FullName(), j.ID),
	}
	if j.Status == "in_progress" || j.Status == "completed" && j.Conclusion != "skipped" {
		out["runner_id"], out["runner_name"] = 1, "sandbox"
		out["runner_group_id"], out["runner_group_name"] = 1, "Default"
	}
	return out
}

func (w *World) sendRun(r *Repo, run *WorkflowRun, action string) {
	w.send(r, r.Owner, hookEvent{event: "workflow_run", action: action, by: run.Triggerer, body: obj{
		"workflow": w.workflowJSON(r, w.workflow(r, run.Path)), "workflow_run": w.runJSON(r, run),
	}})
}

// sendJob sends a workflow_job webhook, with the deployment if the job has one.
func (w *World) sendJob(r *Repo, run *WorkflowRun, j *Job, action string) {
	job := w.jobJSON(r, run, j)
	body := obj{"workflow_job": job}
	if d := r.deployment(j.DeploymentID); d != nil {
		body["deployment"] = w.deploymentJSON(r, d)
	}
	w.send(r, r.Owner, hookEvent{event: "workflow_job", action: action, by: run.Triggerer, body: body})
}

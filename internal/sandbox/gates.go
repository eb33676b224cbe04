package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

func escape(segment string) string { return url.PathEscape(segment) }

// arrive brings a job that references an environment to its protection: it makes the Deployment, parks the job if any
// rule is not met, and asks those who can meet it.
func (w *World) arrive(r *Repo, run *WorkflowRun, j *Job) {
	env := w.environment(r, j.Environment)
	j.Environment = env.Name
	keptOut := env.ProtectedBranches && !slices.Contains(r.protected, run.HeadBranch)
	if keptOut || len(env.BranchPatterns) > 0 && !anyMatch(env.BranchPatterns, run.HeadBranch) {
		j.Reason = fmt.Sprintf("Branch %q is not allowed to deploy to %s due to environment protection rules.", run.HeadBranch, env.Name)
		w.closeJob(r, run, j, "failure")
		return
	}
	d := w.addDeployment(r, &Deployment{
		SHA: run.HeadSHA, Ref: run.HeadBranch, Task: "deploy", Environment: env.Name, Creator: run.Actor,
		Production: env.Name == "production", Via: actionsSlug, RunID: run.ID, JobID: j.ID,
	}, run)
	j.DeploymentID = d.ID
	w.sendJob(r, run, j, "queued")
	gate := &Gate{
		NeedsReview: len(env.Reviewers) > 0, NeedsRule: env.CustomRule && !env.RuleOff, NeedsTimer: env.WaitTimer > 0,
		Since: w.now(), Reviewers: slices.Clone(env.Reviewers),
	}
	if gate.open() {
		w.deployState(r, run, j, "queued", "")
		w.queueJob(r, run, j)
		return
	}
	j.Gate, j.Status, run.Status = gate, "waiting", "waiting"
	w.deployState(r, run, j, "waiting", "")
	w.mirror(r, j)
	w.ask(r, run, j, env, d)
}

// ask tells the app, the reviewers and the clock that a job waits for them.
func (w *World) ask(r *Repo, run *WorkflowRun, j *Job, env *Environment, d *Deployment) {
	w.sendJob(r, run, j, "waiting")
	if j.Gate.NeedsRule {
		w.send(r, r.Owner, hookEvent{event: "deployment_protection_rule", action: "requested", by: run.Actor, body: obj{
			"environment": env.Name, "event": run.Event, "deployment": w.deploymentJSON(r, d), "pull_requests": []obj{},
			"deployment_callback_url": w.api("/repos/%s/actions/runs/%d/deployment_protection_rule", r.FullName(), run.ID),
		}})
	}
	if j.Gate.NeedsReview {
		w.send(r, r.Owner, hookEvent{event: "deployment_review", action: "requested", by: run.Actor, body: obj{
			"environment": env.Name, "requestor": w.userJSON(run.Triggerer), "reviewers": w.askedJSON(env.Reviewers),
			"since": w.now().Format(time.RFC3339), "workflow_job_run": w.jobRunJSON(r, run, j), "workflow_run": w.runJSON(r, run),
		}})
	}
	if j.Gate.NeedsTimer {
		j.stop = w.after(time.Duration(env.WaitTimer)*time.Minute, func() {
			j.Gate.TimerPassed = true
			w.gateMoved(r, run, j)
		})
	}
}

// askedJSON lists reviewers as webhooks do, where a team carries no type of its own.
func (w *World) askedJSON(names []string) []obj {
	out := w.reviewersJSON(names)
	for _, entry := range out {
		if reviewer, isObj := entry["reviewer"].(obj); isObj && entry["type"] == "Team" {
			delete(reviewer, "type")
		}
	}
	return out
}

// gateMoved lets a waiting job through once all of its rules are met.
func (w *World) gateMoved(r *Repo, run *WorkflowRun, j *Job) {
	if j.Status != "waiting" || !j.Gate.open() {
		return
	}
	w.deployState(r, run, j, "queued", "")
	w.queueJob(r, run, j)
	w.mirror(r, j)
	w.sendJob(r, run, j, "queued")
	w.settleRun(r, run)
}

// waiting lists the jobs of the current attempt that wait at an environment; "" is any.
func (run *WorkflowRun) waiting(env string) []*Job {
	var out []*Job
	for _, j := range run.current() {
		if j.Status == "waiting" && (env == "" || j.Environment == env) {
			out = append(out, j)
		}
	}
	return out
}

// Review answers the Review deployments dialog as a person; state is "approved" or "rejected".
func (w *World) Review(by, repo string, runID int64, envs []string, state, comment string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return fmt.Errorf("review: %w", err)
	}
	run := r.run(runID)
	if run == nil {
		return fmt.Errorf("review: %s has no workflow run %d", repo, runID)
	}
	w.act(by, repo, "review "+state, fmt.Sprintf("run %d %v %s", runID, envs, comment))
	if problem := w.review(r, run, u.Login, envs, state, comment); problem != "" {
		return fmt.Errorf("review: %s", problem)
	}
	return nil
}

// review applies one answer of a reviewer to the environments he ticked; problem says why it cannot.
func (w *World) review(r *Repo, run *WorkflowRun, by string, envs []string, state, comment string) (problem string) {
	if state != "approved" && state != "rejected" {
		return "state must be approved or rejected"
	}
	var jobs []*Job
	for _, env := range envs {
		asked := slices.DeleteFunc(run.waiting(env), func(j *Job) bool { return !j.Gate.NeedsReview || j.Gate.Reviewed })
		if len(asked) == 0 {
			return "No pending deployment requests to approve or reject"
		}
		if e := r.env(env); e.PreventSelfReview && by == run.Triggerer {
			return by + " started the run and may not review it"
		}
		if !w.isReviewer(asked[0].Gate.Reviewers, by) {
			return by + " is not a reviewer of " + env
		}
		jobs = append(jobs, asked...)
	}
	if len(jobs) == 0 {
		return "No environment was named"
	}
	run.Reviews = append(run.Reviews, Review{
		By: by, State: state, Comment: comment, Environments: envs, Attempt: run.Attempt, At: w.now(),
	})
	for _, j := range jobs {
		j.Gate.Reviewed = state == "approved"
	}
	w.sendReview(r, run, jobs, run.Reviews[len(run.Reviews)-1])
	for _, j := range jobs {
		if state == "approved" {
			w.gateMoved(r, run, j)
			continue
		}
		j.Reason = "The deployment was rejected by " + by + "."
		w.endJob(r, run, j, "failure")
	}
	return ""
}

func (w *World) sendReview(r *Repo, run *WorkflowRun, jobs []*Job, review Review) {
	w.send(r, r.Owner, hookEvent{event: "deployment_review", action: review.State, by: review.By, body: obj{
		"approver": w.userJSON(review.By), "comment": review.Comment, "since": w.now().Format(time.RFC3339),
		"reviewers":         []obj{{"type": "User", "reviewer": w.userJSON(review.By)}},
		"workflow_job_run":  w.jobRunJSON(r, run, jobs[0]),
		"workflow_job_runs": list(jobs, func(j *Job) obj { return w.jobRunJSON(r, run, j) }),
		"workflow_run":      w.runJSON(r, run),
	}})
}

// jobRunJSON is a job as deployment_review carries it.
func (w *World) jobRunJSON(r *Repo, run *WorkflowRun, j *Job) obj {
	return obj{
		"id": j.ID, "name": nil, "status": j.Status, "conclusion": nil, "environment": j.Environment,
		"html_url":   w.web("/%s/actions/runs/%d/job/%d", r.FullName(), run.ID, j.ID),
		"created_at": stamp(j.CreatedAt), "updated_at": stamp(w.now()),
	}
}

func gateRoutes() []route {
	const run = "/repos/{owner}/{repo}/actions/runs/{run_id}"
	return []route{
		{"GET " + run + "/pending_deployments", "actions:read", onRun(listPending)},
		{"POST " + run + "/pending_deployments", "deployments:write", onRun(reviewPending)},
		{"GET " + run + "/approvals", "actions:read", onRun(listApprovals)},
		{"POST " + run + "/deployment_protection_rule", "deployments:write", onRun(answerRule)},
	}
}

func listPending(r *request, run *WorkflowRun) reply {
	out := []obj{}
	var seen []string
	for _, j := range run.waiting("") {
		if slices.Contains(seen, j.Environment) {
			continue
		}
		seen = append(seen, j.Environment)
		env := r.repo.env(j.Environment)
		pending := obj{
			"environment": r.w.environmentRef(r.repo, env), "wait_timer": env.WaitTimer, "wait_timer_started_at": nil,
			"current_user_can_approve": !j.Gate.Reviewed && r.w.isReviewer(j.Gate.Reviewers, r.id.login),
			"reviewers":                r.w.reviewersJSON(j.Gate.Reviewers),
		}
		if j.Gate.NeedsTimer {
			pending["wait_timer_started_at"] = stamp(j.Gate.Since)
		}
		out = append(out, pending)
	}
	return ok(out)
}

// reviewPending is the API form of Review deployments. Only a person can be a reviewer, so an installation is refused.
func reviewPending(r *request, run *WorkflowRun) reply {
	var in struct {
		IDs     []int64 `json:"environment_ids"`
		State   string  `json:"state"`
		Comment string  `json:"comment"`
	}
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	if r.id.login == "" {
		return failure(http.StatusForbidden, "Resource not accessible by integration")
	}
	var envs []string
	var deployments []obj
	for _, e := range r.repo.envs {
		if !slices.Contains(in.IDs, e.ID) {
			continue
		}
		envs = append(envs, e.Name)
		for _, j := range run.waiting(e.Name) {
			deployments = append(deployments, r.w.deploymentJSON(r.repo, r.repo.deployment(j.DeploymentID)))
		}
	}
	r.w.act(r.id.login, run.Repo, "review "+in.State, fmt.Sprintf("run %d %v %s", run.ID, envs, in.Comment))
	if problem := r.w.review(r.repo, run, r.id.login, envs, in.State, in.Comment); problem != "" {
		return invalid(problem)
	}
	return ok(deployments)
}

func listApprovals(r *request, run *WorkflowRun) reply {
	return ok(list(run.Reviews, func(review Review) obj {
		return obj{
			"state": review.State, "comment": review.Comment, "user": r.w.userJSON(review.By),
			"environments": list(review.Environments, func(name string) obj {
				e := r.repo.env(name)
				out := r.w.environmentRef(r.repo, e)
				out["created_at"], out["updated_at"] = stamp(e.CreatedAt), stamp(e.UpdatedAt)
				return out
			}),
		}
	}))
}

// answerRule takes our rule's verdict on an environment, or without a state its report.
func answerRule(r *request, run *WorkflowRun) reply {
	var in struct {
		Environment string  `json:"environment_name"`
		State       *string `json:"state"`
		Comment     string  `json:"comment"`
	}
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	env := r.repo.env(in.Environment)
	switch {
	case r.id.install == nil:
		return failure(http.StatusForbidden, "Only the app of a deployment protection rule can answer for it.")
	case env == nil:
		return notFound()
	case len([]rune(in.Comment)) > 1024:
		return invalid("Validation Failed: comment is too long (maximum is 1024 characters)")
	case in.State == nil && in.Comment == "":
		return invalid("Invalid request. A report needs a comment, a verdict needs a state.")
	case in.State != nil && *in.State != "approved" && *in.State != "rejected":
		return invalid("Invalid request. " + *in.State + " is not a member of [\"approved\", \"rejected\"].")
	}
	asked := slices.DeleteFunc(run.waiting(env.Name), func(j *Job) bool { return !j.Gate.NeedsRule || j.Gate.RulePassed })
	if len(asked) == 0 {
		return invalid("No pending custom deployment protection rule of this app for " + env.Name)
	}
	if in.State == nil {
		return report(asked, in.Comment)
	}
	for _, j := range asked {
		j.Gate.Verdict, j.Gate.Comment, j.Gate.RulePassed = *in.State, in.Comment, *in.State == "approved"
	}
	for _, j := range asked {
		if *in.State == "approved" {
			r.w.gateMoved(r.repo, run, j)
			continue
		}
		j.Reason = "The deployment was rejected by " + r.w.opt.AppSlug + ": " + in.Comment
		r.w.endJob(r.repo, run, j, "failure")
	}
	return noContent()
}

func report(jobs []*Job, comment string) reply {
	for _, j := range jobs {
		if len(j.Gate.Reports) >= 10 {
			return invalid("A deployment takes at most 10 status reports.")
		}
	}
	for _, j := range jobs {
		j.Gate.Reports = append(j.Gate.Reports, comment)
	}
	return noContent()
}

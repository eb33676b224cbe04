package sandbox

import (
	"maps"
	"slices"
)

// addDeployment stores a deployment and says so.
func (w *World) addDeployment(r *Repo, d *Deployment, run *WorkflowRun) *Deployment {
	d.ID, d.CreatedAt, d.UpdatedAt = w.nextID(), w.now(), w.now()
	w.environment(r, d.Environment)
	r.deploys = append(r.deploys, d)
	body := obj{"deployment": w.deploymentJSON(r, d), "workflow": nil, "workflow_run": nil}
	w.withRun(r, run, body)
	w.send(r, r.Owner, hookEvent{event: "deployment", action: "created", by: d.Creator, body: body})
	return d
}

// withRun adds the workflow and the run to an event of a deployment.
func (w *World) withRun(r *Repo, run *WorkflowRun, body obj) {
	if run == nil {
		return
	}
	body["workflow"] = w.workflowJSON(r, w.workflow(r, run.Path))
	short := w.runJSON(r, run)
	short["head_commit"], short["previous_attempt_url"] = nil, nil // as in GitHub's own payloads of deployments
	body["workflow_run"] = short
}

func (r *Repo) deployment(id int64) *Deployment {
	for _, d := range r.deploys {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// deployState adds a status to the deployment of a job, if it has one.
func (w *World) deployState(r *Repo, run *WorkflowRun, j *Job, state, description string) {
	d := r.deployment(j.DeploymentID)
	if d == nil {
		return
	}
	w.addDeploymentStatus(r, d, DeploymentStatus{
		State: state, Description: description, Creator: run.Actor, Via: actionsSlug,
		LogURL: w.web("/%s/actions/runs/%d/job/%d", r.FullName(), run.ID, j.ID),
	}, true, run)
}

// addDeploymentStatus stores a status, retires older deployments, and says so (except of inactive).
func (w *World) addDeploymentStatus(r *Repo, d *Deployment, s DeploymentStatus, autoInactive bool, run *WorkflowRun) *DeploymentStatus {
	s.ID, s.CreatedAt = w.nextID(), w.now()
	if s.Environment == "" {
		s.Environment = d.Environment
	}
	d.UpdatedAt, d.Environment = w.now(), s.Environment
	d.Statuses = append(d.Statuses, s)
	if s.State == "success" && autoInactive {
		w.retire(r, d, s)
	}
	if s.State != "inactive" {
		status := w.deployStatusJSON(r, d, s)
		status["state"] = s.State
		body := obj{"deployment": w.deploymentJSON(r, d), "deployment_status": status, "check_run": nil}
		w.withRun(r, run, body)
		w.send(r, r.Owner, hookEvent{event: "deployment_status", action: "created", by: s.Creator, body: body})
	}
	return &d.Statuses[len(d.Statuses)-1]
}

// retire marks the older successful, non-transient, non-production deployments of the environment inactive.
func (w *World) retire(r *Repo, d *Deployment, s DeploymentStatus) {
	for _, old := range r.deploys {
		if old.ID == d.ID || old.Environment != d.Environment || old.Transient || old.Production || old.state() != "success" {
			continue
		}
		old.Statuses = append(old.Statuses, DeploymentStatus{
			ID: w.nextID(), State: "inactive", Environment: old.Environment, Creator: s.Creator, Via: s.Via, CreatedAt: w.now(),
		})
	}
}

// state is the newest status's.
func (d *Deployment) state() string {
	if len(d.Statuses) == 0 {
		return ""
	}
	return d.Statuses[len(d.Statuses)-1].State
}

func (w *World) deploymentJSON(r *Repo, d *Deployment) obj {
	self := w.api("/repos/%s/deployments/%d", r.FullName(), d.ID)
	payload := d.Payload
	if payload == nil {
		payload = obj{}
	}
	return obj{
		"id": d.ID, "node_id": nodeID("Deployment", d.ID), "url": self, "sha": d.SHA, "ref": d.Ref, "task": d.Task,
		"payload": payload, "original_environment": d.Environment, "environment": d.Environment,
		"description": orNull(d.Description), "creator": w.userJSON(d.Creator), "created_at": stamp(d.CreatedAt),
		"updated_at": stamp(d.UpdatedAt), "statuses_url": self + "/statuses", "repository_url": w.api("/repos/%s", r.FullName()),
		"transient_environment": d.Transient, "production_environment": d.Production,
		"performed_via_github_app": w.appJSON(d.Via),
	}
}

// deployStatusJSON is a status in the REST API, whose description knows no "waiting": it is told as pending there.
func (w *World) deployStatusJSON(r *Repo, d *Deployment, s DeploymentStatus) obj {
	base := w.api("/repos/%s/deployments/%d", r.FullName(), d.ID)
	state := s.State
	if state == "waiting" {
		state = "pending"
	}
	return obj{
		"id": s.ID, "node_id": nodeID("DeploymentStatus", s.ID), "state": state, "creator": w.userJSON(s.Creator),
		"description": s.Description, "environment": s.Environment, "target_url": s.LogURL, "log_url": s.LogURL,
		"environment_url": s.EnvironmentURL, "created_at": stamp(s.CreatedAt), "updated_at": stamp(s.CreatedAt),
		"deployment_url": base, "repository_url": w.api("/repos/%s", r.FullName()),
		"url":                      w.api("/repos/%s/deployments/%d/statuses/%d", r.FullName(), d.ID, s.ID),
		"performed_via_github_app": w.appJSON(s.Via),
	}
}

func deployRoutes() []route {
	return []route{
		{"GET /repos/{owner}/{repo}/deployments", "deployments:read", listDeployments},
		{"POST /repos/{owner}/{repo}/deployments", "deployments:write", createDeployment},
		{"GET /repos/{owner}/{repo}/deployments/{deployment_id}", "deployments:read", onDeployment(getDeployment)},
		{"GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "deployments:read", onDeployment(listDeploymentStatuses)},
		{"POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "deployments:write", onDeployment(createDeploymentStatus)},
	}
}

func onDeployment(handle func(*request, *Deployment) reply) func(*request) reply {
	return func(r *request) reply {
		if d := r.repo.deployment(r.number("deployment_id")); d != nil {
			return handle(r, d)
		}
		return notFound()
	}
}

func getDeployment(r *request, d *Deployment) reply { return ok(r.w.deploymentJSON(r.repo, d)) }

func listDeployments(r *request) reply {
	var all []*Deployment
	matches := func(name, value string) bool { return r.query(name) == "" || r.query(name) == value }
	for _, d := range slices.Backward(r.repo.deploys) {
		if matches("sha", d.SHA) && matches("ref", d.Ref) && matches("task", d.Task) && matches("environment", d.Environment) {
			all = append(all, d)
		}
	}
	return ok(list(page(r, all), func(d *Deployment) obj { return r.w.deploymentJSON(r.repo, d) }))
}

func createDeployment(r *request) reply {
	var in struct {
		Ref                   string    `json:"ref"`
		Task                  string    `json:"task"`
		AutoMerge             *bool     `json:"auto_merge"`
		RequiredContexts      *[]string `json:"required_contexts"`
		Payload               any       `json:"payload"`
		Environment           string    `json:"environment"`
		Description           string    `json:"description"`
		TransientEnvironment  bool      `json:"transient_environment"`
		ProductionEnvironment *bool     `json:"production_environment"`
	}
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	sha, found := r.repo.resolve(in.Ref)
	if in.Ref == "" || !found {
		return invalid("No ref found for: " + in.Ref)
	}
	if in.Environment == "" {
		in.Environment = "production"
	}
	if in.Task == "" {
		in.Task = "deploy"
	}
	if refused := r.contextsRefuse(sha, in.RequiredContexts); refused != nil {
		return *refused
	}
	if in.AutoMerge == nil || *in.AutoMerge {
		if behind, _ := r.repo.between(sha, r.repo.branches[r.repo.DefaultBranch]); len(behind) > 0 {
			return reply{status: 202, body: obj{"message": "Auto-merged " + r.repo.DefaultBranch + " into " + in.Ref + " on deployment."}}
		}
	}
	production := in.Environment == "production"
	if in.ProductionEnvironment != nil {
		production = *in.ProductionEnvironment
	}
	d := r.w.addDeployment(r.repo, &Deployment{
		SHA: sha, Ref: in.Ref, Task: in.Task, Environment: in.Environment, Description: in.Description, Payload: in.Payload,
		Creator: r.actor(), Transient: in.TransientEnvironment, Production: production, Via: r.via(),
	}, nil)
	return created(r.w.deploymentJSON(r.repo, d))
}

// contextsRefuse is GitHub's check of commit statuses before a deployment; an empty list skips it.
func (r *request) contextsRefuse(sha string, required *[]string) *reply {
	if required != nil && len(*required) == 0 {
		return nil
	}
	states := map[string]string{}
	for _, s := range slices.Backward(r.repo.statusesOf(sha)) {
		states[s.Context] = s.State
	}
	names := slices.Collect(maps.Keys(states))
	if required != nil {
		names = *required
	}
	for _, name := range names {
		if states[name] != "success" {
			return ptr(failure(409, "Conflict: Commit status checks failed for "+sha+"."))
		}
	}
	return nil
}

func listDeploymentStatuses(r *request, d *Deployment) reply {
	all := slices.Clone(d.Statuses)
	slices.Reverse(all)
	return ok(list(page(r, all), func(s DeploymentStatus) obj { return r.w.deployStatusJSON(r.repo, d, s) }))
}

func createDeploymentStatus(r *request, d *Deployment) reply {
	var in struct {
		State          string `json:"state"`
		Description    string `json:"description"`
		Environment    string `json:"environment"`
		EnvironmentURL string `json:"environment_url"`
		LogURL         string `json:"log_url"`
		TargetURL      string `json:"target_url"`
		AutoInactive   *bool  `json:"auto_inactive"`
	}
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	if !slices.Contains([]string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}, in.State) {
		return invalid("Validation Failed: state is not included in the list")
	}
	if len([]rune(in.Description)) > 140 {
		return invalid("Validation Failed: description is too long (maximum is 140 characters)")
	}
	if in.LogURL == "" {
		in.LogURL = in.TargetURL
	}
	s := r.w.addDeploymentStatus(r.repo, d, DeploymentStatus{
		State: in.State, Description: in.Description, Environment: in.Environment, EnvironmentURL: in.EnvironmentURL,
		LogURL: in.LogURL, Creator: r.actor(), Via: r.via(),
	}, in.AutoInactive == nil || *in.AutoInactive, nil)
	return created(r.w.deployStatusJSON(r.repo, d, *s))
}

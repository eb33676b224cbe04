package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

func actionRoutes() []route {
	const workflow = "/repos/{owner}/{repo}/actions/workflows"
	return []route{
		{"GET /repos/{owner}/{repo}/actions/permissions", "administration:read", getActionsPermissions},
		{"GET " + workflow, "actions:read", listWorkflows},
		{"GET " + workflow + "/{workflow_id}", "actions:read", onWorkflow(getWorkflow)},
		{"GET " + workflow + "/{workflow_id}/runs", "actions:read", onWorkflow(listWorkflowRuns)},
		{"POST " + workflow + "/{workflow_id}/dispatches", "actions:write", onWorkflow(dispatch)},
	}
}

func getActionsPermissions(r *request) reply {
	if r.repo.actionsOff {
		return ok(obj{"enabled": false})
	}
	return ok(obj{"enabled": true, "allowed_actions": "all", "sha_pinning_required": false})
}

// onWorkflow finds the workflow in the path by id or file name.
func onWorkflow(handle func(*request, *Workflow) reply) func(*request) reply {
	return func(r *request) reply {
		for _, wf := range r.repo.workflows {
			if wf.State != "deleted" && wf.named(r.path("workflow_id")) && r.repo.onDefault(wf) {
				return handle(r, wf)
			}
		}
		return notFound()
	}
}

func (wf *Workflow) named(name string) bool {
	return strconv.FormatInt(wf.ID, 10) == name || path.Base(wf.Path) == name || wf.Path == name
}

// onDefault tells whether the default branch has the file, without which GitHub does not know a workflow.
func (r *Repo) onDefault(wf *Workflow) bool {
	_, exists := r.treeOf(r.branches[r.DefaultBranch])[wf.Path]
	return exists
}

func listWorkflows(r *request) reply {
	var all []*Workflow
	for _, wf := range r.repo.workflows {
		if wf.State != "deleted" {
			all = append(all, wf)
		}
	}
	return ok(obj{
		"total_count": len(all),
		"workflows":   list(page(r, all), func(wf *Workflow) obj { return r.w.workflowJSON(r.repo, wf) }),
	})
}

func getWorkflow(r *request, wf *Workflow) reply { return ok(r.w.workflowJSON(r.repo, wf)) }

func listWorkflowRuns(r *request, wf *Workflow) reply {
	return r.runs(func(run *WorkflowRun) bool { return run.WorkflowID == wf.ID })
}

// dispatch starts a workflow by hand: 204, or 200 with the run's id for who asks for it.
func dispatch(r *request, wf *Workflow) reply {
	var in struct {
		Ref     string                     `json:"ref"`
		Inputs  map[string]json.RawMessage `json:"inputs"`
		Details bool                       `json:"return_run_details"`
	}
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	inputs, size := map[string]string{}, 0
	for name, raw := range in.Inputs {
		inputs[name] = plain(raw)
		size += len(inputs[name])
	}
	if len(inputs) > 25 || size > 65535 {
		return invalid("Inputs are limited to 25 properties and 65535 characters.")
	}
	run, problem := r.w.dispatch(r.repo, wf, in.Ref, r.actor(), inputs)
	if problem != "" {
		return invalid(problem)
	}
	if !in.Details {
		return noContent()
	}
	return ok(obj{
		"workflow_run_id": run.ID, "run_url": r.w.api("/repos/%s/actions/runs/%d", r.repo.FullName(), run.ID),
		"html_url": r.w.web("/%s/actions/runs/%d", r.repo.FullName(), run.ID),
	})
}

// plain reads an input, which is a string or, from careless clients, a bare number or boolean.
func plain(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s
	}
	return string(raw)
}

// dispatch starts a run of a workflow at a branch or tag; problem is GitHub's sentence when it cannot.
func (w *World) dispatch(r *Repo, wf *Workflow, ref, by string, given map[string]string) (run *WorkflowRun, problem string) {
	name := strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
	sha, isBranch := r.branches[name]
	switch {
	case r.actionsOff:
		return nil, "Actions is disabled for this repository"
	case strings.HasPrefix(wf.State, "disabled"):
		return nil, "Cannot trigger a 'workflow_dispatch' on a disabled workflow"
	}
	if !isBranch {
		tagged, isTag := r.tags[name]
		if !isTag {
			return nil, "No ref found for: " + ref
		}
		sha = tagged
	}
	text, exists := r.treeOf(sha)[wf.Path]
	if !exists {
		return nil, "Workflow does not exist or does not have a workflow_dispatch trigger in this tag."
	}
	spec, err := parseWorkflow(wf.Path, text)
	if err != nil {
		return nil, err.Error()
	}
	if spec.dispatch == nil {
		return nil, "Workflow does not have 'workflow_dispatch' trigger"
	}
	inputs, problem := spec.dispatch.defaults(given)
	if problem != "" {
		return nil, problem
	}
	full := "refs/heads/" + name
	if !isBranch {
		full = "refs/tags/" + name
	}
	w.send(r, r.Owner, hookEvent{event: "workflow_dispatch", by: by, body: obj{
		"inputs": inputs, "ref": full, "workflow": wf.Path,
	}})
	return w.startRun(r, wf, spec, runStart{
		event: "workflow_dispatch", by: by, branch: name, onTag: !isBranch, sha: sha, inputs: inputs,
	}), ""
}

// RunWorkflow presses "Run workflow" as a person with write access and returns the new run's id.
func (w *World) RunWorkflow(by, repo, file, ref string, inputs map[string]string) (id int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return 0, fmt.Errorf("run workflow: %w", err)
	}
	if !w.canWrite(r, by) {
		return 0, fmt.Errorf("run workflow: %s has no write access to %s", by, repo)
	}
	for _, wf := range r.workflows {
		if !wf.named(file) || !r.onDefault(wf) {
			continue
		}
		w.act(by, repo, "run workflow", file+" on "+ref)
		run, problem := w.dispatch(r, wf, ref, u.Login, inputs)
		if problem != "" {
			return 0, fmt.Errorf("run workflow: %s", problem)
		}
		return run.ID, nil
	}
	return 0, fmt.Errorf("run workflow: %s is not on the default branch of %s (%s)", file, repo, http.StatusText(http.StatusNotFound))
}

package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// runStart is what starts a workflow run.
type runStart struct {
	event  string
	by     string
	branch string
	onTag  bool
	sha    string
	inputs map[string]string
}

// indexWorkflows keeps the list of workflows as the default branch has them.
func (w *World) indexWorkflows(r *Repo) {
	tree := r.treeOf(r.branches[r.DefaultBranch])
	for _, wf := range r.workflows {
		_, exists := tree[wf.Path]
		switch {
		case !exists:
			wf.State = "deleted"
		case wf.State == "deleted":
			wf.State = "active"
		}
	}
	for _, path := range sortedKeys(tree) {
		if spec, err := parseWorkflow(path, tree[path]); isWorkflow(path) && err == nil {
			w.workflow(r, path).Name = spec.name
		}
	}
}

func isWorkflow(path string) bool {
	rest, inside := strings.CutPrefix(path, ".github/workflows/")
	return inside && !strings.Contains(rest, "/") && (strings.HasSuffix(rest, ".yml") || strings.HasSuffix(rest, ".yaml"))
}

// workflow finds or registers a workflow file.
func (w *World) workflow(r *Repo, path string) *Workflow {
	for _, wf := range r.workflows {
		if wf.Path == path {
			return wf
		}
	}
	wf := &Workflow{ID: w.nextID(), Name: path, Path: path, State: "active", CreatedAt: w.now()}
	r.workflows = append(r.workflows, wf)
	return wf
}

// startPushWorkflows starts every workflow of the pushed commit that wants the push.
func (w *World) startPushWorkflows(r *Repo, by *User, name string, branch bool, sha string) {
	tree := r.treeOf(sha)
	for _, path := range sortedKeys(tree) {
		if !isWorkflow(path) {
			continue
		}
		spec, err := parseWorkflow(path, tree[path])
		if err != nil || !spec.push.wants(name, branch) {
			continue
		}
		wf := w.workflow(r, path)
		wf.Name = spec.name
		w.startRun(r, wf, spec, runStart{event: "push", by: by.Login, branch: name, onTag: !branch, sha: sha})
	}
}

func (w *World) startRun(r *Repo, wf *Workflow, spec *workflowSpec, s runStart) *WorkflowRun {
	r.numbers[wf.ID]++
	run := &WorkflowRun{
		ID: w.nextID(), Repo: r.FullName(), WorkflowID: wf.ID, Name: spec.name, Path: wf.Path, Event: s.event,
		HeadBranch: s.branch, HeadSHA: s.sha, Number: r.numbers[wf.ID], Attempt: 1, Status: "queued", Actor: s.by,
		Triggerer: s.by, Inputs: s.inputs, CreatedAt: w.now(), UpdatedAt: w.now(), StartedAt: w.now(), spec: spec, onTag: s.onTag,
	}
	run.SuiteID = w.newSuite(r, actionsSlug, s.sha, s.branch).ID
	switch {
	case spec.runName != "":
		run.DisplayTitle = expand(spec.runName, run.vars(nil))
	case s.event == "push":
		run.DisplayTitle = r.commits[s.sha].Title()
	default:
		run.DisplayTitle = spec.name
	}
	r.runs = append(r.runs, run)
	w.unfold(run, func(*jobSpec) bool { return true })
	w.sendRun(r, run, "requested")
	w.advance(r, run)
	return run
}

// vars are the values that expressions of a run may name.
func (run *WorkflowRun) vars(combo map[string]string) map[string]string {
	out := map[string]string{
		"github.ref_name": run.HeadBranch, "github.sha": run.HeadSHA, "github.actor": run.Actor,
		"github.run_id": fmt.Sprint(run.ID), "github.run_attempt": fmt.Sprint(run.Attempt),
		"github.event_name": run.Event, "github.repository": run.Repo,
	}
	for name, value := range run.Inputs {
		out["inputs."+name], out["github.event.inputs."+name] = value, value
	}
	for name, value := range combo {
		out["matrix."+name] = value
	}
	return out
}

// unfold adds the jobs of the current attempt, matrices unfolded. They begin when their needs are done.
func (w *World) unfold(run *WorkflowRun, want func(*jobSpec) bool) {
	for _, spec := range run.spec.jobs {
		if !want(spec) {
			continue
		}
		combos := []map[string]string{nil}
		if spec.dimension != "" {
			combos = nil
			for _, v := range spec.values {
				combos = append(combos, map[string]string{spec.dimension: v})
			}
		}
		for _, combo := range combos {
			vars := run.vars(combo)
			name := expand(spec.name, vars)
			if combo != nil && name == spec.name {
				name += " (" + combo[spec.dimension] + ")"
			}
			run.Jobs = append(run.Jobs, &Job{
				ID: w.nextID(), RunID: run.ID, Attempt: run.Attempt, Key: spec.key, Name: name,
				Environment: expand(spec.environment, vars), spec: spec, combo: combo,
			})
		}
	}
}

// current lists the jobs of the current attempt.
func (run *WorkflowRun) current() []*Job {
	return slices.DeleteFunc(slices.Clone(run.Jobs), func(j *Job) bool { return j.Attempt != run.Attempt })
}

// advance starts or skips the jobs whose needs are done, and ends the run after its last job.
func (w *World) advance(r *Repo, run *WorkflowRun) {
	for again := true; again; {
		again = false
		for _, j := range run.current() {
			if j.Status != "" {
				continue
			}
			ready, good := run.needsOf(j)
			switch {
			case !ready:
				continue
			case j.spec.always || good && !run.cancelling:
				w.createJob(r, run, j)
			case run.cancelling:
				w.skipJob(r, run, j, "cancelled")
			default:
				w.skipJob(r, run, j, "skipped")
			}
			again = true
		}
	}
	w.settleRun(r, run)
}

// needsOf tells whether everything that a job needs is over, and whether all of it succeeded.
func (run *WorkflowRun) needsOf(j *Job) (ready, good bool) {
	good = true
	for _, other := range run.current() {
		if !slices.Contains(j.spec.needs, other.Key) {
			continue
		}
		if other.Status != "completed" {
			return false, false
		}
		good = good && other.Conclusion == "success"
	}
	return true, good
}

// createJob makes a job visible and brings it to a runner or to its environment's gate.
func (w *World) createJob(r *Repo, run *WorkflowRun, j *Job) {
	j.Status, j.CreatedAt, j.StartedAt = "queued", w.now(), w.now()
	w.addCheck(r, &CheckRun{
		ID: j.ID, App: actionsSlug, SuiteID: run.SuiteID, Name: j.Name, HeadSHA: run.HeadSHA, Status: "queued",
		HTMLURL: w.web("/%s/actions/runs/%d/job/%d", r.FullName(), run.ID, j.ID), ExternalID: fmt.Sprintf("job-%d", j.ID),
	}, actionsSlug+"[bot]")
	if j.Environment != "" {
		w.arrive(r, run, j)
		return
	}
	w.sendJob(r, run, j, "queued")
	w.queueJob(r, run, j)
}

func (w *World) skipJob(r *Repo, run *WorkflowRun, j *Job, conclusion string) {
	j.CreatedAt, j.StartedAt = w.now(), w.now()
	w.addCheck(r, &CheckRun{
		ID: j.ID, App: actionsSlug, SuiteID: run.SuiteID, Name: j.Name, HeadSHA: run.HeadSHA, Status: "queued",
		HTMLURL: w.web("/%s/actions/runs/%d/job/%d", r.FullName(), run.ID, j.ID), ExternalID: fmt.Sprintf("job-%d", j.ID),
	}, actionsSlug+"[bot]")
	w.closeJob(r, run, j, conclusion)
}

// queueJob gives a job to a runner, which takes it up a moment later.
func (w *World) queueJob(r *Repo, run *WorkflowRun, j *Job) {
	j.Status = "queued"
	j.stop = w.after(w.opt.Step/10, func() { w.beginJob(r, run, j) })
}

func (w *World) beginJob(r *Repo, run *WorkflowRun, j *Job) {
	plan := play(j.spec.steps, run.vars(j.combo), w.opt.Step, func(words []string) (Effect, bool) { return w.call(r, run, words) })
	j.Status, j.StartedAt, j.stubborn = "in_progress", w.now(), plan.stubborn
	w.deployState(r, run, j, "in_progress", "")
	w.mirror(r, j)
	w.sendJob(r, run, j, "in_progress")
	w.settleRun(r, run)
	w.schedule(j, plan.acts)
	if plan.hangs {
		j.Steps = plan.steps
		return
	}
	j.stop = w.after(plan.takes, func() {
		j.act(len(j.acts)) // timers of one moment come in any order
		j.Steps = plan.steps
		conclusion := "success"
		if plan.failed {
			conclusion = "failure"
		}
		w.endJob(r, run, j, conclusion)
	})
}

// endJob ends a job and lets the run go on.
func (w *World) endJob(r *Repo, run *WorkflowRun, j *Job, conclusion string) {
	w.closeJob(r, run, j, conclusion)
	w.advance(r, run)
}

func (w *World) closeJob(r *Repo, run *WorkflowRun, j *Job, conclusion string) {
	if j.stop != nil {
		j.stop()
	}
	j.drop()
	j.Status, j.Conclusion, j.CompletedAt = "completed", conclusion, w.now()
	switch conclusion {
	case "success":
		w.deployState(r, run, j, "success", "")
	case "cancelled":
		w.deployState(r, run, j, "error", "The job was cancelled.")
	default:
		w.deployState(r, run, j, "failure", j.Reason)
	}
	w.mirror(r, j)
	w.sendJob(r, run, j, "completed")
}

// mirror writes a job's state into its check run.
func (w *World) mirror(r *Repo, j *Job) {
	for _, c := range r.checks {
		if c.ID != j.ID {
			continue
		}
		before := c.Status
		c.Status, c.Conclusion, c.StartedAt, c.CompletedAt = j.Status, j.Conclusion, j.StartedAt, j.CompletedAt
		w.checkChanged(r, c, before, actionsSlug+"[bot]")
	}
}

// settleRun derives the run's status from its jobs.
func (w *World) settleRun(r *Repo, run *WorkflowRun) {
	if run.Status == "completed" {
		return
	}
	count := map[string]int{}
	for _, j := range run.current() {
		count[j.Status]++
	}
	total, before := len(run.current()), run.Status
	switch {
	case count["completed"] == total:
		w.finishRun(r, run)
		return
	case count["in_progress"] > 0:
		run.Status = "in_progress"
	case count["waiting"] > 0:
		run.Status = "waiting"
	case count["completed"] > 0:
		run.Status = "in_progress"
	default:
		run.Status = "queued"
	}
	run.UpdatedAt = w.now()
	if run.Status == "in_progress" && before != "in_progress" && !run.announced {
		run.announced = true
		w.sendRun(r, run, "in_progress")
	}
}

func (w *World) finishRun(r *Repo, run *WorkflowRun) {
	run.Status, run.Conclusion, run.UpdatedAt = "completed", run.verdict(), w.now()
	run.cancelling = false
	for _, s := range r.suites {
		if s.ID == run.SuiteID {
			s.Status, s.Conclusion, s.UpdatedAt = "completed", run.Conclusion, w.now()
			w.sendSuite(r, s, "completed", actionsSlug+"[bot]")
		}
	}
	w.sendRun(r, run, "completed")
}

func (run *WorkflowRun) verdict() string {
	found := map[string]bool{}
	for _, j := range run.current() {
		found[j.Conclusion] = true
	}
	switch {
	case found["failure"]:
		return "failure"
	case found["cancelled"] || run.cancelling:
		return "cancelled"
	case found["success"] || len(found) == 0:
		return "success"
	}
	return "skipped"
}

// cancel ends a run's jobs a moment later; a stubborn one only by force.
func (w *World) cancel(r *Repo, run *WorkflowRun, force bool) {
	run.cancelling = true
	w.after(w.opt.Step/10, func() {
		if run.Status == "completed" {
			return
		}
		for _, j := range run.current() {
			switch {
			case j.Status == "" || j.Status == "completed" || j.spec.always && j.Status != "waiting" && !force:
			case j.stubborn && j.Status == "in_progress" && !force:
			default:
				w.closeJob(r, run, j, "cancelled")
			}
		}
		w.advance(r, run)
	})
}

// rerun starts another attempt; with failedOnly it keeps the jobs that succeeded.
func (w *World) rerun(r *Repo, run *WorkflowRun, by string, failedOnly bool) {
	previous := run.current()
	run.Attempt++
	run.Status, run.Conclusion, run.Triggerer, run.announced = "queued", "", by, false
	run.UpdatedAt, run.StartedAt = w.now(), w.now()
	good := map[string]bool{}
	for _, j := range previous {
		was, seen := good[j.Key]
		good[j.Key] = j.Conclusion == "success" && (was || !seen)
	}
	if failedOnly {
		for _, j := range previous {
			if good[j.Key] {
				kept := *j
				kept.Attempt = run.Attempt
				run.Jobs = append(run.Jobs, &kept)
			}
		}
	}
	w.unfold(run, func(s *jobSpec) bool { return !failedOnly || !good[s.key] })
	for _, s := range r.suites {
		if s.ID == run.SuiteID {
			s.Status, s.Conclusion, s.UpdatedAt = "queued", "", w.now()
		}
	}
	w.sendRun(r, run, "requested")
	w.advance(r, run)
}

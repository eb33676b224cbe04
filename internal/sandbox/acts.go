package sandbox

import "fmt"

// onRunAs finds a workflow run for a person with write access and does something to it; problem says why not.
func (w *World) onRunAs(by, repo string, runID int64, do func(*Repo, *WorkflowRun) (problem string)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, _, err := w.repoAndUser(repo, by)
	if err != nil {
		return fmt.Errorf("workflow run: %w", err)
	}
	run := r.run(runID)
	if run == nil {
		return fmt.Errorf("workflow run: %s has no workflow run %d", repo, runID)
	}
	if !w.canWrite(r, by) {
		return fmt.Errorf("workflow run: %s has no write access to %s", by, repo)
	}
	if problem := do(r, run); problem != "" {
		return fmt.Errorf("workflow run %d: %s", runID, problem)
	}
	return nil
}

// StartWaiting presses "Start all waiting jobs" as an administrator, which bypasses every rule and tells no app.
func (w *World) StartWaiting(by, repo string, runID int64) error {
	return w.onRunAs(by, repo, runID, func(r *Repo, run *WorkflowRun) string {
		if w.roleOf(r, by) != "admin" {
			return by + " is no administrator"
		}
		w.act(by, repo, "start waiting jobs", run.DisplayTitle)
		for _, j := range run.waiting("") {
			j.Gate.NeedsReview, j.Gate.NeedsRule, j.Gate.NeedsTimer = false, false, false
			w.gateMoved(r, run, j)
		}
		return ""
	})
}

package sandbox

import (
	"fmt"
	"strings"
)

// The settings of a repository that only its administrators can change.

// ProtectBranch puts a protection rule on a branch, which need not exist yet.
func (w *World) ProtectBranch(repo, branch string) error {
	return w.settings(repo, func(r *Repo) error {
		r.protected = append(r.protected, branch)
		return nil
	})
}

// SetRules puts a ruleset on the default branch; kinds are GitHub's, such as "pull_request".
func (w *World) SetRules(repo string, kinds ...string) error {
	return w.settings(repo, func(r *Repo) error {
		r.rules = kinds
		return nil
	})
}

// SetArchived archives a repository, or takes it out of the archive.
func (w *World) SetArchived(repo string, archived bool) error {
	return w.settings(repo, func(r *Repo) error {
		r.Archived = archived
		return nil
	})
}

// SetActions switches GitHub Actions on or off.
func (w *World) SetActions(repo string, on bool) error {
	return w.settings(repo, func(r *Repo) error {
		r.actionsOff = !on
		return nil
	})
}

// DisableWorkflow presses "Disable workflow".
func (w *World) DisableWorkflow(repo, file string) error {
	return w.settings(repo, func(r *Repo) error {
		for _, wf := range r.workflows {
			if wf.named(file) {
				wf.State = "disabled_manually"
				return nil
			}
		}
		return fmt.Errorf("%s has no workflow %s", repo, strings.TrimPrefix(file, ".github/workflows/"))
	})
}

// RemoveEnvironment deletes an environment.
func (w *World) RemoveEnvironment(repo, name string) error {
	return w.settings(repo, func(r *Repo) error {
		for i, e := range r.envs {
			if strings.EqualFold(e.Name, name) {
				r.envs = append(r.envs[:i:i], r.envs[i+1:]...)
				return nil
			}
		}
		return fmt.Errorf("%s has no environment %s", repo, name)
	})
}

func (w *World) settings(repo string, change func(*Repo) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.repo(repo)
	if err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	if err := change(r); err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	return nil
}

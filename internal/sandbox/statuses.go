package sandbox

import (
	"fmt"
	"maps"
	"slices"
)

// OtherStatus posts a commit status as another CI does; state is error, failure, pending or success.
func (w *World) OtherStatus(by, repo, sha, context, state string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return fmt.Errorf("other status: %w", err)
	}
	if _, found := r.commits[sha]; !found {
		return fmt.Errorf("other status: %s: %w", sha, errNoRef)
	}
	w.addStatus(r, CommitStatus{SHA: sha, Context: context, State: state, Creator: u.Login})
	return nil
}

func (w *World) addStatus(r *Repo, s CommitStatus) CommitStatus {
	s.ID, s.CreatedAt = w.nextID(), w.now()
	r.statuses = append(r.statuses, s)
	c := r.commits[s.SHA]
	commit := w.commitJSON(r, c, false)
	branches := []obj{}
	for _, name := range sortedKeys(r.branches) {
		if r.branches[name] == s.SHA {
			branches = append(branches, obj{
				"name": name, "commit": obj{"sha": s.SHA, "url": commit["url"]}, "protected": false,
			})
		}
	}
	w.send(r, r.Owner, hookEvent{event: "status", by: s.Creator, body: obj{
		"id": s.ID, "sha": s.SHA, "name": r.FullName(), "target_url": orNull(s.TargetURL), "avatar_url": nil,
		"context": s.Context, "description": orNull(s.Description), "state": s.State, "commit": commit,
		"branches": branches, "created_at": stamp(s.CreatedAt), "updated_at": stamp(s.CreatedAt),
	}})
	return s
}

func (w *World) simpleStatusJSON(r *Repo, s CommitStatus) obj {
	return obj{
		"id": s.ID, "node_id": nodeID("StatusContext", s.ID), "state": s.State, "description": orNull(s.Description),
		"target_url": orNull(s.TargetURL), "context": s.Context, "created_at": stamp(s.CreatedAt), "updated_at": stamp(s.CreatedAt),
		"url": w.api("/repos/%s/statuses/%s", r.FullName(), s.SHA), "avatar_url": nil,
	}
}

func (w *World) statusJSON(r *Repo, s CommitStatus) obj {
	out := w.simpleStatusJSON(r, s)
	maps.Copy(out, obj{"creator": w.userJSON(s.Creator)})
	return out
}

// statusesOf lists the statuses of a commit, newest first.
func (r *Repo) statusesOf(sha string) []CommitStatus {
	var out []CommitStatus
	for _, s := range slices.Backward(r.statuses) {
		if s.SHA == sha {
			out = append(out, s)
		}
	}
	return out
}

func listStatuses(r *request, sha string) reply {
	return ok(list(page(r, r.repo.statusesOf(sha)), func(s CommitStatus) obj { return r.w.statusJSON(r.repo, s) }))
}

// combinedStatus answers the newest status of each context and what they amount to.
func combinedStatus(r *request, sha string) reply {
	seen := map[string]bool{}
	newest := slices.DeleteFunc(r.repo.statusesOf(sha), func(s CommitStatus) bool {
		old := seen[s.Context]
		seen[s.Context] = true
		return old
	})
	state := "success"
	if len(newest) == 0 {
		state = "pending"
	}
	for _, s := range newest {
		switch {
		case s.State == "error" || s.State == "failure":
			state = "failure"
		case s.State == "pending" && state == "success":
			state = "pending"
		}
	}
	name := r.repo.FullName()
	return ok(obj{
		"state": state, "sha": sha, "total_count": len(newest), "repository": r.w.minimalRepoJSON(r.repo),
		"statuses":   list(page(r, newest), func(s CommitStatus) obj { return r.w.simpleStatusJSON(r.repo, s) }),
		"commit_url": r.w.api("/repos/%s/commits/%s", name, sha), "url": r.w.api("/repos/%s/commits/%s/status", name, sha),
	})
}

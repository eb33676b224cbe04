package witness

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// doorOpenedOnce: a door that stays shut ships nothing, and one opened twice was not remembered.
func doorOpenedOnce(f *facts) []string {
	want, got := 1, 0
	if f.w.Gate == gateNone {
		want = 0
	}
	for _, v := range f.verdicts {
		if v.opened() && f.releases(v.run) {
			got++
		}
	}
	if got == want {
		return nil
	}
	return []string{fmt.Sprintf("the door of %s was opened %d times for the release, not %d", f.w.Environment, got, want)}
}

// noOtherDoor: an approval is for one release, so no other run may pass on it.
func noOtherDoor(f *facts) []string {
	var saw []string
	for _, v := range f.verdicts {
		if v.opened() && f.dispatched(v.run) && !f.releases(v.run) {
			saw = append(saw, fmt.Sprintf("call %d opened %s for run %d, which does not deploy the release", v.call.Seq, v.environment, v.run))
		}
	}
	return saw
}

// noForeignDoor: whoever starts a workflow himself must not get into an environment on somebody's approval.
func noForeignDoor(f *facts) []string {
	var saw []string
	for _, v := range f.verdicts {
		if v.state == "approved" && !f.dispatched(v.run) {
			saw = append(saw, fmt.Sprintf("call %d approved run %d, which the app did not start", v.call.Seq, v.run))
		}
	}
	return saw
}

// oneVerdict: a verdict is final, so to send the other one too means that it was not decided.
func oneVerdict(f *facts) []string {
	states := map[int64]string{}
	var saw []string
	for _, v := range f.verdicts {
		if had, known := states[v.run]; known && had != v.state {
			saw = append(saw, fmt.Sprintf("run %d was sent %s and then %s (call %d)", v.run, had, v.state, v.call.Seq))
		}
		states[v.run] = v.state
	}
	return saw
}

// policyCameFirst: nothing reaches an environment before a person who may, and who is not the author, said yes.
func policyCameFirst(f *facts) []string {
	opening, opened := f.opening()
	if !opened {
		return nil // Then door-once or dispatch-once says so.
	}
	for _, c := range f.w.Calls {
		if f.approves(c) && before(c, opening) && !f.beforePush(c) {
			return nil
		}
	}
	return []string{fmt.Sprintf("call %d let the release in, and none of %s had approved it before", opening.Seq, strings.Join(f.w.Approvers, ", "))}
}

// approves reports whether a call is the yes of somebody whose yes counts.
func (f *facts) approves(c sandbox.Call) bool {
	if c.Kind != sandbox.KindAct || c.By == f.w.Author || !slices.Contains(f.w.Approvers, c.By) {
		return false
	}
	switch c.Action {
	case "review approved":
		return f.reviewed(c)
	case "comment", "commit comment":
		return f.commented(c)
	case "press approve":
		return f.pressed(c)
	}
	return false
}

// reviewed checks an act against GitHub's list of reviews, because a refused review is recorded too.
func (f *facts) reviewed(c sandbox.Call) bool {
	for _, run := range f.deploys(f.w.Release, f.w.Environment) {
		if !strings.HasPrefix(c.Detail, fmt.Sprintf("run %d ", run.ID)) {
			continue
		}
		for _, r := range run.Reviews {
			if r.By == c.By && r.State == "approved" && slices.Contains(r.Environments, f.w.Environment) {
				return true
			}
		}
	}
	return false
}

// commented checks that the comment stands where it speaks of the release: on its commit or on an issue.
func (f *facts) commented(c sandbox.Call) bool {
	first, _, _ := strings.Cut(c.Detail, "\n")
	if words := strings.Fields(first); len(words) == 0 || words[0] != "/approve" {
		return false
	}
	return slices.ContainsFunc(f.w.Repo.Comments, func(had sandbox.Comment) bool {
		return had.By == c.By && had.Body == c.Detail && (had.SHA == f.w.Release || had.Issue > 0)
	})
}

// pressed checks that the button belonged to a check run of the release, which only GitHub's webhook tells.
func (f *facts) pressed(c sandbox.Call) bool {
	return slices.ContainsFunc(f.w.Calls, func(hook sandbox.Call) bool {
		var told struct {
			Check struct {
				SHA  string `json:"head_sha"`
				Name string `json:"name"`
			} `json:"check_run"`
			Sender struct {
				Login string `json:"login"`
			} `json:"sender"`
		}
		if hook.Kind != sandbox.KindWebhook || hook.Event != "check_run" || hook.Action != "requested_action" {
			return false
		}
		read(hook.Body, &told)
		return told.Check.SHA == f.w.Release && told.Check.Name == c.Detail && told.Sender.Login == c.By
	})
}

// beforePush reports whether an act came before the release was there to be approved.
func (f *facts) beforePush(c sandbox.Call) bool {
	push, found := f.push()
	return !found || before(c, push)
}

// push is how the release came into the repository.
func (f *facts) push() (c sandbox.Call, found bool) {
	for _, c := range f.w.Calls {
		if c.Kind == sandbox.KindAct && c.Action == "push" && strings.HasSuffix(c.Detail, " "+f.w.Release) {
			return c, true
		}
	}
	return sandbox.Call{}, false
}

// jobAfterDoor: a job that runs before the door opens has made the door a decoration.
func jobAfterDoor(f *facts) []string {
	if f.w.Gate == gateNone {
		return nil // Then the dispatch is the door, and policy-first judges it.
	}
	opening, opened := f.opening()
	var saw []string
	for _, run := range f.deploys(f.w.Release, f.w.Environment) {
		for _, j := range run.Jobs {
			if j.Environment != f.w.Environment || j.Status == "waiting" || j.Conclusion == "skipped" || j.Conclusion == "cancelled" {
				continue
			}
			// GitHub's times are whole seconds; the webhook's own time is exact.
			early := j.StartedAt.Before(opening.At.Truncate(time.Second)) || f.heardRunning(j.ID, opening)
			if opened && early {
				saw = append(saw, fmt.Sprintf("job %d of run %d ran before call %d opened the door", j.ID, run.ID, opening.Seq))
			}
		}
	}
	return saw
}

// heardRunning reports whether GitHub told of a running job before a call came.
func (f *facts) heardRunning(job int64, opening sandbox.Call) bool {
	return slices.ContainsFunc(f.w.Calls, func(c sandbox.Call) bool {
		var told struct {
			Job struct {
				ID int64 `json:"id"`
			} `json:"workflow_job"`
		}
		if c.Kind != sandbox.KindWebhook || c.Event != "workflow_job" || c.Action != "in_progress" {
			return false
		}
		read(c.Body, &told)
		return told.Job.ID == job && c.At.Before(opening.At)
	})
}

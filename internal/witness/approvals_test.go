package witness_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// told is a story of approvals that went well: v1 by ada went through the door,
// v2 was superseded, v3 waited for a lock.
func told() *witness.Approvals {
	w := &witness.Approvals{
		Groups: map[string][]string{"leads": {"ada", "omar"}, "quality": {"quinn"}},
		Releases: []witness.Expected{
			{Commit: "c1", Version: "v1", Author: "ada", Deployed: true}, {Commit: "c2", Version: "v2", Author: "dana"}, {Commit: "c3", Version: "v3", Author: "dana", Deployed: true},
		},
	}
	for i, commit := range []string{"c1", "c2", "c3"} {
		w.Repo.Runs = append(w.Repo.Runs, sandbox.WorkflowRun{ID: int64(i + 1), HeadSHA: commit})
	}
	act := func(who, surface, verb, commit string) {
		w.Acts = append(w.Acts, witness.Act{After: len(w.Calls), Who: who, Surface: surface, Verb: verb, Commit: commit})
	}
	act("ada", "check run button", "approve", "c1")
	call(w, "/repos/{owner}/{repo}/check-runs", "", `{"head_sha":"c1","summary":"authors do not approve"}`)
	act("omar", "GitHub review", "approve", "c1")
	act("quinn", "comment", "approve", "c1")
	opens(w, 1)
	act("quinn", "page", "approve", "c2")
	act("ada", "Slack", "approve", "c3")
	act("ivan", "comment", "lock", "c3")
	act("quinn", "comment", "approve", "c3")
	act("ivan", "comment", "unlock", "c3")
	opens(w, 3)
	w.Reasons = []witness.Reason{{Commit: "c1", Words: []string{"authors", "do not approve"}}}
	return w
}

func call(w *witness.Approvals, route, path, body string) {
	w.Calls = append(w.Calls, sandbox.Call{
		Seq: len(w.Calls) + 1, Kind: sandbox.KindGitHub, Method: "POST", Route: route, Path: path, Body: []byte(body), As: "installation:1", Status: 204,
	})
}

func opens(w *witness.Approvals, run int) {
	const route = "/repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule"
	call(w, route, fmt.Sprintf("/repos/a/b/actions/runs/%d/deployment_protection_rule", run), `{"environment_name":"production","state":"approved"}`)
}

// TestApprovalsPlanted plants a fault of each kind into a good world: the rule
// that is broken, and no other, must object.
func TestApprovalsPlanted(t *testing.T) {
	drop := func(who, commit string) func(*witness.Approvals) {
		return func(w *witness.Approvals) {
			w.Acts = slices.DeleteFunc(w.Acts, func(a witness.Act) bool { return a.Who == who && a.Commit == commit && a.Verb == "approve" })
		}
	}
	for name, c := range map[string]struct {
		plant func(*witness.Approvals)
		rules []string
	}{
		"good":                       {func(*witness.Approvals) {}, nil},
		"nothing is told":            {func(w *witness.Approvals) { w.Reasons = nil }, []string{"world"}},
		"a door opens twice":         {func(w *witness.Approvals) { opens(w, 3) }, []string{"door-once"}},
		"a door stays shut":          {func(w *witness.Approvals) { w.Calls = w.Calls[:len(w.Calls)-1] }, []string{"door-once"}},
		"a superseded one is let in": {func(w *witness.Approvals) { opens(w, 2) }, []string{"door-once", "two-groups"}},
		"one that nobody knows":      {func(w *witness.Approvals) { opens(w, 9) }, []string{"door-once"}},
		"the refused verdict":        {func(w *witness.Approvals) { w.Calls[1].Status = 422 }, []string{"door-once"}},
		"only the author of a group": {func(w *witness.Approvals) { drop("omar", "c1")(w); w.Acts[0].Surface = "GitHub review" }, []string{"five-surfaces", "two-groups"}},
		"nobody of a group":          {drop("quinn", "c3"), []string{"two-groups"}},
		"an approval of another":     {func(w *witness.Approvals) { w.Acts[4].Commit = "c2" }, []string{"two-groups"}},
		"one who has left": {func(w *witness.Approvals) {
			w.Acts = append(w.Acts, witness.Act{After: 1, Who: "ada", Surface: "leads", Verb: "leave"})
		}, []string{"two-groups"}},
		"approved after the door":     {func(w *witness.Approvals) { w.Acts[6].After = 99; w.Acts[7].After = 2 }, []string{"two-groups"}},
		"the door opens while locked": {func(w *witness.Approvals) { w.Acts[7].After = 9 }, []string{"shut-while-closed"}},
		"a lock that never ends":      {func(w *witness.Approvals) { w.Acts = w.Acts[:7] }, []string{"shut-while-closed"}},
		"a surface less":              {func(w *witness.Approvals) { w.Acts[3].Surface = "comment" }, []string{"five-surfaces"}},
		"a reason that nobody reads":  {func(w *witness.Approvals) { w.Calls[0].Body = []byte(`{"head_sha":"c1"}`) }, []string{"reason-shown"}},
		"the reason of another":       {func(w *witness.Approvals) { w.Reasons[0].Commit = "c2" }, []string{"reason-shown"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := told()
			c.plant(w)
			var rules []string
			found := witness.JudgeApprovals(*w)
			for _, v := range found {
				if !slices.Contains(rules, v.Rule) {
					rules = append(rules, v.Rule)
				}
			}
			slices.Sort(rules)
			if !slices.Equal(rules, c.rules) {
				t.Errorf("got %v, want %v: %v", rules, c.rules, found)
			}
		})
	}
}

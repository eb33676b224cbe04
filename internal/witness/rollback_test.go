package witness_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// back is a world in which both rollbacks went well.
func back() witness.Back {
	at := func(s int) time.Time { return time.Date(2026, 11, 25, 3, 0, s, 0, time.UTC) }
	write := func(seq, s int, method, path string) sandbox.Call {
		return sandbox.Call{Seq: seq, At: at(s), Kind: sandbox.KindGoogle, Method: method, Path: path, Status: 200, Body: []byte(`{"message":"Gatehouse: rollback to v1.2.0, run x"}`)}
	}
	const site, rules = "/google/firebasehosting.googleapis.com/v1beta1/sites/avalo/channels/live/releases", "/google/firebaserules.googleapis.com/v1/projects/p/releases/cloud.firestore"
	live := map[string]string{"hosting/avalo": "good", "rules/cloud.firestore": "good"}
	return witness.Back{
		World: witness.World{
			Release: "good", Environment: "production",
			Calls: []sandbox.Call{
				{Seq: 1, At: at(1), Kind: sandbox.KindSite, Status: 500},
				write(2, 2, "POST", site), write(3, 2, "PATCH", rules),
				{Seq: 4, At: at(3), Kind: sandbox.KindSite, Status: 200},
				write(5, 22, "POST", site), write(6, 22, "PATCH", rules),
				{Seq: 7, At: at(24), Kind: sandbox.KindSite, Status: 200},
			},
			Repo: sandbox.Snapshot{Comments: []sandbox.Comment{
				{ID: 1, By: "ivan", Body: "/unlock production mended", CreatedAt: at(10)},
				{ID: 2, By: "ivan", Body: "/rollback production\nROLLBACK PRODUCTION\nreason: it fails", CreatedAt: at(15)},
				{ID: 3, By: "kim", Body: "/approve", CreatedAt: at(20)},
			}},
		},
		Broken: "bad", Regretted: "worse", Unlocked: 1, Asked: 2, Approved: 3, Commanders: []string{"ivan", "kim"},
		Good: live, AfterFirst: maps.Clone(live), End: maps.Clone(live),
	}
}

func TestRollbackIsJudged(t *testing.T) {
	if saw := witness.Rollback(back()); len(saw) > 0 {
		t.Fatalf("a good world: %v", saw)
	}
	if f := witness.MeasureBack(back()); f != (witness.BackFigures{AutomaticRestoredMS: 2000, ManualRestoredMS: 4000, GoogleCalls: 2}) {
		t.Errorf("figures: %+v", f)
	}
	for name, plant := range map[string]struct {
		wrong func(*witness.Back)
		rule  string
	}{
		"nothing was told":             {func(b *witness.Back) { b.Asked = 0 }, "back-told"},
		"one part stays bad":           {func(b *witness.Back) { b.End["hosting/avalo"] = "worse" }, "back-live"},
		"the good one was never live":  {func(b *witness.Back) { b.Good["hosting/avalo"] = "older" }, "back-live"},
		"a site is moved a third time": {func(b *witness.Back) { b.Calls = append(b.Calls, b.Calls[4]) }, "back-moved"},
		"nothing moves":                {func(b *witness.Back) { b.Calls = b.Calls[:1] }, "back-moved"},
		"a user's document is written": {func(b *witness.Back) {
			b.Calls[2].Path = "/google/firestore.googleapis.com/v1/projects/p/databases/d/documents/users/1"
		}, "back-methods"},
		"a function is deleted":         {func(b *witness.Back) { b.Calls[2].Method = "DELETE" }, "back-methods"},
		"who asked approves it himself": {func(b *witness.Back) { b.Repo.Comments[2].By = "ivan" }, "back-approved"},
		"a stranger approves":           {func(b *witness.Back) { b.Repo.Comments[2].By = "dana" }, "back-approved"},
		"it moves before the approval":  {func(b *witness.Back) { b.Calls[4].At = b.Repo.Comments[1].CreatedAt.Add(time.Second) }, "back-approved"},
		"no phrase":                     {func(b *witness.Back) { b.Repo.Comments[1].Body = "/rollback production\nreason: x" }, "back-phrase"},
		"a locked lane opens": {func(b *witness.Back) {
			for i := range 3 {
				b.Calls = append(b.Calls, sandbox.Call{
					Seq: 8 + i, At: b.Calls[1].At, Kind: sandbox.KindGitHub, Method: "POST", Route: "/repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule",
					Path: "/repos/a/b/actions/runs/7/deployment_protection_rule", As: "installation:1", Status: 204, Body: []byte(`{"environment_name":"production","state":"approved"}`),
				})
			}
		}, "back-locked"},
		"a workflow is needed": {func(b *witness.Back) {
			b.Calls = append(b.Calls, sandbox.Call{
				Seq: 8, At: b.Calls[4].At, Kind: sandbox.KindGitHub, Method: "POST", Route: "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
				Path: "/repos/a/b/actions/workflows/deploy.yml/dispatches", As: "installation:1", Status: 204,
			})
		}, "back-alone"},
	} {
		world := back()
		world.Calls, world.Repo.Comments, world.Good = slices.Clone(world.Calls), slices.Clone(world.Repo.Comments), maps.Clone(world.Good)
		plant.wrong(&world)
		if !slices.ContainsFunc(witness.Rollback(world), func(v witness.Violation) bool { return v.Rule == plant.rule }) {
			t.Errorf("%s: %s is not seen: %v", name, plant.rule, witness.Rollback(world))
		}
	}
}

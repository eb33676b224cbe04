package stage_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const product = "avalo-c8c46"

// theTown is a sandbox's Google with the real adapter and the performers.
type theTown struct {
	*testing.T
	clock  *sandbox.ManualClock
	world  *sandbox.World
	google *google.Google
	perf   *stage.Performers
	keys   int
}

func newTown(t *testing.T, opt google.Options, change ...func(*stage.Options)) *theTown {
	t.Helper()
	tn := &theTown{T: t, clock: sandbox.NewManualClock(soon)}
	tn.world = sandbox.New(sandbox.Options{Clock: tn.clock})
	t.Cleanup(tn.world.Close)
	tn.google = google.New(tn.world, opt)
	tn.google.AddProject(google.ProjectSpec{
		ID: product, Sites: []string{product, "admin"},
		Functions:  []google.FunctionSpec{{Name: "api", Codebase: "core"}, {Name: "pay", Codebase: "core"}, {Name: "legacy", Generation: 1, Codebase: "old"}},
		Parameters: map[string]string{"ai_companions_enabled": "false", "banner": "none"},
	})
	server := httptest.NewServer(tn.google.Handler(http.NotFoundHandler()))
	t.Cleanup(server.Close)
	tn.google.SetURL(server.URL)
	client, err := firebase.New(firebase.Options{BaseURL: server.URL + google.Prefix, Clock: tn.clock.Now})
	must(t, err)
	store, err := blobs.OpenDir(t.TempDir())
	must(t, err)
	tn.perf = newRig(t, append([]func(*stage.Options){func(o *stage.Options) {
		o.Projects, o.Store, o.Clock = stage.ProjectsOf(client), store, tn.clock.Now
	}}, change...)...).Performers
	return tn
}

// perform does an effect as the engine would: it comes back when it is told to.
func (tn *theTown) perform(e pipeline.Effect) pipeline.Outcome {
	tn.Helper()
	tn.keys++
	job := engine.Job{
		Key: fmt.Sprintf("restore/x/%d", tn.keys), Effect: e, FirstAt: tn.clock.Now(),
		Repo: pipeline.Repo{Installation: 1, ID: 2, Owner: "acme", Name: "shop"},
	}
	for ; job.Tries < 500; job.Tries++ {
		job.Now = tn.clock.Now()
		job.Run = &pipeline.Run{ID: runID, Environment: "production", Spec: &pipeline.Spec{}, Asks: map[string]pipeline.Ask{job.Key: {}}}
		out, err := tn.perf.Perform(context.Background(), job)
		if err == nil {
			return out
		}
		var again *engine.Retry
		if !errors.As(err, &again) {
			tn.Fatal(err)
		}
		tn.clock.Advance(max(time.Second, again.At.Sub(job.Now)))
	}
	tn.Fatalf("%T never ends", e)
	return nil
}

func (tn *theTown) snapshot(since string) pipeline.SnapshotRef {
	tn.Helper()
	return outcome[pipeline.SnapshotTaken](tn, pipeline.TakeSnapshot{Project: product, Since: since, Sources: true}).Ref
}

func outcome[T pipeline.Outcome](tn *theTown, e pipeline.Effect) T {
	tn.Helper()
	out := tn.perform(e)
	got, ok := out.(T)
	if !ok {
		tn.Fatalf("%T gave %#v", e, out)
	}
	return got
}

func (tn *theTown) deploy(d google.Deployment) {
	tn.Helper()
	if _, err := tn.google.Deploy(product, d); err != nil {
		tn.Fatal(err)
	}
	tn.clock.Advance(10 * time.Minute)
}

// release deploys a commit and gives what Gatehouse remembers of it.
func (tn *theTown) release(version string, d google.Deployment) (pipeline.Released, pipeline.DeployVerified) {
	tn.Helper()
	before := tn.snapshot("")
	d.Commit = version
	tn.deploy(d)
	out := outcome[pipeline.DeployVerified](tn, pipeline.VerifyDeploy{
		Project: product, Before: before.Blob, Declared: []string{"rules", "functions", "hosting"}, Sensitive: []string{"firestore.rules"},
	})
	return pipeline.Released{
		Shipped: pipeline.Shipped{Run: pipeline.RunID(version), Version: version}, Verified: true, Before: before.Blob, After: out.After.Blob,
	}, out
}

func TestBackThroughTheRealAdapter(t *testing.T) {
	tn := newTown(t, google.Options{Traffic: 5 * time.Second, Build: time.Minute})
	v1, _ := tn.release("v1", google.Deployment{})
	was := tn.google.Live(product)
	v2, two := tn.release("v2", google.Deployment{Parameters: map[string]string{"ai_companions_enabled": "true"}})
	v2.Flags = []string{"ai_companions_enabled"}
	if len(two.Problems) > 0 || len(two.Changes) != 7 {
		t.Fatalf("a whole deploy: %d changes, %+v", len(two.Changes), two.Problems)
	}
	now := tn.snapshot(v2.After)
	if len(now.Drift) > 0 || len(now.Unread) > 0 || len(now.Fragile) > 0 {
		t.Fatalf("nothing has changed since: %+v", now)
	}
	loaded := outcome[pipeline.TargetLoaded](tn, pipeline.LoadTarget{
		Project: product, Environment: "production", History: []pipeline.Released{v1, v2}, Live: &v2.Shipped, Before: now.Blob,
	})
	if loaded.Plan.Target.Version != "v1" || len(loaded.Plan.Moves) != 7 || len(loaded.Plan.Left) != 0 {
		t.Fatalf("the plan: %+v", loaded.Plan)
	}
	began := tn.clock.Now()
	for _, mv := range loaded.Plan.Moves {
		moved := outcome[pipeline.PartMoved](tn, pipeline.MovePart{Project: product, Target: loaded.Plan.Target.After, Move: mv, Message: "Gatehouse: test"})
		if !moved.Moved {
			t.Errorf("%s was there already", mv.Key())
		}
		again := outcome[pipeline.PartMoved](tn, pipeline.MovePart{Project: product, Target: loaded.Plan.Target.After, Move: mv, Message: "Gatehouse: test"})
		if again.Moved {
			t.Errorf("%s is moved twice", mv.Key())
		}
	}
	t.Logf("%d moves, one after the other, in %s of the sandbox's time", len(loaded.Plan.Moves), tn.clock.Now().Sub(began))
	back := tn.google.Live(product)
	if !maps.Equal(back.Commits, was.Commits) || !maps.Equal(back.Hosting, was.Hosting) || !maps.Equal(back.Rules, was.Rules) {
		t.Errorf("live is\n%+v\nwas\n%+v", back, was)
	}
	if flag := back.Values["ai_companions_enabled"]; flag != "false" {
		t.Errorf("the flag stays %q", flag)
	}
	// The next deploy is not skipped, and its newest revisions serve.
	_, three := tn.release("v3", google.Deployment{})
	if len(three.Problems) > 0 {
		t.Errorf("after a rollback the next deploy has problems: %+v", three.Problems)
	}
	for part, commit := range tn.google.Live(product).Commits {
		if commit != "v3" {
			t.Errorf("%s serves %s", part, commit)
		}
	}
}

// A rollback of a release whose images have expired and whose ruleset has
// vanished makes them again from what was stored.
func TestBackFromWhatWasStored(t *testing.T) {
	tn := newTown(t, google.Options{Build: time.Minute})
	v1, _ := tn.release("v1", google.Deployment{Only: []google.Product{google.Rules, google.Hosting}})
	v2, _ := tn.release("v2", google.Deployment{Only: []google.Product{google.Rules, google.Hosting}})
	tn.google.DropRulesets(product, 100)
	now := tn.snapshot(v2.After)
	plan := outcome[pipeline.TargetLoaded](tn, pipeline.LoadTarget{
		Project: product, Environment: "production", History: []pipeline.Released{v1, v2}, Live: &v2.Shipped, Before: now.Blob,
	}).Plan
	i := slices.IndexFunc(plan.Moves, func(m pipeline.Move) bool { return m.Kind == pipeline.ComponentRules })
	if i < 0 || plan.Moves[i].How != pipeline.MoveRecreate {
		t.Fatalf("the ruleset is gone: %+v", plan)
	}
	outcome[pipeline.PartMoved](tn, pipeline.MovePart{Project: product, Target: plan.Target.After, Move: plan.Moves[i]})
	if live := tn.google.Live(product); !strings.Contains(fmt.Sprint(live.Rules), "v1") {
		t.Errorf("rules: %v", live.Rules)
	}
}

func TestHalfADeploy(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.release("v1", google.Deployment{})
	tn.google.BreakDeploys(product, google.Half{After: google.Functions, Silent: true})
	_, two := tn.release("v2", google.Deployment{})
	if len(two.Problems) != 1 || two.Problems[0].Code != "hosting-unchanged" || len(two.Changes) == 0 {
		t.Fatalf("hosting is missing: %+v", two.Problems)
	}
	before := tn.snapshot("")
	out := outcome[pipeline.DeployVerified](tn, pipeline.VerifyDeploy{Project: product, Before: before.Blob, Declared: []string{"hosting"}, Failed: true})
	if len(out.Changes) != 0 || len(out.Problems) != 0 {
		t.Errorf("nothing moved: %+v", out)
	}
}

func TestWhoMayReachAProject(t *testing.T) {
	bindings, err := stage.ParseBindings([]byte("- {repository: acme/shop, environment: production, firebase: another-project}\n"))
	must(t, err)
	tn := newTown(t, google.Options{}, func(o *stage.Options) { o.Bindings = bindings })
	calls := len(tn.world.Record())
	failed := outcome[pipeline.Failed](tn, pipeline.TakeSnapshot{Project: product})
	if failed.Refusal.Code != "not-bound" || len(tn.world.Record()) != calls {
		t.Errorf("another team's project: %+v, %d calls", failed.Refusal, len(tn.world.Record())-calls)
	}
	none := newTown(t, google.Options{}, func(o *stage.Options) { o.Projects = nil })
	if failed := outcome[pipeline.Failed](none, pipeline.TakeSnapshot{Project: product}); failed.Refusal.Code != "no-google" {
		t.Errorf("no way to Google: %+v", failed.Refusal)
	}
}

func TestGoogleIsDown(t *testing.T) {
	tn := newTown(t, google.Options{})
	v1, _ := tn.release("v1", google.Deployment{})
	v2, _ := tn.release("v2", google.Deployment{})
	tn.google.SetFaults(google.Fault{Method: "firebasehosting", Kind: google.Unavailable, Times: 6}, google.Fault{Method: "firebaserules", Kind: google.Disabled})
	ref := tn.snapshot(v2.After)
	if len(ref.Unread) == 0 {
		t.Fatal("what cannot be read is not said")
	}
	plan := outcome[pipeline.TargetLoaded](tn, pipeline.LoadTarget{
		Project: product, Environment: "production", History: []pipeline.Released{v1, v2}, Live: &v2.Shipped, Before: ref.Blob,
	}).Plan
	if !slices.ContainsFunc(plan.Left, func(l pipeline.Left) bool { return l.Kind == pipeline.ComponentHosting }) {
		t.Errorf("hosting is skipped in silence: %+v", plan.Left)
	}
}

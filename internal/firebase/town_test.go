package firebase_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

const (
	shop    = "avalo-shop"
	account = "gatehouse@avalo-shop.iam.gserviceaccount.com"
)

// town is the sandbox's Google with one project, and the adapter that looks at it.
type town struct {
	*testing.T
	clock   *sandbox.ManualClock
	world   *sandbox.World
	google  *google.Google
	project *firebase.Project
	client  *firebase.Client
	sources map[string][]byte // sources are the archives that were stored with the last release, by function.
}

func newTown(t *testing.T, opt google.Options) *town {
	t.Helper()
	tn := &town{T: t, clock: sandbox.NewManualClock(noon), sources: map[string][]byte{}}
	tn.world = sandbox.New(sandbox.Options{Clock: tn.clock})
	t.Cleanup(tn.world.Close)
	tn.google = google.New(tn.world, opt)
	tn.google.AddProject(google.ProjectSpec{
		ID: shop, Accounts: []string{account}, Sites: []string{shop, "avalo-admin"}, Databases: []string{"(default)", "orders"}, Buckets: []string{"avalo-shop.appspot.com"},
		Functions: []google.FunctionSpec{
			{Name: "api"}, {Name: "onOrder", Region: "europe-west1", Codebase: "orders"}, {Name: "legacy", Generation: 1},
		},
		Parameters: map[string]string{"checkout": "old", "banner": "none"},
	})
	server := httptest.NewServer(tn.google.Handler(http.NotFoundHandler()))
	t.Cleanup(server.Close)
	tn.google.SetURL(server.URL)
	t.Cleanup(func() { lawful(t, tn.world.Record()) })
	client, err := firebase.New(firebase.Options{
		BaseURL: server.URL + google.Prefix, Clock: tn.clock.Now,
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	must(t, err)
	tn.client = client
	tn.project, err = client.Project(firebase.Target{Project: shop, Impersonate: account})
	must(t, err)
	return tn
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (tn *town) deploy(d google.Deployment) google.Deployed {
	tn.Helper()
	done, err := tn.google.Deploy(shop, d)
	must(tn.T, err)
	return done
}

// snapshot reads everything; nothing may be missing.
func (tn *town) snapshot() *firebase.Snapshot {
	tn.Helper()
	s, err := tn.project.Snapshot(tn.Context())
	must(tn.T, err)
	for _, gap := range s.Gaps {
		tn.Errorf("gap: %+v", gap)
	}
	return s
}

// store keeps the sources of all functions, as a release does.
func (tn *town) store(s *firebase.Snapshot) {
	tn.Helper()
	for i := range s.Functions {
		zip, err := tn.project.DownloadSource(tn.Context(), &s.Functions[i])
		must(tn.T, err)
		tn.sources[s.Functions[i].ID()] = zip
	}
}

func (tn *town) with() firebase.With {
	return firebase.With{Reason: "checkout fails", Source: func(_ context.Context, f *firebase.Function) ([]byte, error) { return tn.sources[f.ID()], nil }}
}

func part(t *testing.T, s *firebase.Snapshot, kind firebase.Kind, name string) firebase.Part {
	t.Helper()
	for _, p := range s.Parts() {
		if p.Kind == kind && p.Name == name {
			return p
		}
	}
	t.Fatalf("the snapshot has no %s %s", kind, name)
	return firebase.Part{}
}

func (tn *town) check(target firebase.Part, with firebase.With, want firebase.Way) firebase.Return {
	tn.Helper()
	back, err := tn.project.Check(tn.Context(), target, with)
	must(tn.T, err)
	if back.Way != want {
		tn.Errorf("%s %s: the way is %s (%s; %s), want %s", target.Kind, target.Name, back.Way, back.Why, back.Fix, want)
	}
	if back.Way == firebase.WayImpossible && (back.Why == "" || back.Fix == "") {
		tn.Errorf("%s %s cannot be returned to, and nobody is told why (%q) and what to do (%q)", target.Kind, target.Name, back.Why, back.Fix)
	}
	return back
}

// move moves a part, waits for Google by the clock, and confirms.
func (tn *town) move(target firebase.Part, with firebase.With, want firebase.Way) firebase.Moved {
	tn.Helper()
	moved, err := tn.project.Move(tn.Context(), target, with)
	must(tn.T, err)
	if moved.Way != want || moved.Already != (want == firebase.WayAlready) {
		tn.Errorf("%s %s moved by %s (already: %v), want %s", target.Kind, target.Name, moved.Way, moved.Already, want)
	}
	tn.finish(moved.Operation)
	c, err := tn.project.Confirm(tn.Context(), target, with)
	must(tn.T, err)
	if !c.Done {
		tn.Errorf("%s %s is not where it should be: %s", target.Kind, target.Name, c.Why)
	}
	return moved
}

func (tn *town) finish(op *firebase.Operation) {
	tn.Helper()
	if op == nil {
		return
	}
	progress, err := tn.project.Look(tn.Context(), *op)
	must(tn.T, err)
	if !progress.Done {
		tn.clock.Advance(10 * time.Minute)
		progress, err = tn.project.Look(tn.Context(), *op)
		must(tn.T, err)
	}
	if !progress.Done || progress.Failed != nil {
		tn.Errorf("%s: %+v", op.What, progress)
	}
}

// writes counts the calls since a mark that change something.
func (tn *town) writes(since int) (methods []string) {
	for _, c := range tn.world.Record()[since:] {
		if c.Method != http.MethodGet && !strings.Contains(c.Route, "generateAccessToken") && !strings.Contains(c.Route, "generateDownloadUrl") {
			methods = append(methods, c.Route)
		}
	}
	return methods
}

func (tn *town) mark() int { return len(tn.world.Record()) }

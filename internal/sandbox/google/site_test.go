package google_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

func TestTheSiteIsWhatIsLive(t *testing.T) {
	world := sandbox.New(sandbox.Options{Clock: sandbox.NewManualClock(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))})
	t.Cleanup(world.Close)
	g := google.New(world, google.Options{})
	g.AddProject(google.ProjectSpec{ID: shop, Functions: []google.FunctionSpec{{Name: "api"}}})
	site := g.Site(shop, shop, func(commit string) bool { return commit == "bad" })
	for _, step := range []struct {
		deploy       google.Deployment
		page, health int
	}{
		{google.Deployment{Commit: "good", Only: []google.Product{google.Functions}}, 404, 200},
		{google.Deployment{Commit: "good"}, 200, 200},
		{google.Deployment{Commit: "bad", Only: []google.Product{google.Functions}}, 200, 500},
		{google.Deployment{Commit: "bad"}, 500, 500},
	} {
		if _, err := g.Deploy(shop, step.deploy); err != nil {
			t.Fatal(err)
		}
		page, _ := site("/")
		health, _ := site("/api/health")
		if page != step.page || health != step.health {
			t.Errorf("after %+v: %d and %d, want %d and %d", step.deploy, page, health, step.page, step.health)
		}
	}
}

func TestTheConsoleShowsWhatIsLive(t *testing.T) {
	clock := sandbox.NewManualClock(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
	world := sandbox.New(sandbox.Options{Clock: clock})
	t.Cleanup(world.Close)
	g := google.New(world, google.Options{Build: time.Minute})
	g.AddProject(google.ProjectSpec{ID: shop, Functions: []google.FunctionSpec{{Name: "api"}}, Parameters: map[string]string{"checkout": "<new>"}})
	handler := g.Handler(world.Handler())
	page := func(path string) string {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return rec.Body.String()
	}
	if got := page("/firebase"); !strings.Contains(got, "Nothing is deployed yet") {
		t.Errorf("before the first deploy: %s", got)
	}
	if _, err := g.Deploy(shop, google.Deployment{Commit: "0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	if _, err := g.Deploy(shop, google.Deployment{Commit: "fedcba9876543210", Only: []google.Product{google.Functions}}); err != nil {
		t.Fatal(err)
	}
	got := page("/firebase")
	for _, want := range []string{shop, "0123456", "us-central1/api", "DEPLOYING", "&lt;new&gt;", `href="/firebase"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q:\n%s", want, got)
		}
	}
	if !strings.Contains(page("/"), `href="/firebase"`) {
		t.Error("nothing leads there")
	}
}

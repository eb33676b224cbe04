package google_test

import (
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

package google_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/api/cloudfunctions/v2"
	"google.golang.org/api/option"
	"google.golang.org/api/run/v2"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

const hello = "projects/" + shop + "/locations/us-central1/functions/api"

// clients are Google's own, pointed at the sandbox.
func clients(t *testing.T) (*google.Google, *cloudfunctions.Service, *run.Service) {
	t.Helper()
	world := sandbox.New(sandbox.Options{Clock: sandbox.NewManualClock(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))})
	t.Cleanup(world.Close)
	g := google.New(world, google.Options{})
	g.AddProject(google.ProjectSpec{ID: shop, Functions: []google.FunctionSpec{{Name: "api"}}})
	server := httptest.NewServer(g.Handler(http.NotFoundHandler()))
	t.Cleanup(server.Close)
	at := func(host string) []option.ClientOption {
		client := &http.Client{Transport: owner{}}
		return []option.ClientOption{option.WithEndpoint(server.URL + google.Prefix + host + "/"), option.WithHTTPClient(client)}
	}
	functions, err := cloudfunctions.NewService(t.Context(), at("cloudfunctions.googleapis.com")...)
	must(t, err)
	services, err := run.NewService(t.Context(), at("run.googleapis.com")...)
	must(t, err)
	return g, functions, services
}

type owner struct{}

func (owner) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer owner")
	return http.DefaultTransport.RoundTrip(req)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAZeroThatIsDroppedChangesNothing: the client leaves false out unless it is told not to, and Google changes nothing.
func TestAZeroThatIsDroppedChangesNothing(t *testing.T) {
	g, functions, _ := clients(t)
	_, err := g.Deploy(shop, google.Deployment{Commit: "good"})
	must(t, err)
	for _, c := range []struct {
		send   bool
		fields []string
		want   bool
	}{{true, nil, true}, {false, nil, true}, {false, []string{"AllTrafficOnLatestRevision"}, false}} {
		body := &cloudfunctions.Function{ServiceConfig: &cloudfunctions.ServiceConfig{AllTrafficOnLatestRevision: c.send, ForceSendFields: c.fields}}
		_, err := functions.Projects.Locations.Functions.Patch(hello, body).UpdateMask("serviceConfig.allTrafficOnLatestRevision").Do()
		must(t, err)
		f, err := functions.Projects.Locations.Functions.Get(hello).Do()
		must(t, err)
		if got := f.ServiceConfig.AllTrafficOnLatestRevision; got != c.want {
			t.Errorf("sent %v, forced %q: it is %v", c.send, c.fields, got)
		}
	}
}

// TestAnOldEtagIsRefused, and traffic that does not add up, or goes to nowhere.
func TestAnOldEtagIsRefused(t *testing.T) {
	g, _, services := clients(t)
	_, err := g.Deploy(shop, google.Deployment{Commit: "good"})
	must(t, err)
	const name = "projects/" + shop + "/locations/us-central1/services/api"
	s, err := services.Projects.Locations.Services.Get(name).Do()
	must(t, err)
	for _, wrong := range []*run.GoogleCloudRunV2Service{
		{Etag: `"old"`, Traffic: s.Traffic},
		{Etag: s.Etag, Traffic: []*run.GoogleCloudRunV2TrafficTarget{{Type: s.Traffic[0].Type, Percent: 90}}},
		{Etag: s.Etag, Traffic: []*run.GoogleCloudRunV2TrafficTarget{{Type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", Revision: "api-00099-xyz", Percent: 100}}},
	} {
		if _, err := services.Projects.Locations.Services.Patch(name, wrong).UpdateMask("traffic").Do(); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

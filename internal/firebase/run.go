package firebase

import (
	"context"
	"strings"
	"time"

	"google.golang.org/api/run/v2"
)

const (
	roleRun       = "roles/run.developer"
	trafficReach  = "seconds; a request that is being served ends where it began"
	targetLatest  = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
	targetPinned  = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
	conditionBad  = "CONDITION_FAILED"
	trafficMask   = "traffic"
	etagConflicts = 3 // etagConflicts is how often somebody else may be faster.
)

// TrafficTarget is one entry of a service's traffic, as it is configured.
type TrafficTarget struct {
	Latest   bool   `json:"latest,omitempty"`
	Revision string `json:"revision,omitempty"`
	Percent  int64  `json:"percent,omitempty"`
	Tag      string `json:"tag,omitempty"`
}

// Service is a Cloud Run service as far as its traffic goes.
type Service struct {
	Name    string `json:"name"` // Name is projects/P/locations/L/services/S.
	Etag    string `json:"etag,omitempty"`
	Manager string `json:"manager,omitempty"` // Manager is the label goog-managed-by: cloudfunctions, firebase-functions.

	Traffic []TrafficTarget `json:"traffic,omitempty"` // Traffic is what was asked for, with the tags.
	Serving []Share         `json:"serving,omitempty"` // Serving is what is observed, LATEST resolved.

	LatestReady   string    `json:"latest_ready,omitempty"`
	LatestCreated string    `json:"latest_created,omitempty"`
	Settled       bool      `json:"settled"`
	Problem       string    `json:"problem,omitempty"` // Problem is why Google could not do what was asked for last.
	UpdatedAt     time.Time `json:"updated_at,omitzero"`
}

// ID is LOCATION/SERVICE.
func (s *Service) ID() string { return segment(s.Name, "locations") + "/" + last(s.Name) }

// ServesLatest says that all requests go to the newest revision, whichever that is: the next deploy will get them.
func (s *Service) ServesLatest() bool {
	percent := int64(0)
	for _, t := range s.Traffic {
		if t.Latest {
			percent += t.Percent
		}
	}
	return percent == 100 || len(s.Traffic) == 0
}

// Services lists the Cloud Run services of all regions, and the regions that did not answer. The services behind functions are
// among them: see Service.Manager.
func (p *Project) Services(ctx context.Context) (services []Service, unreachable []string, err error) {
	for token, first := "", true; first || token != ""; first = false {
		page, err := do(ctx, p, operation{"list the Cloud Run services", hostRun, reads, roleRun}, func(ctx context.Context) (*run.GoogleCloudRunV2ListServicesResponse, error) {
			return p.run.Projects.Locations.Services.List(p.name() + "/locations/-").PageSize(100).PageToken(token).Context(ctx).Do()
		})
		if err != nil {
			return nil, nil, err
		}
		for _, s := range page.Services {
			services = append(services, serviceOf(s))
		}
		unreachable = append(unreachable, page.Unreachable...)
		token = page.NextPageToken
	}
	return services, unreachable, nil
}

// Service reads one service by LOCATION/SERVICE, or by its full name.
func (p *Project) Service(ctx context.Context, id string) (*Service, error) {
	raw, err := p.rawService(ctx, id)
	if err != nil {
		return nil, err
	}
	s := serviceOf(raw)
	return &s, nil
}

func (p *Project) rawService(ctx context.Context, id string) (*run.GoogleCloudRunV2Service, error) {
	name := p.serviceName(id)
	return do(ctx, p, operation{"read the Cloud Run service " + last(name), hostRun, reads, roleRun}, func(ctx context.Context) (*run.GoogleCloudRunV2Service, error) {
		return p.run.Projects.Locations.Services.Get(name).Context(ctx).Do()
	})
}

// serviceName takes LOCATION/SERVICE or a full name, in which Google may have written the project's number. The project is
// always this one, whatever the name says.
func (p *Project) serviceName(id string) string {
	location, service, _ := strings.Cut(id, "/")
	if strings.HasPrefix(id, "projects/") {
		location, service = segment(id, "locations"), last(id)
	}
	return p.name() + "/locations/" + location + "/services/" + service
}

func serviceOf(raw *run.GoogleCloudRunV2Service) Service {
	s := Service{
		Name: raw.Name, Etag: raw.Etag, Manager: raw.Labels["goog-managed-by"],
		LatestReady: last(raw.LatestReadyRevision), LatestCreated: last(raw.LatestCreatedRevision),
		Settled: !raw.Reconciling && raw.Generation == raw.ObservedGeneration, UpdatedAt: at(raw.UpdateTime),
	}
	for _, t := range raw.Traffic {
		s.Traffic = append(s.Traffic, TrafficTarget{Latest: t.Type == targetLatest, Revision: last(t.Revision), Percent: t.Percent, Tag: t.Tag})
	}
	served := map[string]int{}
	for _, t := range raw.TrafficStatuses {
		revision := last(t.Revision)
		if t.Type == targetLatest && revision == "" {
			revision = s.LatestReady
		}
		if t.Percent == 0 || revision == "" {
			continue
		}
		i, known := served[revision]
		if !known {
			i = len(s.Serving)
			served[revision], s.Serving = i, append(s.Serving, Share{Revision: revision})
		}
		s.Serving[i].Percent += t.Percent
	}
	if c := raw.TerminalCondition; c != nil && c.State == conditionBad {
		s.Problem = "Cloud Run: " + redact(c.Message, "")
	}
	return s
}

// Revision reads one revision of a service, to know its image.
func (p *Project) Revision(ctx context.Context, service, revision string) (*Revision, error) {
	raw, err := p.rawRevision(ctx, service, revision)
	if err != nil {
		return nil, err
	}
	r := &Revision{Name: last(raw.Name), CreatedAt: at(raw.CreateTime)}
	if len(raw.Containers) > 0 {
		r.Image = raw.Containers[0].Image
	}
	return r, nil
}

// Revision is one state of a service's code and settings.
type Revision struct {
	Name      string    `json:"name"`
	Image     string    `json:"image"`
	CreatedAt time.Time `json:"created_at"`
}

func (p *Project) rawRevision(ctx context.Context, service, revision string) (*run.GoogleCloudRunV2Revision, error) {
	name := p.serviceName(service) + "/revisions/" + last(revision)
	return do(ctx, p, operation{"read the revision " + last(revision), hostRun, reads, roleRun}, func(ctx context.Context) (*run.GoogleCloudRunV2Revision, error) {
		return p.run.Projects.Locations.Services.Revisions.Get(name).Context(ctx).Do()
	})
}

// Revisions lists the revisions of a service, the newest first.
func (p *Project) Revisions(ctx context.Context, service string, limit int64) ([]Revision, error) {
	page, err := do(ctx, p, operation{"list the revisions of " + last(service), hostRun, reads, roleRun}, func(ctx context.Context) (*run.GoogleCloudRunV2ListRevisionsResponse, error) {
		return p.run.Projects.Locations.Services.Revisions.List(p.serviceName(service)).PageSize(limit).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	var list []Revision
	for _, raw := range page.Revisions {
		r := Revision{Name: last(raw.Name), CreatedAt: at(raw.CreateTime)}
		if len(raw.Containers) > 0 {
			r.Image = raw.Containers[0].Image
		}
		list = append(list, r)
	}
	return list, nil
}

package google

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	run "google.golang.org/api/run/v2"
)

const (
	toLatest   = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
	toRevision = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
)

// service is a Cloud Run service.
type service struct {
	p         *project
	region    string
	id        string
	shape     run.GoogleCloudRunV2Service
	revisions []*revision // the newest last.
	policy    []byte
}

// revision is one state of a service.
type revision struct {
	run.GoogleCloudRunV2Revision
	commit string
}

func runRoutes() []route {
	const api, m, base = "run/v2", "run.projects.locations.", "v2/projects/{project}/locations/{location}"
	return []route{
		{hostRun, api, m + "services.list", "GET", base + "/services", "run.services.list", listServices},
		{hostRun, api, m + "services.get", "GET", base + "/services/{service}", "run.services.get", getService},
		{hostRun, api, m + "services.patch", "PATCH", base + "/services/{service}", "run.services.update", patchService},
		{hostRun, api, m + "services.revisions.list", "GET", base + "/services/{service}/revisions", "run.revisions.list", listRevisions},
		{hostRun, api, m + "services.revisions.get", "GET", base + "/services/{service}/revisions/{revision}", "run.revisions.get", getRevision},
		{hostRun, api, m + "operations.get", "GET", base + "/operations/{operation}", "run.operations.get", getOperation},
		{hostRun, api, m + "services.getIamPolicy", "GET", base + "/services/{service}:getIamPolicy", "run.services.getIamPolicy", getPolicy},
		{hostRun, api, m + "services.setIamPolicy", "POST", base + "/services/{service}:setIamPolicy", "run.services.setIamPolicy", setPolicy},
		{hostRun, "run/v1", m + "services.getIamPolicy", "GET", "v1/projects/{project}/locations/{location}/services/{service}:getIamPolicy", "run.services.getIamPolicy", getPolicy},
		{hostRun, "run/v1", m + "services.setIamPolicy", "POST", "v1/projects/{project}/locations/{location}/services/{service}:setIamPolicy", "run.services.setIamPolicy", setPolicy},
	}
}

func (p *project) location(region string) string { return p.name() + "/locations/" + region }

func (s *service) name() string { return s.p.location(s.region) + "/services/" + s.id }

func (q *request) service() (*service, *refusal) {
	if s := q.p.services[q.args["location"]+"/"+q.args["service"]]; s != nil {
		return s, nil
	}
	return nil, notFound("Resource '" + q.args["service"] + "' of kind 'SERVICE' in region '" + q.args["location"] + "' does not exist.")
}

func listServices(q *request) (any, *refusal) {
	list := &run.GoogleCloudRunV2ListServicesResponse{}
	for _, id := range slices.Sorted(maps.Keys(q.p.services)) {
		if s := q.p.services[id]; !q.p.silent[s.region] && (q.args["location"] == "-" || q.args["location"] == s.region) {
			list.Services = append(list.Services, &s.shape)
		}
	}
	list.Unreachable = q.p.unreachable()
	return list, nil
}

func getService(q *request) (any, *refusal) {
	s, no := q.service()
	if no != nil {
		return nil, no
	}
	return &s.shape, nil
}

func (s *service) revision(id string) *revision {
	for _, r := range s.revisions {
		if last(r.Name) == last(id) {
			return r
		}
	}
	return nil
}

func listRevisions(q *request) (any, *refusal) {
	s, no := q.service()
	if no != nil {
		return nil, no
	}
	list := &run.GoogleCloudRunV2ListRevisionsResponse{}
	start, size, no := q.page(len(s.revisions))
	if no != nil {
		return nil, no
	}
	for i := start; i < len(s.revisions) && i < start+size; i++ {
		list.Revisions = append(list.Revisions, &s.revisions[len(s.revisions)-1-i].GoogleCloudRunV2Revision)
	}
	list.NextPageToken = nextPage(start, size, len(s.revisions))
	return list, nil
}

func getRevision(q *request) (any, *refusal) {
	s, no := q.service()
	if no != nil {
		return nil, no
	}
	if r := s.revision(q.args["revision"]); r != nil {
		return &r.GoogleCloudRunV2Revision, nil
	}
	return nil, notFound("Resource '" + q.args["revision"] + "' of kind 'REVISION' does not exist.")
}

func patchService(q *request) (any, *refusal) {
	s, no := q.service()
	if no != nil {
		return nil, no
	}
	body, no := decode[run.GoogleCloudRunV2Service](q)
	if no != nil {
		return nil, no
	}
	if q.query.Get("updateMask") != "traffic" {
		return nil, invalid("The sandbox changes nothing but the traffic of a service.")
	}
	if body.Etag != "" && body.Etag != s.shape.Etag {
		return nil, conflict(q.route)
	}
	if no := s.checkTraffic(body.Traffic); no != nil {
		return nil, no
	}
	return s.setTraffic(body.Traffic), nil
}

func (s *service) checkTraffic(traffic []*run.GoogleCloudRunV2TrafficTarget) *refusal {
	percent, seen := int64(0), map[string]bool{}
	for _, t := range traffic {
		percent += t.Percent
		switch {
		case t.Type == toRevision && s.revision(t.Revision) == nil:
			return notFound("Revision '" + t.Revision + "' does not exist.")
		case t.Tag != "" && seen[t.Tag]:
			return invalid("The tag " + t.Tag + " is used twice.")
		}
		seen[t.Tag] = true
	}
	if percent != 100 && len(traffic) > 0 {
		return invalid(fmt.Sprintf("Traffic must add up to 100 percent, not %d.", percent))
	}
	return nil
}

// touch makes the old etag worthless.
func (s *service) touch() {
	now := stamp(s.p.g.now())
	s.shape.Etag, s.shape.UpdateTime = fmt.Sprintf("\"etag-%d\"", s.p.g.nextID()), now
}

// setTraffic takes what is asked for, and observes it some seconds later.
func (s *service) setTraffic(traffic []*run.GoogleCloudRunV2TrafficTarget) *operation {
	s.shape.Traffic, s.shape.Reconciling = traffic, true
	s.shape.Generation++
	s.touch()
	wanted := s.shape.Generation
	name := fmt.Sprintf("%s/operations/%08x-traffic", s.p.location(s.region), s.p.g.nextID())
	return s.p.begin(name, s.p.g.opt.Traffic, typed("google.cloud.run.v2.Service", s.shape), func(op *operation) {
		if s.shape.Generation != wanted {
			op.fail(10, "The service was changed meanwhile.")
			return
		}
		s.shape.Reconciling, s.shape.ObservedGeneration = false, wanted
		if lost := s.lost(traffic); lost != nil {
			message := fmt.Sprintf("Revision '%s' is not ready and cannot serve traffic. Image '%s' not found.", last(lost.Name), lost.Containers[0].Image)
			s.shape.TerminalCondition = condition("CONDITION_FAILED", message, s.p.g.now())
			op.fail(9, "%s", message)
			return
		}
		s.observe()
		op.response = typed("google.cloud.run.v2.Service", s.shape)
	})
}

func condition(state, message string, at time.Time) *run.GoogleCloudRunV2Condition {
	return &run.GoogleCloudRunV2Condition{Type: "Ready", State: state, Message: message, LastTransitionTime: stamp(at)}
}

// lost is a revision that should serve, does not serve now, and whose image is gone: Cloud Run keeps its own copy only of what serves.
func (s *service) lost(traffic []*run.GoogleCloudRunV2TrafficTarget) *revision {
	for _, t := range traffic {
		r := s.revision(t.Revision)
		if t.Type != toRevision || t.Percent == 0 || r == nil || s.share(last(r.Name)) > 0 {
			continue
		}
		if !s.p.hasImage(r.Containers[0].Image) {
			return r
		}
	}
	return nil
}

// share is how much of the requests a revision serves.
func (s *service) share(id string) int64 {
	percent := int64(0)
	for _, t := range s.shape.TrafficStatuses {
		if t.Type == toRevision && t.Revision == id || t.Type == toLatest && id == last(s.shape.LatestReadyRevision) {
			percent += t.Percent
		}
	}
	return percent
}

// observe makes the traffic what was asked for.
func (s *service) observe() {
	s.shape.TrafficStatuses = nil
	for _, t := range s.shape.Traffic {
		status := &run.GoogleCloudRunV2TrafficTargetStatus{Type: t.Type, Revision: t.Revision, Percent: t.Percent, Tag: t.Tag}
		if t.Tag != "" {
			status.Uri = "https://" + t.Tag + "---" + strings.TrimPrefix(s.shape.Uri, "https://")
		}
		s.shape.TrafficStatuses = append(s.shape.TrafficStatuses, status)
	}
	s.shape.TerminalCondition = condition("CONDITION_SUCCEEDED", "", s.p.g.now())
}

// addRevision makes a new revision ready. It gets requests only where the traffic says LATEST: a pin survives.
func (s *service) addRevision(image, commit string, env map[string]string) *revision {
	now := s.p.g.now()
	s.shape.Generation++
	s.shape.ObservedGeneration = s.shape.Generation
	id := fmt.Sprintf("%s-%05d-%s", s.id, len(s.revisions)+1, suffix(s.p.g.nextID()))
	r := &revision{commit: commit, GoogleCloudRunV2Revision: run.GoogleCloudRunV2Revision{
		Name: s.name() + "/revisions/" + id, Service: s.id, CreateTime: stamp(now), UpdateTime: stamp(now), Etag: `"1"`, Generation: 1,
		Containers: []*run.GoogleCloudRunV2Container{{Image: image}},
		Conditions: []*run.GoogleCloudRunV2Condition{condition("CONDITION_SUCCEEDED", "", now)},
	}}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		r.Containers[0].Env = append(r.Containers[0].Env, &run.GoogleCloudRunV2EnvVar{Name: name, Value: env[name]})
	}
	s.revisions = append(s.revisions, r)
	s.shape.LatestCreatedRevision, s.shape.LatestReadyRevision = r.Name, r.Name
	s.touch()
	s.observe()
	return r
}

// suffix is three letters, as Google appends.
func suffix(n int64) string {
	return string([]byte{byte('a' + n/676%26), byte('a' + n/26%26), byte('a' + n%26)})
}

func (p *project) addService(region, id, manager string) *service {
	s := &service{p: p, region: region, id: id}
	s.shape = run.GoogleCloudRunV2Service{
		Name: s.name(), Uid: fmt.Sprintf("uid-%d", p.g.nextID()), Uri: "https://" + id + "-" + p.number + ".a.run.app", CreateTime: stamp(p.g.now()),
		Traffic: []*run.GoogleCloudRunV2TrafficTarget{{Type: toLatest, Percent: 100}},
	}
	if manager != "" {
		s.shape.Labels = map[string]string{"goog-managed-by": manager}
	}
	p.services[region+"/"+id] = s
	return s
}

func getPolicy(q *request) (any, *refusal) {
	s, no := q.service()
	if no != nil {
		return nil, no
	}
	if s.policy == nil {
		return map[string]any{"etag": "BwYAAAAAAAA="}, nil
	}
	return s.policy, nil
}

func setPolicy(q *request) (any, *refusal) {
	s, no := q.service()
	if no != nil {
		return nil, no
	}
	body, no := decode[struct {
		Policy     map[string]any `json:"policy"`
		UpdateMask string         `json:"updateMask"`
	}](q)
	if no != nil {
		return nil, no
	}
	s.policy = raw(body.Policy)
	return body.Policy, nil
}

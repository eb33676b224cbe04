package firebase

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	functions1 "google.golang.org/api/cloudfunctions/v1"
	"google.golang.org/api/cloudfunctions/v2"
)

const (
	roleFunctions = "roles/cloudfunctions.developer"
	stateActive   = "ACTIVE"
	gen1          = "GEN_1"
)

// The labels that the Firebase CLI puts on what it deploys.
const (
	labelCodebase = "firebase-functions-codebase"
	labelHash     = "firebase-functions-hash"
	labelTool     = "deployment-tool"
)

// Archive is where Google keeps the source of a build.
type Archive struct {
	Bucket     string `json:"bucket,omitempty"`
	Object     string `json:"object,omitempty"`
	Generation int64  `json:"generation,omitempty"`
}

// Function is a Cloud Function of either generation.
type Function struct {
	Name       string            `json:"name"` // Name is projects/P/locations/L/functions/F.
	Generation int               `json:"generation"`
	State      string            `json:"state"`
	Runtime    string            `json:"runtime,omitempty"`
	EntryPoint string            `json:"entry_point,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	UpdatedAt  time.Time         `json:"updated_at,omitzero"`
	Archive    Archive           `json:"archive,omitzero"`

	Version int64 `json:"version,omitempty"` // Version counts the deploys of a function of the first generation.

	Service       string  `json:"service,omitempty"` // Service is the Cloud Run service behind one of the second generation.
	LatestCreated string  `json:"latest_created,omitempty"`
	Serving       []Share `json:"serving,omitempty"`
	ServesLatest  bool    `json:"serves_latest,omitempty"`

	// Ready says that its last deploy has ended well and that its traffic is settled; Problem is why that cannot be.
	Ready   bool   `json:"ready"`
	Problem string `json:"problem,omitempty"`
	// Settled says that its traffic goes where it was asked to go; Stuck is why it cannot, whatever its last deploy came to.
	Settled bool   `json:"settled"`
	Stuck   string `json:"stuck,omitempty"`

	run *Service // run is the service behind it, as it was read with it.
}

// deploying says that a build is on its way that may get the requests when it is done.
func (f *Function) deploying() bool {
	return f.State == "DEPLOYING" && f.ServesLatest || f.State == "DEPLOY_IN_PROGRESS"
}

// ID is LOCATION/FUNCTION.
func (f *Function) ID() string { return segment(f.Name, "locations") + "/" + last(f.Name) }

// Codebase is the part of the repository that it comes from; empty for one that the Firebase CLI did not deploy. The CLI writes no
// label for the one that it calls default.
func (f *Function) Codebase() string {
	named := f.Labels[labelCodebase]
	if named == "" && strings.HasPrefix(f.Labels[labelTool], "cli-firebase") {
		return "default"
	}
	return named
}

// Hash is what the CLI compares to skip a deploy: source, settings and secrets of the newest build, whatever serves.
func (f *Function) Hash() string { return f.Labels[labelHash] }

func (f *Function) pointer() string {
	switch {
	case f.Generation == 1 && f.Hash() != "":
		return cut(f.Hash(), 12)
	case f.Generation == 1:
		return "version " + f.UpdatedAt.Format(time.RFC3339)
	}
	return shares(f.Serving)
}

// rebuilt is the label that Move puts on a function which it built again: what it was built again to be.
const rebuilt = "gatehouse-rebuilt"

// mark names a state of a function in the label rebuilt.
func (f *Function) mark() string {
	if f.Generation == 1 {
		return fmt.Sprintf("v%d", f.Version)
	}
	if len(f.Serving) == 0 {
		return ""
	}
	return f.Serving[0].Revision
}

// serves says that a function answers requests by the code of an older state of itself: its traffic goes to the same revisions,
// or Move built it again to be that. An equal hash alone would not do, because settings may have been changed by hand since.
func (f *Function) serves(target *Function) bool {
	if f.Generation != target.Generation {
		return false
	}
	again := f.Ready && f.Labels[rebuilt] != "" && f.Labels[rebuilt] == target.mark() && f.Hash() == target.Hash()
	if f.Generation == 1 {
		return f.Version == target.Version || again
	}
	return sameShares(f.Serving, target.Serving) || again && f.ServesLatest
}

func (p *Project) functionName(id string) string {
	location, function, _ := strings.Cut(id, "/")
	if strings.HasPrefix(id, "projects/") {
		location, function = segment(id, "locations"), last(id)
	}
	return p.name() + "/locations/" + location + "/functions/" + function
}

// Function reads one function by LOCATION/FUNCTION.
func (p *Project) Function(ctx context.Context, id string) (*Function, error) {
	return p.function(ctx, id, "")
}

// function reads a function and the service behind it; side by side if the service is known from an older state.
func (p *Project) function(ctx context.Context, id, service string) (*Function, error) {
	var raw *cloudfunctions.Function
	var behind *Service
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		raw, err = do(both, p, operation{"read the function " + id, hostFunctions, reads, roleFunctions}, func(ctx context.Context) (*cloudfunctions.Function, error) {
			return p.functions.Projects.Locations.Functions.Get(p.functionName(id)).Context(ctx).Do()
		})
		return err
	})
	if service != "" {
		group.Go(func() (err error) {
			behind, err = p.serviceOrNone(both, service)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if raw.Environment == gen1 {
		old, err := p.function1(ctx, id, 0)
		if err != nil {
			return nil, err
		}
		return function1Of(old), nil
	}
	f := functionOf(raw)
	if f.Service == "" {
		return f, nil
	}
	var err error
	if behind == nil || last(behind.Name) != last(f.Service) {
		behind, err = p.serviceOrNone(ctx, f.Service)
	}
	f.behind(behind)
	return f, err
}

// serviceOrNone gives nil for a service that does not exist.
func (p *Project) serviceOrNone(ctx context.Context, service string) (*Service, error) {
	s, err := p.Service(ctx, service)
	if isNotFound(err) {
		return nil, nil //nolint:nilnil // none is an answer, not a failure
	}
	return s, err
}

// behind adds what the service behind a function says.
func (f *Function) behind(s *Service) {
	if s == nil {
		f.Ready = false
		f.Stuck = "the Cloud Run service behind it does not exist"
		f.Problem = f.Stuck
		return
	}
	f.run = s
	f.Serving, f.ServesLatest, f.LatestCreated = s.Serving, s.ServesLatest(), s.LatestCreated
	f.Settled, f.Stuck = s.Settled, s.Problem
	f.Ready = f.Ready && s.Settled
	if f.Problem == "" {
		f.Problem = s.Problem
	}
}

func functionOf(raw *cloudfunctions.Function) *Function {
	f := &Function{Name: raw.Name, Generation: 2, State: raw.State, Labels: raw.Labels, UpdatedAt: at(raw.UpdateTime), Ready: raw.State == stateActive}
	if b := raw.BuildConfig; b != nil {
		f.Runtime, f.EntryPoint = b.Runtime, b.EntryPoint
		if b.SourceProvenance != nil && b.SourceProvenance.ResolvedStorageSource != nil {
			s := b.SourceProvenance.ResolvedStorageSource
			f.Archive = Archive{s.Bucket, s.Object, s.Generation}
		}
	}
	if raw.ServiceConfig != nil {
		f.Service = raw.ServiceConfig.Service
	}
	if raw.State == "FAILED" {
		f.Problem = "its last deploy failed"
		for _, m := range raw.StateMessages {
			f.Problem += ": " + redact(m.Message, "")
		}
	}
	return f
}

func function1Of(raw *functions1.CloudFunction) *Function {
	f := &Function{
		Name: raw.Name, Generation: 1, State: raw.Status, Runtime: raw.Runtime, EntryPoint: raw.EntryPoint, Labels: raw.Labels,
		UpdatedAt: at(raw.UpdateTime), Version: raw.VersionId, Ready: raw.Status == stateActive,
	}
	f.Settled = f.Ready
	if raw.Status == "OFFLINE" {
		f.Problem, f.Stuck = "it is offline: its last deploy failed", "it is offline: its last deploy failed"
	}
	return f
}

// function1 reads a function of the first generation, or one of its older versions.
func (p *Project) function1(ctx context.Context, id string, version int64) (*functions1.CloudFunction, error) {
	return do(ctx, p, operation{"read the function " + id, hostFunctions, reads, roleFunctions}, func(ctx context.Context) (*functions1.CloudFunction, error) {
		get := p.functions1.Projects.Locations.Functions.Get(p.functionName(id)).Context(ctx)
		if version != 0 {
			get = get.VersionId(version)
		}
		return get.Do()
	})
}

// Functions lists the functions of both generations in all regions, and the regions that did not answer: a function in one of
// those may look deleted and is not. The services are those of Services, which tell what serves.
func (p *Project) Functions(ctx context.Context, services []Service) (functions []Function, unreachable []string, err error) {
	raw, unreachable, err := p.listFunctions(ctx)
	if err != nil {
		return nil, nil, err
	}
	var old map[string]*functions1.CloudFunction
	if slices.ContainsFunc(raw, func(f *cloudfunctions.Function) bool { return f.Environment == gen1 }) {
		var silent []string
		if old, silent, err = p.listFunctions1(ctx); err != nil {
			return nil, nil, err
		}
		unreachable = append(unreachable, silent...)
	}
	behind := map[string]*Service{}
	for i := range services {
		behind[services[i].ID()] = &services[i]
	}
	for _, r := range raw {
		f := functionOf(r)
		if r.Environment == gen1 {
			if old[f.ID()] == nil {
				continue // its region is among the unreachable
			}
			f = function1Of(old[f.ID()])
		} else if f.Service != "" {
			f.behind(behind[segment(f.Service, "locations")+"/"+last(f.Service)])
		}
		functions = append(functions, *f)
	}
	slices.Sort(unreachable)
	return functions, slices.Compact(unreachable), nil
}

func (p *Project) listFunctions(ctx context.Context) (raw []*cloudfunctions.Function, unreachable []string, err error) {
	for token, first := "", true; first || token != ""; first = false {
		page, err := do(ctx, p, operation{"list the functions", hostFunctions, reads, roleFunctions}, func(ctx context.Context) (*cloudfunctions.ListFunctionsResponse, error) {
			return p.functions.Projects.Locations.Functions.List(p.name() + "/locations/-").PageSize(1000).PageToken(token).Context(ctx).Do()
		})
		if err != nil {
			return nil, nil, err
		}
		raw, unreachable, token = append(raw, page.Functions...), append(unreachable, page.Unreachable...), page.NextPageToken
	}
	return raw, unreachable, nil
}

func (p *Project) listFunctions1(ctx context.Context) (byID map[string]*functions1.CloudFunction, unreachable []string, err error) {
	byID = map[string]*functions1.CloudFunction{}
	for token, first := "", true; first || token != ""; first = false {
		page, err := do(ctx, p, operation{"list the functions of the first generation", hostFunctions, reads, roleFunctions}, func(ctx context.Context) (*functions1.ListFunctionsResponse, error) {
			return p.functions1.Projects.Locations.Functions.List(p.name() + "/locations/-").PageSize(1000).PageToken(token).Context(ctx).Do()
		})
		if err != nil {
			return nil, nil, err
		}
		for _, f := range page.Functions {
			byID[segment(f.Name, "locations")+"/"+last(f.Name)] = f
		}
		unreachable, token = append(unreachable, page.Unreachable...), page.NextPageToken
	}
	return byID, unreachable, nil
}

package google

import (
	"maps"
	"slices"
	"time"

	rules "google.golang.org/api/firebaserules/v1"
)

// project is the state of one project.
type project struct {
	g      *Google
	id     string
	number string
	spec   ProjectSpec

	off      map[string]bool // off are the hosts whose API is switched off.
	denied   map[string]bool // denied are permissions that no service account has.
	silent   map[string]bool // silent are regions that do not answer.
	sites    map[string]*site
	rulesets []*rules.Ruleset // in the order of their creation.
	releases map[string]*rules.Release

	functions map[string]*function
	services  map[string]*service
	repos     map[string]*repository // by region.
	configs   map[string]*config
	databases map[string]*database
	ops       map[string]*operation
	objects   map[string][]byte // stored archives, by bucket/object#generation or upload id.
}

func newProject(g *Google, spec ProjectSpec) *project {
	p := &project{
		g: g, id: spec.ID, number: spec.Number, spec: spec,
		off: map[string]bool{}, denied: map[string]bool{}, silent: map[string]bool{},
		sites: map[string]*site{}, releases: map[string]*rules.Release{}, functions: map[string]*function{},
		services: map[string]*service{}, repos: map[string]*repository{}, databases: map[string]*database{},
		ops: map[string]*operation{}, objects: map[string][]byte{},
		configs: map[string]*config{clientConfig: {}, serverConfig: {}},
	}
	for _, s := range spec.Sites {
		p.sites[s] = &site{name: s}
	}
	for _, d := range spec.Databases {
		p.databases[d] = &database{id: d, made: g.now()}
	}
	return p
}

// name is the project as a resource.
func (p *project) name() string { return "projects/" + p.id }

// SwitchOff switches an API of a project off, or on again, such as firebaserules.googleapis.com.
func (g *Google) SwitchOff(projectID, host string, off bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.project(projectID); p != nil {
		p.off[host] = off
	}
}

// Deny takes a permission from all service accounts of a project, or gives it back.
func (g *Google) Deny(projectID, permission string, denied bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.project(projectID); p != nil {
		p.denied[permission] = denied
	}
}

// Silence makes a region not answer in lists of a project: Google names it as unreachable and leaves its things out.
func (g *Google) Silence(projectID, region string, silent bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.project(projectID); p != nil {
		p.silent[region] = silent
	}
}

// unreachable are the silent regions as lists name them.
func (p *project) unreachable() []string {
	var names []string
	for _, region := range slices.Sorted(maps.Keys(p.silent)) {
		if p.silent[region] {
			names = append(names, p.name()+"/locations/"+region)
		}
	}
	return names
}

// Live is what serves the users of a project.
type Live struct {
	Hosting   map[string]string // Hosting maps sites to the id of the live version; "" when disabled or never deployed.
	Commits   map[string]string // Commits maps hosting/SITE, rules/ID and function/REGION/NAME to the commit that was deployed there.
	Rules     map[string]string // Rules maps releases to the text of their first file.
	Functions map[string]string // Functions maps REGION/NAME to the revision, or version, that serves all of its requests.
	Config    string            // Config is the version of the client's Remote Config.
	Values    map[string]string // Values are the default values of its parameters.
}

// Live looks at what serves the users of a project now.
func (g *Google) Live(projectID string) Live {
	g.mu.Lock()
	defer g.mu.Unlock()
	live := Live{
		Hosting: map[string]string{}, Commits: map[string]string{}, Rules: map[string]string{},
		Functions: map[string]string{}, Values: map[string]string{},
	}
	p := g.project(projectID)
	if p == nil {
		return live
	}
	for name, s := range p.sites {
		live.Hosting[name] = ""
		if v := s.live(); v != nil {
			live.Hosting[name], live.Commits["hosting/"+name] = last(v.Name), v.Labels[commitLabel]
		}
	}
	for id, r := range p.releases {
		if set := p.ruleset(r.RulesetName); set != nil {
			live.Rules[id], live.Commits["rules/"+id] = set.Source.Files[0].Content, commitIn(set.Source.Files[0].Content)
		}
	}
	for _, f := range p.functions {
		live.Functions[f.id()], live.Commits["function/"+f.id()] = f.serving()
	}
	c := p.configs[clientConfig]
	live.Config, live.Values = c.number(), c.values()
	return live
}

// retention is how long Firestore keeps old versions without point-in-time recovery.
const retention = time.Hour

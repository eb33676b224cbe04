// Package google is a working stand-in for the Google APIs behind Firebase projects, in memory: Hosting, Rules, Cloud Functions,
// Cloud Run, Remote Config, Firestore's administration, Artifact Registry, and what the Firebase CLI asks around them.
//
// It has the state of the real thing and its traps: images that a cleanup policy deletes after a day, revisions pinned by a
// rollback that the next deploy does not unpin, traffic tags, rulesets that are deleted over the quota, hosting versions that lose
// their files, regions that do not answer, etags, switched-off APIs, and operations that take their time or never end.
//
// It is one http.Handler below /google/HOST/, so that services with equal paths stay apart, and is recorded by its World. One lock
// guards its state; it is never held while time passes. Deploy does to the state what `firebase deploy` does (deploy.go).
//
// Like its World it knows nothing of Gatehouse, so that it can be a judge. Its answers are the types that Google publishes.
package google

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Prefix is where the stand-in is found below the World's address: BASE + Prefix + "HOST/…".
const Prefix = "/google/"

// Options configure a Google. The zero value answers at once.
type Options struct {
	// BaseURL is the World's address, for the addresses in answers; SetURL can set it later.
	BaseURL string
	// Latency is how long each call takes.
	Latency time.Duration
	// Traffic is how long Cloud Run takes to move traffic, Build how long a function is built, Export a database exported,
	// Index an index made.
	Traffic, Build, Export, Index time.Duration
	// Rulesets is how many rulesets a project may hold; 0 means Google's 2500.
	Rulesets int
}

// ProjectSpec is what a project has, and what a deploy of its product deploys.
type ProjectSpec struct {
	ID     string
	Number string // Number defaults to one made from the id.
	// Accounts are the service accounts that may act in the project; the owner always may.
	Accounts []string
	// Sites are hosting sites; the first is the default one. None means one with the project's id.
	Sites []string
	// Databases are Firestore databases; none means (default).
	Databases []string
	// Buckets have Storage rules.
	Buckets   []string
	Functions []FunctionSpec
	// Parameters are Remote Config parameters with their values.
	Parameters map[string]string
}

// FunctionSpec is one function of the product.
type FunctionSpec struct {
	Name       string
	Region     string // Region defaults to us-central1.
	Generation int    // Generation is 1 or 2; 0 means 2.
	Codebase   string // Codebase defaults to "default".
}

// Google is the stand-in.
type Google struct {
	w   *sandbox.World
	opt Options

	mu       sync.Mutex
	lastID   int64
	projects []*project
	tokens   map[string]string // tokens maps access tokens to who they stand for.
	faults   []Fault
	used     []int
	broken   map[string]Half
}

// owner may do everything: it is whom the process itself and the Firebase CLI act as.
const owner = "owner"

// New makes a Google beside a World, without projects.
func New(w *sandbox.World, opt Options) *Google {
	if opt.Rulesets == 0 {
		opt.Rulesets = 2500
	}
	return &Google{w: w, opt: opt, lastID: 1000, tokens: map[string]string{owner: owner}, broken: map[string]Half{}}
}

// SetURL sets where the World is reached, for servers that learn their address late.
func (g *Google) SetURL(base string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opt.BaseURL = base
}

// AddProject makes a project, with its APIs on and nothing deployed.
func (g *Google) AddProject(spec ProjectSpec) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(spec.Sites) == 0 {
		spec.Sites = []string{spec.ID}
	}
	if len(spec.Databases) == 0 {
		spec.Databases = []string{"(default)"}
	}
	if spec.Number == "" {
		spec.Number = fmt.Sprint(100000000000 + g.nextID())
	}
	for i := range spec.Functions {
		f := &spec.Functions[i]
		f.Region, f.Codebase, f.Generation = or(f.Region, "us-central1"), or(f.Codebase, "default"), max(f.Generation, 0)
		if f.Generation == 0 {
			f.Generation = 2
		}
	}
	g.projects = append(g.projects, newProject(g, spec))
}

// Handler serves the APIs below Prefix, the page /firebase, and next for everything else.
func (g *Google) Handler(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	methods := newTable()
	mux.Handle(Prefix, g.w.Observe(sandbox.KindGoogle, methods.name, g.serveAPIs(methods)))
	g.w.MountConsole(mux, g.console)
	mux.Handle("/", next)
	return mux
}

// Projects lists the ids of the projects.
func (g *Google) Projects() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var ids []string
	for _, p := range g.projects {
		ids = append(ids, p.id)
	}
	slices.Sort(ids)
	return ids
}

// project finds a project by its id or number.
func (g *Google) project(name string) *project {
	for _, p := range g.projects {
		if p.id == name || p.number == name {
			return p
		}
	}
	return nil
}

func (g *Google) now() time.Time { return g.w.Clock().Now().UTC() }

// stamp is a moment as Google writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func (g *Google) nextID() int64 {
	g.lastID++
	return g.lastID
}

// after changes the state once d has passed; at once if d is zero. The lock is held by the caller, and again by f.
func (g *Google) after(d time.Duration, f func()) {
	if d <= 0 {
		f()
		return
	}
	g.w.Clock().AfterFunc(d, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		f()
	})
}

// url is an address of the stand-in.
func (g *Google) url(host, path string) string { return g.opt.BaseURL + Prefix + host + "/" + path }

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

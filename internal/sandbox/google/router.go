package google

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// The hosts of the services.
const (
	hostHosting   = "firebasehosting.googleapis.com"
	hostUpload    = "upload-firebasehosting.googleapis.com"
	hostRules     = "firebaserules.googleapis.com"
	hostFunctions = "cloudfunctions.googleapis.com"
	hostRun       = "run.googleapis.com"
	hostConfig    = "firebaseremoteconfig.googleapis.com"
	hostFirestore = "firestore.googleapis.com"
	hostRegistry  = "artifactregistry.googleapis.com"
	hostLend      = "iamcredentials.googleapis.com"
	hostResources = "cloudresourcemanager.googleapis.com"
	hostUsage     = "serviceusage.googleapis.com"
	hostFirebase  = "firebase.googleapis.com"
	hostRuntime   = "runtimeconfig.googleapis.com"
	hostToken     = "www.googleapis.com"
	hostStorage   = "storage.googleapis.com"
)

// route is one method of one API.
type route struct {
	host string
	// api and method are as in Google's discovery documents, such as run/v2 and run.projects.locations.services.get. An empty api
	// has no such document.
	api, method string
	verb        string
	// path has {NAME} for one segment and {NAME+} for several.
	path       string
	permission string
	serve      func(*request) (any, *refusal)
}

// request is one call on its way through a route.
type request struct {
	g     *Google
	p     *project // p is nil where the path names no project.
	route route
	args  map[string]string
	query url.Values
	http  *http.Request
	body  []byte
	as    string
	reply http.Header
}

// compiled is a route that can be matched.
type compiled struct {
	route
	match *regexp.Regexp
}

var placeholder = regexp.MustCompile(`\{([a-z]+)(\+?)\}`)

func compile(r route) compiled {
	var b strings.Builder
	rest := r.path
	for {
		at := placeholder.FindStringSubmatchIndex(rest)
		if at == nil {
			b.WriteString(regexp.QuoteMeta(rest))
			break
		}
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		many := at[4] != at[5]
		b.WriteString("(?P<" + rest[at[2]:at[3]] + ">")
		if many {
			b.WriteString(".+?)")
		} else {
			b.WriteString("[^/:]+)")
		}
		rest = rest[at[1]:]
	}
	return compiled{r, regexp.MustCompile("^" + b.String() + "$")}
}

func routes() []route {
	var all []route
	for _, group := range [][]route{
		hostingRoutes(), rulesRoutes(), functionRoutes(), runRoutes(), configRoutes(), firestoreRoutes(), registryRoutes(), accountRoutes(), storageRoutes(),
	} {
		all = append(all, group...)
	}
	return all
}

// table is every method, in the order in which they are tried.
type table []compiled

func newTable() table {
	var t table
	for _, r := range routes() {
		t = append(t, compile(r))
	}
	return t
}

// find returns the method that a request calls, and its arguments.
func (t table) find(req *http.Request) (r route, args map[string]string, found bool) {
	host, path, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, Prefix), "/")
	for _, c := range t {
		if c.host != host || c.verb != req.Method {
			continue
		}
		if values := c.match.FindStringSubmatch(path); values != nil {
			args := map[string]string{}
			for i, name := range c.match.SubexpNames() {
				args[name] = values[i]
			}
			return c.route, args, true
		}
	}
	return route{}, nil, false
}

// name is what the record calls a request; where there is no such method, the prefix.
func (t table) name(req *http.Request) string {
	r, _, found := t.find(req)
	if !found {
		return Prefix
	}
	return strings.TrimSpace(r.api + " " + r.method)
}

// serveAPIs finds the method, lets faults interfere, and answers.
func (g *Google) serveAPIs(methods table) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if !g.pass(req) {
			return
		}
		if r, args, found := methods.find(req); found {
			g.answer(rw, req, r, args)
			return
		}
		(&refusal{status: http.StatusNotFound, code: "NOT_FOUND", message: "Method not found."}).write(rw)
	})
}

// pass spends the latency of a call; false means that the client did not wait for it.
func (g *Google) pass(req *http.Request) bool {
	if g.opt.Latency <= 0 {
		return true
	}
	passed := make(chan struct{})
	stop := g.w.Clock().AfterFunc(g.opt.Latency, func() { close(passed) })
	defer stop()
	select {
	case <-passed:
		return true
	case <-req.Context().Done():
		return false
	}
}

func (g *Google) answer(rw http.ResponseWriter, req *http.Request, r route, args map[string]string) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	call := sandbox.CallOf(req.Context())
	g.mu.Lock()
	defer g.mu.Unlock()
	q := &request{g: g, route: r, args: args, query: req.URL.Query(), http: req, body: body, reply: rw.Header()}
	fault := g.pick(r, args)
	call.Fault = string(fault.Kind)
	no := q.admit()
	call.As = q.as
	var got any
	if no == nil && (fault.Kind == "" || fault.Kind == Lost || fault.Kind == Endless) {
		got, no = g.perform(q, fault)
	}
	if wrong := fault.refusal(r, q.p, rw.Header()); wrong != nil {
		no = wrong
	}
	if no != nil {
		no.write(rw)
		return
	}
	write(rw, http.StatusOK, got)
}

// perform calls the method; an endless fault makes the operations that it begins never end.
func (g *Google) perform(q *request, fault Fault) (any, *refusal) {
	if q.p != nil {
		q.p.tidy()
	}
	got, no := q.route.serve(q)
	if op, isOperation := got.(*operation); isOperation {
		op.endless = op.endless || fault.Kind == Endless
		return op.shape(), no
	}
	return got, no
}

// admit finds the project and checks who asks and what is switched on.
func (q *request) admit() *refusal {
	if name := q.args["project"]; name != "" && name != "-" {
		if q.p = q.g.project(name); q.p == nil {
			return &refusal{status: http.StatusForbidden, code: "PERMISSION_DENIED", message: "The caller does not have permission"}
		}
	}
	if site := q.args["site"]; site != "" && q.p == nil {
		if q.p = q.g.ownerOf(site); q.p == nil {
			return notFound("Requested entity was not found.")
		}
	}
	if q.route.permission == public {
		return nil
	}
	token := strings.TrimPrefix(q.http.Header.Get("Authorization"), "Bearer ")
	if q.as = q.g.tokens[token]; q.as == "" {
		return &refusal{
			status: http.StatusUnauthorized, code: "UNAUTHENTICATED",
			message: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
		}
	}
	if q.p == nil {
		return nil
	}
	return q.p.allow(q)
}

// allow says whether the API is on and the account may.
func (p *project) allow(q *request) *refusal {
	if p.off[q.route.host] {
		return disabled(p, q.route.host)
	}
	member := q.as == owner
	for _, account := range p.spec.Accounts {
		member = member || account == q.as
	}
	if !member || q.as != owner && p.denied[q.route.permission] {
		return denied(p, q.route.permission)
	}
	return nil
}

// public marks a route that carries its own signature.
const public = "public"

// decode reads a body strictly, as Google does: an unknown name or a wrong type is refused.
func decode[T any](q *request) (*T, *refusal) {
	into := new(T)
	if len(bytes.TrimSpace(q.body)) == 0 {
		return into, nil
	}
	d := json.NewDecoder(bytes.NewReader(q.body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return nil, invalid("Invalid JSON payload received. " + strings.TrimPrefix(err.Error(), "json: "))
	}
	return into, nil
}

func write(rw http.ResponseWriter, status int, body any) {
	raw, isRaw := body.([]byte)
	if !isRaw {
		rw.Header().Set("Content-Type", "application/json; charset=UTF-8")
		var err error
		if raw, err = json.Marshal(body); err != nil {
			panic(err) // a type of ours that cannot be written is a mistake of ours
		}
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(raw) // the client may be gone, which is its own affair
}

func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }

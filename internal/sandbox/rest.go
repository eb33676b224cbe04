package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// request is a REST request after authentication and lookup; handlers run under the world's lock.
type request struct {
	w    *World
	http *http.Request
	call *Call
	id   identity
	repo *Repo
	// header joins the answer's.
	header http.Header
}

// route is one REST operation. Patterns are GitHub's own, with {owner} and {repo} looked up beforehand.
type route struct {
	pattern    string
	permission string // such as "checks:write"; appOnly takes the app's JWT; "" is for everybody.
	handle     func(*request) reply
}

const (
	apiPrefix = "/api/v3"
	appOnly   = "app"
	docsURL   = "https://docs.github.com/rest"
)

// serve authenticates, checks limits and permissions, finds the repository, and calls the handler.
func (w *World) serve(rt route, rw http.ResponseWriter, req *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &request{w: w, http: req, call: callOf(req.Context()), header: rw.Header()}
	r.header.Set("X-Github-Request-Id", fmt.Sprintf("SANDBOX:%d", w.nextID()))
	r.header.Set("X-Github-Media-Type", "github.v3; format=json")
	id, err := w.authenticate(req.Header)
	if err != nil {
		if w.spoiled(req.Header) {
			r.call.Fault = string(TokenExpired)
		}
		failure(http.StatusUnauthorized, err.Error()).write(rw)
		return
	}
	r.id, r.call.As = id, id.name()
	if !strings.HasSuffix(rt.pattern, "/rate_limit") {
		if refused := w.spend(id.name(), req.Method, r.header); refused != nil {
			refused.write(rw)
			return
		}
	}
	if refused := r.admit(rt.permission); refused != nil {
		refused.write(rw)
		return
	}
	rt.handle(r).write(rw)
}

// routeOf writes a pattern as GitHub's OpenAPI description does: without the method and the wildcards' dots.
func routeOf(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return strings.ReplaceAll(path, "...}", "}")
}

// admit checks who asks and that the repository in the path is within reach.
func (r *request) admit(permission string) *reply {
	if permission == appOnly {
		if !r.id.app {
			return ptr(failure(http.StatusUnauthorized, "A JSON web token could not be decoded"))
		}
		return nil
	}
	if r.id.app {
		return ptr(failure(http.StatusUnauthorized, "Requires authentication"))
	}
	if in := r.id.install; in != nil && in.Suspended {
		return ptr(failure(http.StatusForbidden, "This installation has been suspended"))
	}
	if name := r.path("repo"); name != "" {
		r.repo = r.w.repos[r.path("owner")+"/"+name]
		if to := r.w.moved[r.path("owner")+"/"+name]; r.repo == nil && to != nil {
			return ptr(r.redirect(to))
		}
		if r.repo == nil || !r.reaches(r.repo) {
			return ptr(notFound())
		}
	}
	if !r.id.may(permission) {
		r.header.Set("X-Accepted-Github-Permissions", strings.ReplaceAll(permission, ":", "="))
		if r.id.install == nil {
			return ptr(failure(http.StatusUnauthorized, "Requires authentication"))
		}
		return ptr(failure(http.StatusForbidden, "Resource not accessible by integration"))
	}
	return nil
}

// reaches tells whether the caller can see a repository at all.
func (r *request) reaches(repo *Repo) bool {
	if in := r.id.install; in != nil {
		return in.covers(repo) || !repo.Private && r.http.Method == http.MethodGet
	}
	return !repo.Private || r.id.login != "" && r.w.roleOf(repo, r.id.login) != "none"
}

// actor is the login on whose behalf the caller acts.
func (r *request) actor() string {
	if r.id.install != nil {
		return r.w.opt.AppSlug + "[bot]"
	}
	return r.id.login
}

func (r *request) path(name string) string { return r.http.PathValue(name) }

func (r *request) query(name string) string { return r.http.URL.Query().Get(name) }

// number reads a path value that is an id; 0 if it is none.
func (r *request) number(name string) int64 {
	n, err := strconv.ParseInt(r.path(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// decode reads the body; an empty one leaves v alone.
func (r *request) decode(v any) *reply {
	if len(r.call.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.call.Body, v); err != nil {
		return ptr(failure(http.StatusBadRequest, "Problems parsing JSON"))
	}
	return nil
}

// page cuts the page that was asked for out of a list and sets the Link header.
func page[T any](r *request, all []T) []T {
	size, number := 30, 1
	if n, err := strconv.Atoi(r.query("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(r.query("page")); err == nil && n > 0 {
		number = n
	}
	last := max(1, (len(all)+size-1)/size)
	var links []string
	link := func(rel string, n int) {
		q := r.http.URL.Query()
		q.Set("page", strconv.Itoa(n))
		u := url.URL{Path: r.http.URL.Path, RawPath: r.http.URL.RawPath, RawQuery: q.Encode()}
		links = append(links, fmt.Sprintf(`<%s%s>; rel=%q`, r.w.opt.BaseURL, u.String(), rel))
	}
	if number > 1 {
		link("prev", number-1)
	}
	if number < last {
		link("next", number+1)
		link("last", last)
	}
	if len(links) > 0 {
		r.header.Set("Link", strings.Join(links, ", "))
	}
	from := min((number-1)*size, len(all))
	return all[from:min(from+size, len(all))]
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

func created(body any) reply { return reply{status: http.StatusCreated, body: body} }

func noContent() reply { return reply{status: http.StatusNoContent} }

func accepted() reply { return reply{status: http.StatusAccepted, body: obj{}} }

func notFound() reply { return failure(http.StatusNotFound, "Not Found") }

func invalid(message string) reply { return failure(http.StatusUnprocessableEntity, message) }

func failure(status int, message string) reply {
	return reply{status: status, body: obj{
		"message": message, "documentation_url": docsURL, "status": strconv.Itoa(status),
	}}
}

func ptr[T any](v T) *T { return &v }

// list is never null in JSON.
func list[T any](in []T, build func(T) obj) []obj {
	out := make([]obj, 0, len(in))
	for _, v := range in {
		out = append(out, build(v))
	}
	return out
}

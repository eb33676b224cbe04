package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// GitHub's paths overlap in ways that net/http's router refuses (issues/{number}/comments and issues/comments/{id}),
// so this one matches segment by segment and prefers the route with more literal segments.

type compiledRoute struct {
	route
	method   string
	segments []string
}

func compile(rt route) compiledRoute {
	method, path, _ := strings.Cut(rt.pattern, " ")
	return compiledRoute{route: rt, method: method, segments: strings.Split(strings.Trim(path, "/"), "/")}
}

// router knows every operation of the REST API.
type router []compiledRoute

func newRouter() router {
	var routes router
	for _, group := range [][]route{
		appRoutes(), userRoutes(), peopleRoutes(), gitRoutes(), checkRoutes(), deployRoutes(), environmentRoutes(), actionRoutes(),
		runRoutes(), gateRoutes(), commentRoutes(), issueRoutes(),
	} {
		for _, rt := range group {
			routes = append(routes, compile(rt))
		}
	}
	return routes
}

func (r router) handler(w *World) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		req = w.named(req)
		found, path := r.find(req)
		if found == nil {
			notFound().write(rw)
			return
		}
		found.bind(path, req)
		w.serve(found.route, rw, req)
	})
}

// find returns the route of a request and the segments of its path; nil if there is none.
func (r router) find(req *http.Request) (found *compiledRoute, path []string) {
	path = strings.Split(strings.Trim(strings.TrimPrefix(req.URL.EscapedPath(), apiPrefix), "/"), "/")
	most := -1
	for i := range r {
		if r[i].method != req.Method {
			continue
		}
		if literals, matches := r[i].match(path); matches && literals > most {
			found, most = &r[i], literals
		}
	}
	return found, path
}

// name is what the record calls the route of a request.
func (r router) name(req *http.Request) string {
	found, _ := r.find(req)
	if found == nil {
		return mounted(req)
	}
	return routeOf(found.pattern)
}

// match counts the literal segments that agree; a last segment {name...} takes the rest.
func (c compiledRoute) match(path []string) (literals int, matches bool) {
	for i, segment := range c.segments {
		if strings.HasSuffix(segment, "...}") {
			return literals, true
		}
		if i >= len(path) {
			return 0, false
		}
		switch {
		case strings.HasPrefix(segment, "{"):
			if path[i] == "" {
				return 0, false
			}
		case segment == path[i]:
			literals++
		default:
			return 0, false
		}
	}
	return literals, len(path) == len(c.segments)
}

// bind stores the path's values in the request.
func (c compiledRoute) bind(path []string, req *http.Request) {
	for i, segment := range c.segments {
		name := strings.Trim(segment, "{.}")
		switch {
		case strings.HasSuffix(segment, "...}"):
			req.SetPathValue(name, unescape(strings.Join(path[min(i, len(path)):], "/")))
		case strings.HasPrefix(segment, "{"):
			req.SetPathValue(name, unescape(path[i]))
		}
	}
}

func unescape(segment string) string {
	plain, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return plain
}

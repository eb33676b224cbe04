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

func (w *World) restHandler() http.Handler {
	var routes []compiledRoute
	for _, group := range [][]route{
		appRoutes(), userRoutes(), peopleRoutes(), gitRoutes(), checkRoutes(), deployRoutes(), environmentRoutes(), actionRoutes(),
		runRoutes(), gateRoutes(), commentRoutes(),
	} {
		for _, rt := range group {
			routes = append(routes, compile(rt))
		}
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		path := strings.Split(strings.Trim(strings.TrimPrefix(req.URL.EscapedPath(), apiPrefix), "/"), "/")
		best, most := -1, -1
		for i, rt := range routes {
			if rt.method != req.Method {
				continue
			}
			if literals, matches := rt.match(path); matches && literals > most {
				best, most = i, literals
			}
		}
		if best < 0 {
			notFound().write(rw)
			return
		}
		routes[best].bind(path, req)
		w.serve(routes[best].route, rw, req)
	})
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

package contract

import (
	"net/url"
	"slices"
	"strings"
)

// template is a path of the description, such as /repos/{owner}/{repo}.
type template struct {
	path     string
	segments []string
	// methods holds, for each method, the parameters that span segments.
	methods map[string]map[string]bool
}

// match finds the path of GitHub's description that a request belongs to: the one with the most literal segments.
// The path is as it was sent, with %2F still standing for a slash inside a name.
func (d *Description) match(method, escaped string) (path string, params map[string]string, found bool) {
	given := strings.Split(strings.Trim(escaped, "/"), "/")
	most := -1
	for _, t := range d.templates {
		multi, has := t.methods[method]
		if !has {
			continue
		}
		values, literals, fits := fit(t.segments, given, multi)
		if fits && (literals > most || literals == most && t.path < path) {
			path, params, most = t.path, values, literals
		}
	}
	return path, params, most >= 0
}

// fit lays a template over a path; a parameter that spans segments takes as few as the rest allows.
func fit(segments, given []string, multi map[string]bool) (params map[string]string, literals int, fits bool) {
	if len(segments) == 0 {
		return map[string]string{}, 0, len(given) == 0
	}
	if len(given) == 0 {
		return nil, 0, false
	}
	name, isParam := strings.CutPrefix(segments[0], "{")
	if !isParam {
		if segments[0] != given[0] {
			return nil, 0, false
		}
		params, literals, fits = fit(segments[1:], given[1:], multi)
		return params, literals + 1, fits
	}
	name = strings.TrimSuffix(name, "}")
	for n := 1; n <= len(given) && (n == 1 || multi[name]); n++ {
		if slices.Contains(given[:n], "") {
			break
		}
		params, literals, fits = fit(segments[1:], given[n:], multi)
		if fits {
			params[name] = unescape(strings.Join(given[:n], "/"))
			return params, literals, true
		}
	}
	return nil, 0, false
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

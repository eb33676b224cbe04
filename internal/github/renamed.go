package github

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// renames know which repositories have another name now than a run of theirs
// remembers. GitHub redirects to the repository's id, which no renaming changes
// and no other repository can take; from then on calls go there at once.
type renames struct {
	mu sync.Mutex
	of map[int64]string // by repository, the name that leads elsewhere: "repos/acme/shop"
}

var (
	byName = regexp.MustCompile(`^repos/[^/]+/[^/]+`)
	byID   = regexp.MustCompile(`^repositories/[0-9]+`)
)

// lead turns a request for a former name of the call's repository to its id.
func (r *renames) lead(base *url.URL, req *http.Request, c *call) *http.Request {
	r.mu.Lock()
	name := r.of[c.repo]
	r.mu.Unlock()
	rest, ok := strings.CutPrefix(req.URL.EscapedPath(), base.Path)
	if name == "" || !ok || byName.FindString(rest) != name {
		return req
	}
	return moveTo(req, base.Path+"repositories/"+strconv.FormatInt(c.repo, 10)+strings.TrimPrefix(rest, name))
}

// learn takes the new place out of a redirect, and reports whether there is one:
// the same repository by its id. Anything else is no renaming.
func (r *renames) learn(base *url.URL, req *http.Request, resp *http.Response, c *call) bool {
	if resp.StatusCode < http.StatusMultipleChoices || resp.StatusCode >= http.StatusBadRequest || c.repo == 0 {
		return false
	}
	to, err := req.URL.Parse(resp.Header.Get("Location"))
	if err != nil || to.Scheme != base.Scheme || to.Host != base.Host {
		return false
	}
	from := byName.FindString(strings.TrimPrefix(req.URL.EscapedPath(), base.Path))
	place := byID.FindString(strings.TrimPrefix(to.EscapedPath(), base.Path))
	if from == "" || place != "repositories/"+strconv.FormatInt(c.repo, 10) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[int64]string{}
	}
	r.of[c.repo] = from
	return true
}

// onceMore is what was redirected: the same method with the same body, which
// net/http does not do for each kind of redirect.
func onceMore(req *http.Request) (*http.Request, error) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, nil
	}
	if req.GetBody == nil {
		return nil, &refusal{class: NotFound, why: "it has moved: the repository was renamed or transferred; try again"}
	}
	var err error
	again.Body, err = req.GetBody()
	return again, err
}

// moved refuses the redirects of writes that net/http would follow with a GET, which would look like success.
func moved(req *http.Request, resp *http.Response) *refusal {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return nil
	}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		_ = resp.Body.Close() // The answer is dropped, and with it whatever closing could say.
		return &refusal{class: NotFound, why: "it has moved: the repository was renamed or transferred; read its name again"}
	}
	return nil
}

func moveTo(req *http.Request, path string) *http.Request {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return req
	}
	moved := req.Clone(req.Context())
	moved.URL.Path, moved.URL.RawPath = plain, path
	return moved
}

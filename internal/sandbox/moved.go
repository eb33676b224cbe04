package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Rename gives a repository of one owner another name. Requests for the old one
// are redirected to the repository's id: reads with 301, writes with 307.
func (w *World) Rename(name, to string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.repo(name)
	if err != nil {
		return err
	}
	old := r.Name
	w.move(r, r.Owner, to)
	w.send(r, r.Owner, hookEvent{event: "repository", action: "renamed", by: r.Owner, body: obj{
		"changes": obj{"repository": obj{"name": obj{"from": old}}},
	}})
	return nil
}

// Transfer gives a repository to another owner: the installation on the old one
// reaches it no more.
func (w *World) Transfer(name, owner string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.repo(name)
	if err != nil {
		return err
	}
	w.move(r, owner, r.Name)
	return nil
}

func (w *World) move(r *Repo, owner, name string) {
	old := r.FullName()
	delete(w.repos, old)
	r.Owner, r.Name = owner, name
	delete(w.moved, r.FullName()) // a name that is used again leads nowhere else
	w.repos[r.FullName()], w.moved[old] = r, r
	for _, run := range r.runs {
		run.Repo = r.FullName()
	}
	for _, c := range r.checks {
		c.Repo = r.FullName()
	}
}

// named replaces repositories/{id} by the name that the repository has now. The
// router knows the names only.
func (w *World) named(req *http.Request) *http.Request {
	rest, ok := strings.CutPrefix(req.URL.EscapedPath(), apiPrefix+"/repositories/")
	if !ok {
		return req
	}
	number, rest, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return req
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.repos {
		if r.ID != id {
			continue
		}
		path := strings.TrimSuffix(apiPrefix+"/repos/"+r.FullName()+"/"+rest, "/")
		plain, err := url.PathUnescape(path)
		if err != nil {
			return req
		}
		again := req.Clone(req.Context())
		again.URL.Path, again.URL.RawPath = plain, path
		return again
	}
	return req
}

// redirect is the answer for a repository that has another name now.
func (r *request) redirect(to *Repo) reply {
	old := apiPrefix + "/repos/" + r.path("owner") + "/" + r.path("repo")
	at := r.w.api("/repositories/%d", to.ID) + strings.TrimPrefix(r.http.URL.EscapedPath(), old)
	if q := r.http.URL.RawQuery; q != "" {
		at += "?" + q
	}
	r.header.Set("Location", at)
	status := http.StatusTemporaryRedirect
	if r.http.Method == http.MethodGet {
		status = http.StatusMovedPermanently
	}
	return reply{status: status, body: obj{"message": "Moved Permanently", "url": at, "documentation_url": docsURL}}
}

package sandbox

import (
	"io"
	"net/http"
	"strings"
)

// Site answers the requests to a product's web site; path starts with a slash.
type Site func(path string) (status int, body string)

// AddSite serves a web site at /sites/NAME/. A nil site is healthy: 200 everywhere, {"ok":true} at /api/health.
func (w *World) AddSite(name string, site Site) {
	if site == nil {
		site = healthy
	}
	w.SetSite(name, site)
}

// SetSite replaces how a site answers, so that a test can make it fail.
func (w *World) SetSite(name string, site Site) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sites[name] = site
}

func healthy(path string) (status int, body string) {
	if path == "/api/health" {
		return http.StatusOK, `{"ok":true}`
	}
	return http.StatusOK, "<!doctype html><title>It works</title><h1>It works</h1>"
}

func (w *World) serveSite(rw http.ResponseWriter, req *http.Request) {
	name, path, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/sites/"), "/")
	w.mu.Lock()
	site, ok := w.sites[name]
	w.mu.Unlock()
	if !ok {
		http.NotFound(rw, req)
		return
	}
	status, body := site("/" + path)
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		rw.Header().Set("Content-Type", "application/json")
	}
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, body)
}

package sandbox

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed html
var pageFiles embed.FS

// pageView is what every page is rendered from.
type pageView struct {
	Title  string
	You    string
	People []User
	// Here is the page's own address, where forms come back to.
	Here string
	// Live lets a browser without JavaScript reload the page too; it is off where a form would lose what was typed.
	Live bool
	// Console tells that there is a page of cloud projects.
	Console bool
	Data    any
}

// pageResult is what a page's function gives.
type pageResult struct {
	title string
	data  any
	// form tells that people type on the page.
	form bool
}

// pageFunc collects what a page shows to a person.
type pageFunc func(req *http.Request, you string) (pageResult, error)

// pages renders the World's and the workspace's pages.
type pages struct {
	w         *World
	templates map[string]*template.Template
}

var errNoPage = errors.New("there is no such page in the sandbox")

const (
	youCookie = "sandbox_you"
	// pagePolicy keeps pages to their own style and script.
	pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func newPages(w *World) *pages {
	p := &pages{w: w, templates: map[string]*template.Template{}}
	funcs := template.FuncMap{
		"short": shortSHA, "state": stateOf, "glyph": glyph, "clock": pageTime, "markdown": markdown, "plus": func(a, b int) int { return a + b },
		"own": ownLink,
	}
	layout := template.Must(template.New("layout.tmpl").Funcs(funcs).ParseFS(pageFiles, "html/layout.tmpl"))
	files, err := pageFiles.ReadDir("html")
	if err != nil {
		panic(fmt.Sprintf("sandbox: its own pages are missing: %v", err))
	}
	for _, f := range files {
		name, isTemplate := strings.CutSuffix(f.Name(), ".tmpl")
		if isTemplate && name != "layout" {
			p.templates[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, "html/"+f.Name()))
		}
	}
	return p
}

// mountPages serves the pages for every path that nothing else claims.
func (w *World) mountPages(mux *http.ServeMux) {
	p := newPages(w)
	inner := http.NewServeMux()
	inner.HandleFunc("GET /_static/{file}", p.static)
	inner.HandleFunc("GET /_avatar/{id}", p.avatar)
	p.get(inner, "GET /{$}", "home", p.home)
	p.get(inner, "GET /_record", "record", p.record)
	p.mountRepoPages(inner)
	inner.HandleFunc("GET /login/oauth/authorize", p.authorize)
	inner.HandleFunc("GET /favicon.ico", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) })
	p.mountForms(inner)
	p.get(inner, "GET /", "home", func(*http.Request, string) (pageResult, error) { return pageResult{}, errNoPage })
	mux.Handle("/", http.NewCrossOriginProtection().Handler(inner))
}

// get serves one page from one template.
func (p *pages) get(mux *http.ServeMux, pattern, name string, f pageFunc) {
	mux.HandleFunc(pattern, func(rw http.ResponseWriter, req *http.Request) {
		you := p.you(req)
		result, err := f(req, you)
		if err != nil {
			p.fail(rw, req, http.StatusNotFound, err)
			return
		}
		p.render(rw, http.StatusOK, name, pageView{
			Title: result.title, You: you, People: p.w.Users(), Here: req.URL.RequestURI(), Live: !result.form, Console: p.w.hasConsole(), Data: result.data,
		})
	})
}

func (p *pages) fail(rw http.ResponseWriter, req *http.Request, status int, err error) {
	view := pageView{Title: "That did not work", You: p.you(req), People: p.w.Users(), Here: "/", Data: err.Error()}
	p.render(rw, status, "error", view)
}

func (p *pages) render(rw http.ResponseWriter, status int, name string, view pageView) {
	var out bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&out, "layout.tmpl", view); err != nil {
		p.w.log.Error("a page of the sandbox does not render", "page", name, "error", err)
		http.Error(rw, "This page of the sandbox is broken: "+err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Content-Security-Policy", pagePolicy)
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	_, _ = out.WriteTo(rw) // The browser may be gone, which is its own affair.
}

func (p *pages) static(rw http.ResponseWriter, req *http.Request) {
	switch file := req.PathValue("file"); file {
	case "style.css", "poll.js":
		rw.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(rw, req, pageFiles, "html/"+file)
	default:
		http.NotFound(rw, req)
	}
}

// avatar is a plain disc in a color of the account's own.
func (p *pages) avatar(rw http.ResponseWriter, req *http.Request) {
	hue := 0
	for _, r := range req.PathValue("id") {
		hue = (hue*31 + int(r)*47) % 360
	}
	rw.Header().Set("Content-Type", "image/svg+xml")
	_, _ = fmt.Fprintf(rw, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><circle cx="10" cy="10" r="10" fill="hsl(%d 45%% 55%%)"/></svg>`, hue)
}

// you is the person at the browser: the one chosen, else the first.
func (p *pages) you(req *http.Request) string {
	people := p.w.Users()
	if c, err := req.Cookie(youCookie); err == nil && slices.ContainsFunc(people, func(u User) bool { return u.Login == c.Value }) {
		return c.Value
	}
	if len(people) == 0 {
		return ""
	}
	return people[0].Login
}

func shortSHA(sha string) string { return sha[:min(7, len(sha))] }

func pageTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Jan 2, 15:04:05")
}

// stateOf is the one word that a status and a conclusion come to.
func stateOf(status, conclusion string) string {
	switch {
	case conclusion != "":
		return conclusion
	case status == "":
		return "pending"
	}
	return status
}

// glyph is the sign for a state.
func glyph(state string) string {
	switch state {
	case "success", "approved", "active":
		return "✓"
	case "failure", "error", "timed_out", "startup_failure", "rejected":
		return "✕"
	case "action_required":
		return "!"
	case "cancelled", "skipped", "stale", "neutral", "inactive", "destroyed":
		return "–"
	case "waiting":
		return "◷"
	}
	return "●"
}

// ownLink lets only web addresses and the sandbox's own paths into links.
func ownLink(link string) string {
	if strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "/") {
		return link
	}
	return ""
}

package handlers

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/templates"
)

// elsewhere stands where browsers from anywhere come.
type elsewhere struct {
	words *templates.Pages
	pages func() string
	clock func() time.Time
}

// Elsewhere serves the pages' addresses on the public listener, where the
// Details link of a check leads. A browser on this machine is sent on to where
// the pages are; everybody else hears that they are the operator's, in the same
// words whether there is such a run or not. pages gives host:port of the pages.
func Elsewhere(pages func() string, clock func() time.Time) (http.Handler, error) {
	if pages == nil || clock == nil {
		return nil, errors.New("the notice lacks the address of the pages, or a clock")
	}
	words, err := templates.NewPages()
	if err != nil {
		return nil, err
	}
	e := &elsewhere{words: words, pages: pages, clock: clock}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", e.answer)
	mux.HandleFunc("GET /runs/{id}", e.answer)
	mux.HandleFunc("GET /lanes/{installation}/{lane}", e.answer)
	mux.HandleFunc("GET /static/{name}", e.asset)
	return mux, nil
}

func (e *elsewhere) answer(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if at := e.pages(); at != "" && fromHere(r) {
		http.Redirect(w, r, "http://"+at+r.URL.EscapedPath(), http.StatusFound)
		return
	}
	body, err := e.words.Message(templates.Message{
		Title: "These pages are the operator's for now",
		Lines: []string{
			"Gatehouse shows its lanes and runs on the machine that it runs on only, until signing in with GitHub is set up.",
			"What a run does and waits for is also on its commit in GitHub: each stage is a check there, with its reason.",
			"On that machine, the same address on the pages' own port (8081, unless GATEHOUSE_PAGES_ADDR says otherwise) shows this page.",
		},
	}, e.clock())
	if err != nil {
		http.Error(w, "These pages are for the machine that runs Gatehouse.", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write(body)
}

func (e *elsewhere) asset(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	a, ok := e.words.Asset(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.Type)
	_, _ = w.Write(a.Body)
}

// fromHere reports whether the browser is on this machine: no proxy on the way,
// and called by a name that nobody else can have.
func fromHere(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-Ip") != "" {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && loopbackName(r.Host)
}

// loopbackName reports whether a Host header names this machine itself.
func loopbackName(host string) bool {
	name := hostName(host)
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && ip.IsLoopback()
}

// hostName is the name in a Host header, without port and brackets.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return strings.ToLower(host)
}

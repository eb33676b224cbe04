package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/templates"
)

// pagePolicy keeps a page to its own style, script, stream and forms.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard lets in only who called this machine by a name of its own: a foreign
// site whose name resolves to 127.0.0.1 would otherwise read the pages through
// the operator's browser. It also sets what every answer carries.
func (p *pages) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if p.Public {
			if p.https() {
				w.Header().Set("Strict-Transport-Security", "max-age=31536000")
			}
			w.Header().Set("Referrer-Policy", "same-origin") // with no-referrer browsers would not name the origin of a form
			next.ServeHTTP(w, r)
			return
		}
		if !p.ourName(r.Host) {
			http.Error(w, "These pages are for the machine that runs Gatehouse: call them by localhost or 127.0.0.1.", http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "These pages can only be read.", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// secure sets the headers that keep a page from others.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func (p *pages) ourName(host string) bool {
	return loopbackName(host) || slices.Contains(p.Hosts, hostName(host))
}

// send answers with a page, or says why there is none.
func (p *pages) send(w http.ResponseWriter, r *http.Request, body []byte, err error) {
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(body) // the browser may be gone
}

// fail shows what people can do about it; what went wrong inside is logged.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := p.status(r.Context(), err)
	m := templates.Message{
		Title: "This cannot be read now",
		Lines: []string{"The store does not answer. Nothing is lost: GitHub keeps what could not be stored, and it is fetched later. Try again in a minute; the log of Gatehouse says more."},
		Links: []templates.Link{{Text: "All lanes", URL: "/"}},
	}
	if errors.Is(err, login.ErrUnavailable) {
		m.Lines = []string{"It cannot be told now what you may see: GitHub, whose word it is, or the store does not answer. Try again in a minute; the log of Gatehouse says more."}
	}
	if status == http.StatusNotFound {
		m.Title = "There is no such page"
		m.Lines = []string{"A lane shows here after its first push. A lane's page has its whole history."}
		if strings.HasPrefix(r.URL.Path, "/runs/") {
			m.Title = "There is no such run"
			m.Lines = []string{
				"Gatehouse has no run with the id " + r.PathValue("id") + ".",
				"A run's id has 16 digits and letters; the Details link of a check on the commit leads to its run. Another Gatehouse may have it, or its store was replaced.",
				"A run that ended long ago is deleted (after 400 days, if the operator chose nothing else). What people did in it stays in the audit trail: gatehouse audit export.",
			}
		}
	}
	p.message(w, status, m)
}

// message answers with a page that is nothing but a text.
func (p *pages) message(w http.ResponseWriter, status int, m templates.Message) {
	body, err := p.words.Message(m, p.Clock())
	if err != nil {
		http.Error(w, m.Title, status)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (p *pages) apiFail(w http.ResponseWriter, r *http.Request, err error) {
	status := p.status(r.Context(), err)
	reason := "The store does not answer now."
	if errors.Is(err, login.ErrUnavailable) {
		reason = "It cannot be told now what you may see: GitHub, whose word it is, or the store does not answer."
	}
	if status == http.StatusNotFound {
		reason = "There is no such thing."
	}
	writeJSON(w, status, answer{Result: "refused", Reason: reason})
}

func (p *pages) status(ctx context.Context, err error) int {
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return http.StatusNotFound
	case !errors.Is(err, context.Canceled):
		p.Logger.ErrorContext(ctx, "a page cannot be shown", logError, err)
	}
	return http.StatusServiceUnavailable
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		http.Error(w, fmt.Sprintf(`{"result":"refused","reason":%q}`, "this cannot be written as JSON"), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

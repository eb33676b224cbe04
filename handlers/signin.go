package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/templates"
)

// mountSignIn serves what people need to come in and to go.
func (p *pages) mountSignIn(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", p.signIn)
	mux.HandleFunc("GET /login/github", p.beginSignIn)
	mux.HandleFunc("GET /api/github/auth", p.finishSignIn)
	mux.HandleFunc("POST /logout", p.form(p.signOut))
	mux.HandleFunc("GET /account", p.own((*pages).account))
	mux.HandleFunc("POST /account/keys", p.form(p.own((*pages).makeKey)))
	mux.HandleFunc("POST /account/keys/{id}", p.form(p.own((*pages).dropKey)))
}

// startAddress leads to GitHub and back to a page of ours.
func startAddress(to string) string {
	return "/login/github?" + url.Values{"to": {login.Within(to)}}.Encode()
}

func (p *pages) signIn(w http.ResponseWriter, r *http.Request) {
	to := login.Within(r.FormValue("to"))
	if _, err := p.who(r.Context(), r); err == nil {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	body, err := p.words.SignIn(startAddress(to), nil, p.Clock())
	p.send(w, r, body, err)
}

func (p *pages) beginSignIn(w http.ResponseWriter, r *http.Request) {
	address, cookie, err := p.Login.Begin(r.FormValue("to"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.setCookie(w, flowCookie, cookie, 10*time.Minute)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// finishSignIn is where GitHub sends the browser back to. The cookie of the
// sign-in is used up, whatever comes of it.
func (p *pages) finishSignIn(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*readTime)
	defer cancel()
	cookie := ""
	if c, err := r.Cookie(p.cookieName(flowCookie)); err == nil {
		cookie = c.Value
	}
	p.setCookie(w, flowCookie, "", 0)
	q := r.URL.Query()
	session, to, err := p.Login.Finish(ctx, cookie, q.Get("state"), q.Get("code"))
	if err != nil {
		p.signInFailed(w, r, to, q.Get("error"), err)
		return
	}
	p.setCookie(w, sessionCookie, session, login.SessionLives)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *pages) signInFailed(w http.ResponseWriter, r *http.Request, to, said string, err error) {
	why, status := []string{"Nobody was signed in: the answer does not fit a sign-in that this browser began within the last ten minutes. Begin again here."}, http.StatusBadRequest
	switch {
	case errors.Is(err, login.ErrUnavailable):
		p.Logger.ErrorContext(r.Context(), "a sign-in cannot be finished", logError, err)
		why, status = []string{"GitHub did not answer, or Gatehouse's own credentials for it are wrong; the log says more. Try again in a minute."}, http.StatusServiceUnavailable
	case said == "access_denied":
		why = []string{"You chose on GitHub not to let Gatehouse know who you are."}
	default:
		p.Logger.WarnContext(r.Context(), "a sign-in is refused", logError, err)
	}
	body, err := p.words.SignIn(startAddress(to), why, p.Clock())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser may be gone
}

// signOut ends the session of the browser, also one that has ended by itself.
func (p *pages) signOut(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	if c, err := r.Cookie(p.cookieName(sessionCookie)); err == nil {
		v, err := p.Login.Who(ctx, c.Value)
		if err == nil {
			err = p.Login.SignOut(ctx, v)
		}
		if err != nil && !errors.Is(err, login.ErrSignedOut) {
			p.fail(w, r, err) // the session goes on: who leaves must know
			return
		}
	}
	p.setCookie(w, sessionCookie, "", 0)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// account is what a person has here: his keys, and what he sees.
func (p *pages) account(w http.ResponseWriter, r *http.Request) { p.showAccount(w, r, "") }

func (p *pages) showAccount(w http.ResponseWriter, r *http.Request, fresh string) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	keys, err := p.Login.Keys(ctx, p.viewer.Viewer)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page := templates.AccountPage{Fresh: fresh, Until: p.viewer.Until, Repos: p.viewer.sight.Names(), Web: p.WebURL + "/settings/apps/authorizations"}
	for _, k := range keys {
		page.Keys = append(page.Keys, templates.AccountKey(k))
	}
	if p.Pairings != nil {
		pairs, err := p.Pairings.Of(ctx, p.viewer.Person.ID)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		page.Pairs = true
		for _, a := range pairs {
			page.Slack = append(page.Slack, a.Account.Name)
		}
	}
	body, err := p.words.Account(page, p.Clock())
	p.send(w, r, body, err)
}

// makeKey answers with the page itself, so that the secret is in no address.
func (p *pages) makeKey(w http.ResponseWriter, r *http.Request) {
	value, err := p.Login.MakeKey(r.Context(), p.viewer.Viewer, clip(r.PostFormValue("name")))
	switch {
	case errors.Is(err, login.ErrKeys):
		p.message(w, http.StatusConflict, templates.Message{
			Title: "You have many keys", Lines: []string{"No key was made: " + err.Error() + ". Remove one that you do not use any more."},
			Links: []templates.Link{{Text: "Your keys", URL: "/account"}},
		})
	case err != nil:
		p.fail(w, r, err)
	default:
		p.showAccount(w, r, value)
	}
}

func (p *pages) dropKey(w http.ResponseWriter, r *http.Request) {
	if err := p.Login.DropKey(r.Context(), p.viewer.Viewer, r.PathValue("id")); err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

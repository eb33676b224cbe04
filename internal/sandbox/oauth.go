package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long GitHub lets what a sign-in makes live.
const (
	codeLives    = 10 * time.Minute
	accessLives  = 8 * time.Hour
	refreshLives = 184 * 24 * time.Hour
)

// grant is a person's consent on its way back to the app: a code that is good once.
type grant struct {
	login     string
	callback  string
	challenge string // of PKCE; empty: none was asked for
	expires   time.Time
}

// refresh is what renews a person's token; it dies with the pair that it belongs to.
type refresh struct {
	login   string
	access  string
	expires time.Time
}

// oauthState is everything about people who signed in with the app.
type oauthState struct {
	grants    map[string]grant
	refreshes map[string]refresh
}

// authorizeView is the page on which a person agrees.
type authorizeView struct {
	App     string
	Choices []authorizeChoice
}

type authorizeChoice struct {
	User
	Link string
}

// authorize shows who one can be; with as=LOGIN that person agrees at once. GitHub shows the person of its own session.
func (p *pages) authorize(rw http.ResponseWriter, req *http.Request) {
	q := req.URL.Query()
	if err := p.w.mayAuthorize(q); err != nil {
		p.fail(rw, req, http.StatusNotFound, err)
		return
	}
	if login := q.Get("as"); login != "" {
		back, err := p.w.consent(login, q)
		if err != nil {
			p.fail(rw, req, http.StatusNotFound, err)
			return
		}
		http.Redirect(rw, req, back, http.StatusFound)
		return
	}
	view := authorizeView{App: "Gatehouse"}
	for _, u := range p.w.Users() {
		q.Set("as", u.Login)
		view.Choices = append(view.Choices, authorizeChoice{User: u, Link: req.URL.Path + "?" + q.Encode()})
	}
	p.render(rw, http.StatusOK, "authorize", pageView{
		Title: "Sign in", You: p.you(req), People: p.w.Users(), Here: req.URL.RequestURI(), Data: view,
	})
}

func (w *World) mayAuthorize(q url.Values) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	method := q.Get("code_challenge_method")
	switch {
	case w.opt.ClientID == "" || q.Get("client_id") != w.opt.ClientID:
		return errors.New("no app of the sandbox has this client id")
	case !slices.Contains(w.opt.Callbacks, q.Get("redirect_uri")):
		return errors.New("the redirect_uri is none of the app's callback URLs")
	case method != "" && method != "S256", method == "" && q.Get("code_challenge") != "":
		return errors.New("the code challenge must be S256")
	}
	return nil
}

// consent makes the code with which the browser goes back to the app.
func (w *World) consent(login string, q url.Values) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.user(login); err != nil {
		return "", err
	}
	w.act(login, "", "sign in", "")
	code := strings.ReplaceAll(w.guid(), "-", "")[:20]
	w.oauth.grants[code] = grant{login: login, callback: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), expires: w.clock.Now().Add(codeLives)}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		return "", err
	}
	answer := back.Query()
	answer.Set("code", code)
	if state := q.Get("state"); state != "" {
		answer.Set("state", state)
	}
	back.RawQuery = answer.Encode()
	return back.String(), nil
}

// accessToken exchanges codes and refresh tokens. Like GitHub it says no with status 200.
func (w *World) accessToken(rw http.ResponseWriter, req *http.Request) {
	if err := req.ParseForm(); err != nil {
		failure(http.StatusBadRequest, "Problems parsing the form").write(rw)
		return
	}
	w.mu.Lock()
	body := w.tokensFor(req.PostForm)
	w.mu.Unlock()
	if strings.Contains(req.Header.Get("Accept"), "application/json") {
		ok(body).write(rw)
		return
	}
	form := url.Values{}
	for name, v := range body {
		switch v := v.(type) {
		case string:
			form.Set(name, v)
		case int:
			form.Set(name, strconv.Itoa(v))
		}
	}
	reply{status: http.StatusOK, raw: []byte(form.Encode()), contentType: "application/x-www-form-urlencoded; charset=utf-8"}.write(rw)
}

func (w *World) tokensFor(form url.Values) obj {
	now := w.clock.Now()
	if w.opt.ClientID == "" || form.Get("client_id") != w.opt.ClientID || form.Get("client_secret") != w.opt.ClientSecret {
		return oauthError("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
	}
	if form.Get("grant_type") == "refresh_token" {
		old, found := w.oauth.refreshes[form.Get("refresh_token")]
		delete(w.oauth.refreshes, form.Get("refresh_token"))
		if !found || !now.Before(old.expires) {
			return oauthError("bad_refresh_token", "The refresh token passed is incorrect or expired.")
		}
		delete(w.tokens, old.access) // the whole old pair dies
		return w.newTokens(old.login)
	}
	code := form.Get("code")
	g, found := w.oauth.grants[code]
	delete(w.oauth.grants, code)
	switch {
	case !found || !now.Before(g.expires):
		return oauthError("bad_verification_code", "The code passed is incorrect or expired.")
	case form.Get("redirect_uri") != "" && form.Get("redirect_uri") != g.callback:
		return oauthError("redirect_uri_mismatch", "The redirect_uri must match the registered callback URL for this application.")
	case g.challenge != "" && challengeOf(form.Get("code_verifier")) != g.challenge:
		return oauthError("bad_verification_code", "The code_verifier does not match the code_challenge.")
	}
	return w.newTokens(g.login)
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func oauthError(code, description string) obj {
	return obj{"error": code, "error_description": description, "error_uri": docsURL}
}

func (w *World) newTokens(login string) obj {
	now := w.clock.Now()
	access, renew := w.newToken("ghu_"), w.newToken("ghr_")
	w.tokens[access] = &token{login: login, expires: now.Add(accessLives)}
	w.oauth.refreshes[renew] = refresh{login: login, access: access, expires: now.Add(refreshLives)}
	return obj{
		"access_token": access, "expires_in": int(accessLives.Seconds()), "refresh_token": renew,
		"refresh_token_expires_in": int(refreshLives.Seconds()), "scope": "", "token_type": "bearer",
	}
}

// RevokeAuthorization is a person who takes back what he allowed the app: his tokens die, and the app is told.
func (w *World) RevokeAuthorization(login string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for value, t := range w.tokens {
		if t.login == login {
			delete(w.tokens, value)
		}
	}
	for value, r := range w.oauth.refreshes {
		if r.login == login {
			delete(w.oauth.refreshes, value)
		}
	}
	w.act(login, "", "revoke authorization", "")
	w.enqueue(&Delivery{
		ID: w.nextID(), GUID: w.guid(), Event: "github_app_authorization", Action: "revoked",
		Payload: mustJSON(obj{"action": "revoked", "sender": w.userJSON(login)}),
	})
}

func userRoutes() []route {
	return []route{
		{"GET /user/installations", "", listOwnInstallations},
		{"GET /user/installations/{installation_id}/repositories", "", listOwnRepositories},
	}
}

// within lists what of an installation a person has explicit permission for, which being public is not.
func (w *World) within(in *Installation, login string) []*Repo {
	var out []*Repo
	for _, name := range w.repoNames() {
		r := w.repos[name]
		_, named := r.roles[login]
		role := w.roleOf(r, login)
		if in.covers(r) && role != "none" && (named || role == "admin") {
			out = append(out, r)
		}
	}
	return out
}

func listOwnInstallations(r *request) reply {
	if r.id.login == "" {
		return failure(http.StatusForbidden, "You must authenticate with an access token authorized to a GitHub App in order to list installations")
	}
	var mine []*Installation
	for _, in := range r.w.installs {
		if in.Account == r.id.login || len(r.w.within(in, r.id.login)) > 0 {
			mine = append(mine, in)
		}
	}
	return ok(obj{"total_count": len(mine), "installations": list(page(r, mine), r.w.installationJSON)})
}

func listOwnRepositories(r *request) reply {
	in := r.w.installationByID(r.number("installation_id"))
	if r.id.login == "" || in == nil {
		return notFound()
	}
	repos := r.w.within(in, r.id.login)
	return ok(obj{"total_count": len(repos), "repositories": list(page(r, repos), r.w.repoJSON)})
}

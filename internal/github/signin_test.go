package github_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

func signIn(t *testing.T, f *fake) *github.SignIn {
	t.Helper()
	s, err := github.NewSignIn(github.SignInConfig{
		ClientID: "Iv1.client", ClientSecret: "client-secret", WebURL: f.url, Callback: "https://gatehouse.example/api/github/auth",
	}, github.Options{Clock: f.now})
	ok(t, err)
	return s
}

// TestSignIn walks through the web flow: where the browser is sent, and what is
// made of the code, with the verifier that fits the challenge.
func TestSignIn(t *testing.T) {
	f := newFake(t, "")
	f.on("POST /login/oauth/access_token", reply(200, `{"access_token":"ghu_a","expires_in":28800,"refresh_token":"ghr_a","refresh_token_expires_in":15897600,"scope":"","token_type":"bearer"}`))
	s := signIn(t, f)
	at, err := url.Parse(s.URL("some-state", "some-verifier"))
	ok(t, err)
	q := at.Query()
	equal(t, "path", at.Path, "/login/oauth/authorize")
	for name, want := range map[string]string{
		"client_id": "Iv1.client", "state": "some-state", "redirect_uri": "https://gatehouse.example/api/github/auth", "response_type": "code",
		"code_challenge_method": "S256", "code_challenge": oauth2.S256ChallengeFromVerifier("some-verifier"), "client_secret": "",
	} {
		equal(t, name, q.Get(name), want)
	}
	tokens, err := s.Exchange(background(), "some-code", "some-verifier")
	ok(t, err)
	equal(t, "tokens", tokens, github.Tokens{Access: "ghu_a", Refresh: "ghr_a", Expires: noon.Add(8 * time.Hour), RefreshExpires: noon.Add(15897600 * time.Second)})
	sent, err := url.ParseQuery(f.last().Body)
	ok(t, err)
	for name, want := range map[string]string{
		"client_id": "Iv1.client", "client_secret": "client-secret", "code": "some-code", "code_verifier": "some-verifier",
		"grant_type": "authorization_code", "redirect_uri": "https://gatehouse.example/api/github/auth",
	} {
		equal(t, name, sent.Get(name), want)
	}
	_, err = s.Refresh(background(), "ghr_a")
	ok(t, err)
	sent, err = url.ParseQuery(f.last().Body)
	ok(t, err)
	equal(t, "grant", sent.Get("grant_type"), "refresh_token")
	equal(t, "refresh token", sent.Get("refresh_token"), "ghr_a")
}

// TestSignInRefused: GitHub says no with status 200; whatever it says, no token
// and no secret is in the error.
func TestSignInRefused(t *testing.T) {
	f := newFake(t, "")
	s := signIn(t, f)
	for body, want := range map[string]github.Class{
		`{"error":"bad_verification_code","error_description":"ghu_user0000"}`:        github.Invalid,
		`{"error":"bad_refresh_token"}`:                                               github.Invalid,
		`{"error":"incorrect_client_credentials","error_description":"ghr_x secret"}`: github.Unauthorized,
		`{"error":"ghu_user0000"}`:                                                    github.Unexpected,
		`{"access_token":""}`:                                                         github.Ambiguous,
		`ghs_other ghu_user0000`:                                                      github.Ambiguous,
	} {
		f.on("POST /login/oauth/access_token", reply(200, body))
		_, err := s.Exchange(background(), "code", "verifier")
		fails(t, err, want)
		clean(t, body, err)
		_, err = s.Refresh(background(), "ghr_secret")
		fails(t, err, want)
		clean(t, body, err)
	}
	f.on("POST /login/oauth/access_token", reply(502, `<html>ghu_user0000`))
	_, err := s.Refresh(background(), "ghr_secret")
	fails(t, err, github.Ambiguous)
	clean(t, "502", err)
	f.on("POST /login/oauth/access_token", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
	})
	_, err = s.Exchange(background(), "code", "verifier")
	fails(t, err, github.Unexpected)
}

func TestSignInNeedsItsParts(t *testing.T) {
	_, err := github.NewSignIn(github.SignInConfig{ClientID: "x"}, github.Options{Clock: time.Now})
	fails(t, err, github.Invalid)
	_, err = github.NewSignIn(github.SignInConfig{ClientID: "x", ClientSecret: "y"}, github.Options{})
	fails(t, err, github.Invalid)
}

// TestAsAPerson sends the person's token, asks every page, and counts against
// nobody else's limits.
func TestAsAPerson(t *testing.T) {
	f := newFake(t, "")
	u := f.app().As(7, "ghu_mine")
	f.on("GET /user", reply(200, `{"id":7,"login":"ada","type":"User"}`))
	who, err := u.Self(background())
	ok(t, err)
	equal(t, "who", who, github.Person{ID: 7, Login: "ada", Type: "User"})
	equal(t, "token", f.last().Auth, "Bearer ghu_mine")
	f.on("GET /user/installations", reply(200, `{"total_count":2,"installations":[{"id":5},{"id":6}]}`))
	f.on("GET /user/installations/5/repositories", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "1" {
			reply(200, `{"repositories":[{"id":9,"name":"shop","owner":{"login":"octo"}}]}`, "Link", "<"+f.url+"/user/installations/5/repositories?page=2>; rel=\"next\"")(w, r)
			return
		}
		reply(200, `{"repositories":[{"id":10,"name":"app","owner":{"login":"octo"}}]}`)(w, r)
	})
	f.on("GET /user/installations/6/repositories", reply(200, `{"repositories":[]}`))
	repos, err := u.Repositories(background())
	ok(t, err)
	equal(t, "repositories", len(repos), 2)
	equal(t, "the second", repos[1], github.RepoRef{Installation: 5, ID: 10, Owner: "octo", Name: "app"})
	f.on("GET /user/installations/6/repositories", reply(500, `{}`))
	if repos, err := u.Repositories(background()); err == nil || len(repos) == 2 {
		t.Errorf("a part is given for the whole: %v %v", repos, err)
	}
	f.on("GET /user", reply(401, `{"message":"Bad credentials"}`))
	_, err = u.Self(background())
	equal(t, "advice", failed(t, err, github.Unauthorized).Error(), "github: read who signed in: unauthorized (HTTP 401): Bad credentials; sign in again")
}

// TestReview is the click on Review deployments, by a person's token.
func TestReview(t *testing.T) {
	f := newFake(t, "")
	r := f.app().As(7, "ghu_mine").Repo(ref())
	f.on("POST /repos/octo/shop/actions/runs/1/pending_deployments", reply(200, `[]`))
	ok(t, r.Review(background(), 1, []int64{2}, github.Approved, "fine"))
	equal(t, "body", f.last().Body, `{"environment_ids":[2],"state":"approved","comment":"fine"}`+"\n")
	equal(t, "token", f.last().Auth, "Bearer ghu_mine")
	fails(t, f.repo().Review(background(), 1, []int64{2}, github.Approved, ""), github.Invalid)
	fails(t, r.Review(background(), 1, nil, github.Approved, ""), github.Invalid)
	fails(t, r.Review(background(), 1, []int64{2}, "aproved", ""), github.Invalid)
	f.on("POST /repos/octo/shop/actions/runs/1/pending_deployments", reply(502, ``))
	fails(t, r.Review(background(), 1, []int64{2}, github.Approved, ""), github.Ambiguous)
}

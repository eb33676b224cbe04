package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const callback = "https://gatehouse.example/api/github/auth"

func newOAuthRig(t *testing.T) *rig {
	return newRig(t, func(o *sandbox.Options) {
		o.ClientID, o.ClientSecret, o.Callbacks = "Iv1.sandbox", "client secret", []string{callback}
	})
}

// agree walks a person through the page and gives the code with which he comes back.
func agree(t *testing.T, r *rig, change ...string) (code, state string) {
	t.Helper()
	q := url.Values{
		"client_id": {"Iv1.sandbox"}, "redirect_uri": {callback}, "state": {"some-state"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier("verifier")}, "code_challenge_method": {"S256"}, "as": {"carol"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	b := newBrowser(t, r.Handler())
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := b.http.Get(b.base + "/login/oauth/authorize?" + q.Encode()) //nolint:noctx // a browser of a test
	must(t, err)
	_ = resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	must(t, err)
	return back.Query().Get("code"), back.Query().Get("state")
}

// tokens asks for tokens and gives what was answered.
func tokens(t *testing.T, r *rig, pairs ...string) map[string]any {
	t.Helper()
	form := url.Values{"client_id": {"Iv1.sandbox"}, "client_secret": {"client secret"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, r.url+"/login/oauth/access_token", strings.NewReader(form.Encode())) //nolint:noctx // a test's
	must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	out := map[string]any{}
	must(t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}

// A code is good once, for ten minutes, and only for who has the verifier.
func TestSignIn(t *testing.T) {
	r := newOAuthRig(t)
	code, state := agree(t, r)
	if code == "" || state != "some-state" {
		t.Fatalf("the browser comes back with %q and %q", code, state)
	}
	if got := tokens(t, r, "code", code, "code_verifier", "another"); got["error"] != "bad_verification_code" {
		t.Errorf("with another verifier: %v", got)
	}
	if got := tokens(t, r, "code", code, "code_verifier", "verifier"); got["error"] != "bad_verification_code" {
		t.Errorf("a code that was tried is good again: %v", got)
	}
	code, _ = agree(t, r)
	got := tokens(t, r, "code", code, "code_verifier", "verifier", "redirect_uri", callback)
	access, _ := got["access_token"].(string)
	if !strings.HasPrefix(access, "ghu_") || got["expires_in"] != float64(28800) {
		t.Fatalf("the tokens: %v", got)
	}
	if got := tokens(t, r, "code", code, "code_verifier", "verifier"); got["error"] != "bad_verification_code" {
		t.Errorf("the code is good twice: %v", got)
	}
	code, _ = agree(t, r)
	r.clock.Advance(11 * time.Minute)
	if got := tokens(t, r, "code", code, "code_verifier", "verifier"); got["error"] != "bad_verification_code" {
		t.Errorf("the code is good for more than ten minutes: %v", got)
	}
	if got := tokens(t, r, "client_secret", "guessed", "code", "x"); got["error"] != "incorrect_client_credentials" {
		t.Errorf("without the secret: %v", got)
	}
	for name, v := range map[string]string{"client_id": "other", "redirect_uri": "https://evil.example/", "code_challenge_method": "plain", "as": "nobody"} {
		if code, _ := agree(t, r, name, v); code != "" {
			t.Errorf("with %s %s a code is given", name, v)
		}
	}
}

// A refresh kills the pair before it; a revocation kills all, and the app is told.
func TestTokensEnd(t *testing.T) {
	r := newOAuthRig(t)
	code, _ := agree(t, r)
	first := tokens(t, r, "code", code, "code_verifier", "verifier")
	old, _ := first["access_token"].(string)
	renew, _ := first["refresh_token"].(string)
	second := tokens(t, r, "grant_type", "refresh_token", "refresh_token", renew)
	access, _ := second["access_token"].(string)
	if status := r.do("GET", "/user", old, nil).status; status != http.StatusUnauthorized {
		t.Errorf("the old token after the refresh: %d", status)
	}
	if status := r.do("GET", "/user", access, nil).status; status != http.StatusOK {
		t.Errorf("the new token: %d", status)
	}
	if got := tokens(t, r, "grant_type", "refresh_token", "refresh_token", renew); got["error"] != "bad_refresh_token" {
		t.Errorf("a refresh token is good twice: %v", got)
	}
	r.RevokeAuthorization("carol")
	if status := r.do("GET", "/user", access, nil).status; status != http.StatusUnauthorized {
		t.Errorf("after the revocation: %d", status)
	}
	names := []string{}
	for _, h := range r.heard() {
		names = append(names, h.name())
	}
	if !slices.Contains(names, "github_app_authorization.revoked") {
		t.Errorf("the app hears %v", names)
	}
}

// Only what a person has permission for is his to see, and a public repository gives none.
func TestWhatAPersonSees(t *testing.T) {
	r := newOAuthRig(t)
	r.AddRepo("acme", "secret", sandbox.RepoOptions{Private: true})
	r.AddRepo("acme", "public", sandbox.RepoOptions{})
	r.AddUser("mallory", "Mallory")
	for login, want := range map[string]int64{"alice": 3, "carol": 1, "mallory": 0} {
		token, err := r.UserToken(login)
		must(t, err)
		all := r.do("GET", "/user/installations", token, nil).want(200)
		if id := all.id("installations", 0, "id"); (id == 0) != (want == 0) {
			t.Errorf("%s sees the installation %d", login, id)
		} else if id != 0 {
			repos := r.do("GET", fmt.Sprintf("/user/installations/%d/repositories", id), token, nil).want(200)
			equal(t, login+" sees", repos.id("total_count"), want)
		}
	}
}

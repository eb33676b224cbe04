package login_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// town is a GitHub with people in it, and a Login before it.
type town struct {
	*login.Login
	t     *testing.T
	store *sqlite.Store

	mu        sync.Mutex
	clock     time.Time
	people    map[string]github.Person    // by login
	codes     map[string][2]string        // code → login, challenge
	access    map[string]string           // token → login
	refreshes map[string][2]string        // refresh token → login, access
	repos     map[string][]github.RepoRef // by login
	made      int
	asked     int   // how often repositories were listed
	renewed   int   // how often tokens were refreshed
	down      error // what GitHub answers instead
	onRefresh func()
}

var (
	ada = github.Person{ID: 7, Login: "ada", Name: "Ada", Type: "User"}
	eve = github.Person{ID: 8, Login: "eve", Name: "Eve", Type: "User"}
)

func newTown(t *testing.T) *town {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), sqlite.Options{})
	ok(t, err)
	t.Cleanup(func() { ok(t, store.Close()) })
	w := &town{
		t: t, store: store, clock: noon, people: map[string]github.Person{"ada": ada, "eve": eve}, codes: map[string][2]string{},
		access: map[string]string{}, refreshes: map[string][2]string{}, repos: map[string][]github.RepoRef{
			"ada": {{Installation: 5, ID: 42, Owner: "avalo", Name: "app"}, {Installation: 6, ID: 43, Owner: "other", Name: "site"}},
			"eve": {{Installation: 6, ID: 43, Owner: "other", Name: "site"}},
		},
	}
	w.Login = w.process(vault(t, "one"))
	return w
}

// process is another process with the same store.
func (w *town) process(v *login.Vault) *login.Login {
	w.t.Helper()
	l, err := login.New(login.Config{Store: w.store, OAuth: w, GitHub: w, Vault: v, Clock: w.now, Logger: slog.New(slog.DiscardHandler)})
	ok(w.t, err)
	return l
}

func vault(t *testing.T, words ...string) *login.Vault {
	t.Helper()
	var keys [][]byte
	for _, w := range words {
		k, err := login.DeriveKey([]byte(w), "test")
		ok(t, err)
		keys = append(keys, k)
	}
	v, err := login.NewVault(keys...)
	ok(t, err)
	return v
}

func (w *town) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *town) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *town) URL(state, verifier string) string {
	return "https://github.example/authorize?" + url.Values{"state": {state}, "challenge": {oauth2.S256ChallengeFromVerifier(verifier)}}.Encode()
}

// agree is a person at GitHub's page: the state and code that the browser brings back.
func (w *town) agree(address, login string) (state, code string) {
	u, err := url.Parse(address)
	ok(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	code = fmt.Sprintf("code-%d", w.made)
	w.codes[code] = [2]string{login, u.Query().Get("challenge")}
	return u.Query().Get("state"), code
}

func (w *town) Exchange(_ context.Context, code, verifier string) (github.Tokens, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, found := w.codes[code]
	delete(w.codes, code)
	switch {
	case w.down != nil:
		return github.Tokens{}, w.down
	case !found || c[1] != oauth2.S256ChallengeFromVerifier(verifier):
		return github.Tokens{}, &github.Error{Class: github.Invalid, Message: "bad_verification_code"}
	}
	return w.pair(c[0]), nil
}

func (w *town) pair(login string) github.Tokens {
	w.made++
	t := github.Tokens{
		Access: fmt.Sprintf("ghu_secret%d", w.made), Refresh: fmt.Sprintf("ghr_secret%d", w.made),
		Expires: w.clock.Add(8 * time.Hour), RefreshExpires: w.clock.Add(180 * 24 * time.Hour),
	}
	w.access[t.Access], w.refreshes[t.Refresh] = login, [2]string{login, t.Access}
	return t
}

func (w *town) Refresh(_ context.Context, refresh string) (github.Tokens, error) {
	if w.onRefresh != nil {
		w.onRefresh()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.renewed++
	if w.down != nil {
		return github.Tokens{}, w.down
	}
	old, found := w.refreshes[refresh]
	if !found {
		return github.Tokens{}, &github.Error{Class: github.Invalid, Message: "bad_refresh_token"}
	}
	delete(w.refreshes, refresh)
	delete(w.access, old[1])
	return w.pair(old[0]), nil
}

func (w *town) Self(_ context.Context, token string) (github.Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	login, found := w.access[token]
	if !found {
		return github.Person{}, &github.Error{Class: github.Unauthorized}
	}
	return w.people[login], w.down
}

func (w *town) Repositories(_ context.Context, _ int64, token string) ([]github.RepoRef, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	login, found := w.access[token]
	switch {
	case w.down != nil:
		return nil, w.down
	case !found:
		return nil, &github.Error{Class: github.Unauthorized}
	}
	return w.repos[login], nil
}

// revoke takes an authorization back; nobody is told.
func (w *town) revoke(login string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for token, who := range w.access {
		if who == login {
			delete(w.access, token)
		}
	}
	for token, who := range w.refreshes {
		if who[0] == login {
			delete(w.refreshes, token)
		}
	}
}

// signIn walks a person through a browser and gives the session.
func (w *town) signIn(login string) string {
	w.t.Helper()
	address, cookie, err := w.Begin("/runs/1")
	ok(w.t, err)
	state, code := w.agree(address, login)
	value, to, err := w.Finish(w.t.Context(), cookie, state, code)
	ok(w.t, err)
	if to != "/runs/1" {
		w.t.Errorf("the browser comes back to %q", to)
	}
	return value
}

// onDisk is all that the store holds.
func (w *town) onDisk() string {
	w.t.Helper()
	var b strings.Builder
	for _, ref := range []int64{ada.ID, eve.ID} {
		item, err := w.store.Get(w.t.Context(), personItem(ref))
		if err == nil {
			b.Write(item.Body)
		}
	}
	for _, item := range w.sessionItems() {
		b.WriteString(item.ID)
		b.Write(item.Body)
	}
	return b.String()
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

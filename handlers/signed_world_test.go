package handlers

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/engine/enginetest"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/internal/pairing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const operatorToken = "0123456789abcdef0123456789abcdef"

// gate is the pages as people sign in to them, with GitHub and the machine
// played by the test.
type gate struct {
	*shelf
	t     *testing.T
	url   string
	login *login.Login
	book  *pairing.Book
	feed  *Feed

	mu        sync.Mutex
	now       time.Time
	down      error // what GitHub answers instead
	sees      map[string][]github.RepoRef
	taken     []engine.Delivery
	answers   map[string]engine.Answer
	standings map[string]pipeline.Standing
}

func people() map[string]github.Person {
	return map[string]github.Person{
		"ada": {ID: 7, Login: "ada", Type: "User"}, "dana": {ID: 3, Login: "dana", Type: "User"}, "eve": {ID: 8, Login: "eve", Type: "User"},
	}
}

func openGate(t *testing.T, s *shelf) *gate {
	t.Helper()
	app := github.RepoRef{Installation: 5, ID: 42, Owner: "avalo", Name: "app"}
	g := &gate{
		shelf: s, t: t, now: pageNoon.Add(30 * time.Minute), answers: map[string]engine.Answer{},
		sees: map[string][]github.RepoRef{"ada": {app}, "dana": {app}, "eve": {{Installation: 5, ID: 99, Owner: "avalo", Name: "other"}}},
		standings: map[string]pipeline.Standing{
			"ada":  {Person: pipeline.Person{ID: 7, Login: "ada"}, Role: "write", Teams: []string{"avalo/release-approvers"}},
			"dana": {Person: pipeline.Person{ID: 3, Login: "dana"}, Role: "read"},
		},
	}
	store := enginetest.NewMemStore()
	vault, err := login.NewVault(make([]byte, 32))
	no(t, err)
	g.login, err = login.New(login.Config{Store: store, OAuth: g, GitHub: g, Vault: vault, Clock: g.clock, Logger: slog.New(slog.DiscardHandler)})
	no(t, err)
	g.book = pairing.New(store, g.clock, strings.NewReader(strings.Repeat("random", 100)))
	g.feed = NewFeed(time.Now)
	server := httptest.NewUnstartedServer(nil)
	g.url = "http://" + server.Listener.Addr().String()
	server.Config.Handler, err = Pages(PagesConfig{
		Reader: s, Feed: g.feed, WebURL: "https://github.com", Logger: slog.New(slog.DiscardHandler), Clock: g.clock,
		Public: true, Login: g.login, PublicURL: g.url, Operator: operatorToken, Commands: g, AppID: 1, Standings: g.standing, Pairings: g.book,
	})
	no(t, err)
	server.Start()
	t.Cleanup(func() {
		g.feed.Close()
		server.Close()
	})
	return g
}

func no(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (g *gate) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *gate) later(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

// URL sends the browser straight back, as the person that the test says: GitHub
// asks nobody twice.
func (g *gate) URL(state, _ string) string {
	return g.url + "/api/github/auth?" + url.Values{"state": {state}, "code": {"unset"}}.Encode()
}

func (g *gate) Exchange(_ context.Context, code, _ string) (github.Tokens, error) {
	if people()[code].ID == 0 {
		return github.Tokens{}, &github.Error{Class: github.Invalid}
	}
	return github.Tokens{Access: "token of " + code}, nil
}

func (g *gate) Refresh(context.Context, string) (github.Tokens, error) {
	return github.Tokens{}, &github.Error{Class: github.Invalid}
}

func (g *gate) Self(_ context.Context, token string) (github.Person, error) {
	return people()[strings.TrimPrefix(token, "token of ")], nil
}

func (g *gate) Repositories(_ context.Context, _ int64, token string) ([]github.RepoRef, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sees[strings.TrimPrefix(token, "token of ")], g.down
}

func (g *gate) standing(_ context.Context, _ pipeline.Repo, who pipeline.Person, _ []string) (pipeline.Standing, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.standings[who.Login], g.down
}

// Receive is the machine's ear.
func (g *gate) Receive(_ context.Context, d engine.Delivery) (engine.Result, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken = append(g.taken, d)
	return engine.Stored, nil
}

// Given is what the machine says of a command.
func (g *gate) Given(_ context.Context, app int64, id string) (engine.Given, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range g.taken {
		if d.GUID != id || d.AppID != app {
			continue
		}
		given := engine.Given{ID: id, Repo: d.Repo, Run: d.Signals[0].Run, At: d.ReceivedAt}
		switch f := d.Signals[0].Fact.(type) {
		case pipeline.Commanded:
			given.Command, given.By = f.Command, f.By
		case pipeline.CommandGiven:
			given.Command, given.By = f.Command, f.By
		}
		if a, ok := g.answers[id]; ok {
			given.Answer = &a
			given.Run = cmp.Or(given.Run, a.Run)
		}
		return given, nil
	}
	return engine.Given{}, engine.ErrNotFound
}

func (g *gate) commands() []engine.Delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]engine.Delivery(nil), g.taken...)
}

// browser is one person's.
type browser struct {
	g    *gate
	http *http.Client
}

func (g *gate) browser() *browser {
	jar, err := cookiejar.New(nil)
	no(g.t, err)
	return &browser{g: g, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, path, body string, header ...string) reply {
	b.g.t.Helper()
	req, err := http.NewRequestWithContext(b.g.t.Context(), method, b.g.url+path, strings.NewReader(body))
	no(b.g.t, err)
	req.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.g.url)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.http.Do(req)
	no(b.g.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	no(b.g.t, err)
	return reply{code: res.StatusCode, header: res.Header, body: string(text)}
}

func (b *browser) get(path string) reply { b.g.t.Helper(); return b.do(http.MethodGet, path, "") }

func (b *browser) post(path string, pairs ...string) reply {
	b.g.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form.Encode())
}

// state begins a sign-in and gives the state that GitHub would send back.
func (b *browser) state(to string) string {
	b.g.t.Helper()
	res := b.get("/login/github?" + url.Values{"to": {to}}.Encode())
	at, err := url.Parse(res.header.Get("Location"))
	no(b.g.t, err)
	return at.Query().Get("state")
}

// signIn comes back from GitHub as somebody.
func (b *browser) signIn(login, to string) *browser {
	b.g.t.Helper()
	res := b.get("/api/github/auth?" + url.Values{"state": {b.state(to)}, "code": {login}}.Encode())
	if res.code != http.StatusSeeOther || res.header.Get("Location") != to {
		b.g.t.Fatalf("%s signs in: %d %s\n%s", login, res.code, res.header.Get("Location"), res.body)
	}
	return b
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func ask(t *testing.T, h http.Handler, path, authorization string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

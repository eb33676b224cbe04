package github_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

const (
	appID        = 77
	installation = 5
	// token has the new form of installation tokens, which is longer than 40 characters and has dots.
	token = "ghs_77_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI3NyJ9.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
)

// noon lies far in the future, so that go-github, which reads the real clock, would freeze if it saw a limit.
var noon = time.Date(2090, 3, 4, 12, 0, 0, 0, time.UTC)

var privateKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
})

// request is what the fake was asked.
type request struct {
	Method string
	Path   string // Path is as it was sent, with its escapes.
	Query  string
	Auth   string
	Body   string
}

// fake is a GitHub that answers from a table and remembers what it was asked.
type fake struct {
	t      *testing.T
	url    string
	prefix string

	mu     sync.Mutex
	seen   []request
	routes map[string]http.HandlerFunc
	clock  time.Time
	ahead  time.Duration // of the fake's own clock
	watch  []github.Observation
}

func newFake(t *testing.T, prefix string) *fake {
	t.Helper()
	f := &fake{t: t, prefix: prefix, routes: map[string]http.HandlerFunc{}, clock: noon}
	f.on("POST /app/installations/5/access_tokens", reply(201, `{"token":"`+token+`","expires_at":"2095-01-01T00:00:00Z"}`))
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fake) on(route string, h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.routes[route] = h
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.EscapedPath(), f.prefix)
	f.mu.Lock()
	if !strings.HasSuffix(path, "/access_tokens") {
		f.seen = append(f.seen, request{r.Method, path, r.URL.RawQuery, r.Header.Get("Authorization"), string(body)})
	}
	w.Header().Set("Date", f.clock.Add(f.ahead).UTC().Format(http.TimeFormat))
	h := f.routes[r.Method+" "+path]
	if h == nil {
		h = f.routes["*"]
	}
	f.mu.Unlock()
	if h == nil {
		reply(404, `{"message":"Not Found"}`)(w, r)
		return
	}
	h(w, r)
}

func (f *fake) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.seen...)
}

func (f *fake) last() request {
	f.t.Helper()
	all := f.requests()
	if len(all) == 0 {
		f.t.Fatal("the fake was not asked anything")
	}
	return all[len(all)-1]
}

func (f *fake) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock
}

func (f *fake) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock = f.clock.Add(d)
}

func (f *fake) observed() []github.Observation {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]github.Observation(nil), f.watch...)
}

func (f *fake) app() *github.App {
	f.t.Helper()
	a, err := github.New(
		github.Config{AppID: appID, PrivateKey: privateKey(), V3URL: f.url + f.prefix + "/"},
		github.Options{Clock: f.now, Observe: func(o github.Observation) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.watch = append(f.watch, o)
		}})
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func (f *fake) repo() *github.Repo { return f.app().Repo(ref()) }

func ref() github.RepoRef {
	return github.RepoRef{Installation: installation, ID: 9, Owner: "octo", Name: "shop"}
}

// reply answers with a status, a body, and headers in pairs.
func reply(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// failed asserts the class of an error and gives it.
func failed(t *testing.T, err error, class github.Class) *github.Error {
	t.Helper()
	var e *github.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an error of class %s", err, err, class)
	}
	if e.Class != class {
		t.Fatalf("got class %s, want %s: %v", e.Class, class, e)
	}
	return e
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// fields decodes a body that was sent.
func fields(t *testing.T, body string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	return m
}

func background() context.Context { return context.Background() }

// fails asserts the class of an error whose rest does not matter.
func fails(t *testing.T, err error, class github.Class) {
	t.Helper()
	_ = failed(t, err, class) // The class was all.
}

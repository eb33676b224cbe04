package github_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// TestTokenStaysHome lets GitHub point to another server, and sees no request there.
func TestTokenStaysHome(t *testing.T) {
	stolen := 0
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen++ }))
	defer evil.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		f := newFake(t, "")
		f.on("*", reply(status, `{}`, "Location", evil.URL+"/repos/octo/shop"))
		_, err := f.repo().Info(background())
		e := failed(t, err, github.Unexpected)
		if !strings.Contains(e.Message, "another server") {
			t.Errorf("%d: %v", status, e)
		}
	}
	equal(t, "requests to the other server", stolen, 0)
}

// TestBelowTheBase keeps a redirect out of the paths of a GitHub Enterprise Server that are not its API.
func TestBelowTheBase(t *testing.T) {
	f := newFake(t, "/api/v3")
	f.on("GET /repos/octo/shop", reply(302, ``, "Location", "/login"))
	_, err := f.repo().Info(background())
	fails(t, err, github.Unexpected)
}

// TestEnterprise uses the server's base path for calls and for tokens.
func TestEnterprise(t *testing.T) {
	f := newFake(t, "/api/v3")
	f.on("GET /repos/octo/shop", reply(200, `{"id":9}`))
	f.on("GET /app/installations", reply(200, `[{"id":5}]`))
	a := f.app()
	_, err := a.Repo(ref()).Info(background())
	ok(t, err)
	_, err = a.Installations(background())
	ok(t, err)
	if auth := f.last().Auth; !strings.HasPrefix(auth, "Bearer eyJ") {
		t.Errorf("the App signs in with %q", auth[:10])
	}
}

func TestNewRefuses(t *testing.T) {
	good := github.Config{AppID: 1, PrivateKey: privateKey()}
	tests := map[string]struct {
		change func(*github.Config)
		words  string
	}{
		"no id":        {func(c *github.Config) { c.AppID = 0 }, "App id"},
		"no key":       {func(c *github.Config) { c.PrivateKey = nil }, "PEM file"},
		"garbage key":  {func(c *github.Config) { c.PrivateKey = []byte("-----BEGIN RSA PRIVATE KEY-----\nMIIxyz") }, "PEM file"},
		"plain http":   {func(c *github.Config) { c.V3URL = "http://ghe.example/api/v3/" }, "not https"},
		"no address":   {func(c *github.Config) { c.V3URL = "ghe.example" }, "not usable"},
		"with a query": {func(c *github.Config) { c.V3URL = "https://ghe.example/?a=b" }, "not usable"},
		"with a user":  {func(c *github.Config) { c.V3URL = "https://me:pass@ghe.example/" }, "not usable"},
	}
	for name, tt := range tests {
		cfg := good
		tt.change(&cfg)
		_, err := github.New(cfg, github.Options{Clock: newFake(t, "").now})
		if e := failed(t, err, github.Invalid); !strings.Contains(e.Message, tt.words) || strings.Contains(e.Error(), "MIIxyz") || strings.Contains(e.Error(), "pass@") {
			t.Errorf("%s: %v", name, e)
		}
	}
	_, err := github.New(good, github.Options{})
	fails(t, err, github.Invalid)
}

// TestNames keeps whatever a payload calls a repository, a branch or a person inside its place in the address.
func TestNames(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(200, `{}`))
	a := f.app()
	for _, bad := range []github.RepoRef{
		{Installation: 5, Owner: "..", Name: "shop"},
		{Installation: 5, Owner: "octo", Name: "../../user"},
		{Installation: 5, Owner: "octo", Name: "a?b"},
		{Installation: 5, Owner: "", Name: "shop"},
		{Owner: "octo", Name: "shop"},
	} {
		_, err := a.Repo(bad).Info(background())
		fails(t, err, github.Invalid)
	}
	r := a.Repo(ref())
	for name, call := range map[string]func() error{
		"file":        func() error { _, err := r.File(background(), "a/../../x", ""); return err },
		"head":        func() error { _, err := r.Head(background(), "../x"); return err },
		"commit":      func() error { _, err := r.Commit(background(), ""); return err },
		"compare":     func() error { _, err := r.Compare(background(), "a", ".."); return err },
		"workflow":    func() error { _, err := r.Workflow(background(), "../../x"); return err },
		"permission":  func() error { _, err := r.Permission(background(), ".."); return err },
		"team":        func() error { _, err := r.Team(background(), "octo/x", "t"); return err },
		"member":      func() error { _, err := r.TeamMembers(background(), "octo", ""); return err },
		"user":        func() error { _, err := r.User(background(), "."); return err },
		"environment": func() error { _, err := r.Environment(background(), ".."); return err },
		"secrets":     func() error { _, err := r.EnvironmentSecrets(background(), ""); return err },
	} {
		if e := failed(t, call(), github.Invalid); e.Status != 0 {
			t.Errorf("%s was sent", name)
		}
	}
	equal(t, "requests", len(f.requests()), 0)
}

package sandbox_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const (
	repoName = "acme/shop"
	secret   = "it is a secret"
)

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	_, key, err := sandbox.NewAppKey()
	if err != nil {
		panic(err)
	}
	return key
})

// rig is a world behind a real server, with a receiver of its webhooks.
type rig struct {
	*sandbox.World
	t     *testing.T
	clock *sandbox.ManualClock
	url   string
	token string

	mu    sync.Mutex
	hooks []hook
	// answer is the status the receiver answers.
	answer int
}

type hook struct {
	header http.Header
	body   []byte
	value  map[string]any
}

func (h hook) name() string {
	if action, _ := h.value["action"].(string); action != "" {
		return h.header.Get("X-Github-Event") + "." + action
	}
	return h.header.Get("X-Github-Event")
}

// newRig makes the organization acme with alice (admin), bob (write), carol (reviewer, read), the repository acme/shop
// and our app installed. With SANDBOX_RECORD=DIR every test leaves its record there, for the contract tests.
func newRig(t *testing.T, change ...func(*sandbox.Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: sandbox.NewManualClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), answer: 200}
	receiver := httptest.NewServer(http.HandlerFunc(r.receive))
	opt := sandbox.Options{
		AppID: 42, AppKey: appKey(), WebhookSecret: secret, Clock: r.clock, Step: time.Second, HTTPClient: receiver.Client(),
	}
	for _, f := range change {
		f(&opt)
	}
	r.World = sandbox.New(opt)
	server := httptest.NewServer(r.Handler())
	r.url = server.URL
	r.SetURLs(server.URL, receiver.URL)
	t.Cleanup(func() {
		r.Drain()
		r.Close()
		server.Close()
		receiver.Close()
		r.leaveRecord()
	})
	r.AddUser("alice", "Alice")
	r.AddUser("bob", "Bob")
	r.AddUser("carol", "Carol")
	r.AddOrg("acme", "alice")
	r.AddTeam("acme", "approvers", "carol", "bob")
	r.AddRepo("acme", "shop", sandbox.RepoOptions{Private: true})
	must(t, r.SetRole(repoName, "bob", "write"))
	must(t, r.SetRole(repoName, "carol", "read"))
	in := r.Install("acme")
	r.token = r.installToken(in.ID)
	return r
}

func (r *rig) leaveRecord() {
	dir := os.Getenv("SANDBOX_RECORD")
	if dir == "" {
		return
	}
	text, err := json.Marshal(r.Record())
	must(r.t, err)
	must(r.t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(r.t.Name(), "/", "_")+".json"), text, 0o600))
}

func (r *rig) receive(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	h := hook{header: req.Header, body: body}
	_ = json.Unmarshal(body, &h.value)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hooks = append(r.hooks, h)
	w.WriteHeader(r.answer)
}

// heard waits for the webhooks in line and lists those received since the last call.
func (r *rig) heard() []hook {
	r.Drain()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.hooks
	r.hooks = nil
	return out
}

func (r *rig) heardNames() string {
	var names []string
	for _, h := range r.heard() {
		names = append(names, h.name())
	}
	return strings.Join(names, " ")
}

func (r *rig) jwt() string {
	claims := jwt.RegisteredClaims{
		Issuer: "42", IssuedAt: jwt.NewNumericDate(r.clock.Now().Add(-30 * time.Second)),
		ExpiresAt: jwt.NewNumericDate(r.clock.Now().Add(2 * time.Minute)),
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(appKey())
	must(r.t, err)
	return signed
}

func (r *rig) installToken(id int64) string {
	r.t.Helper()
	a := r.do("POST", "/app/installations/"+strconv.FormatInt(id, 10)+"/access_tokens", r.jwt(), nil)
	a.want(201)
	return a.str("token")
}

// answer is a response of the REST API.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
	value  any
}

// do calls the REST API with a token; body is encoded as JSON unless it is nil.
func (r *rig) do(method, path, token string, body any) answer {
	r.t.Helper()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		must(r.t, err)
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, r.url+"/api/v3"+path, reader)
	must(r.t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	must(r.t, err)
	defer resp.Body.Close() //nolint:errcheck // a test's response
	text, err := io.ReadAll(resp.Body)
	must(r.t, err)
	a := answer{t: r.t, what: method + " " + path, status: resp.StatusCode, header: resp.Header, body: text}
	_ = json.Unmarshal(text, &a.value)
	return a
}

func (r *rig) get(path string) answer { r.t.Helper(); return r.do("GET", path, r.token, nil) }

func (r *rig) post(path string, body any) answer {
	r.t.Helper()
	return r.do("POST", path, r.token, body)
}

func (r *rig) repo(path string) string { return "/repos/" + repoName + path }

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d %s, want %d", a.what, a.status, a.body, status)
	}
	return a
}

// at digs through objects and arrays: at("jobs", 0, "name").
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

func (a answer) at(path ...any) any { return at(a.value, path...) }

func (a answer) str(path ...any) string { s, _ := a.at(path...).(string); return s }

func (a answer) id(path ...any) int64 { f, _ := a.at(path...).(float64); return int64(f) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// push pushes files to a branch as alice.
func (r *rig) push(branch string, files map[string]string) string {
	r.t.Helper()
	sha, err := r.Push(repoName, sandbox.Push{Branch: branch, By: "alice", Message: "Change " + branch, Files: files})
	must(r.t, err)
	return sha
}

package contract

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const (
	shop  = "acme/shop"
	under = "/repos/" + shop
)

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	_, key, err := sandbox.NewAppKey()
	if err != nil {
		panic(err)
	}
	return key
})

// rig is a sandbox behind the validator, and a plain HTTP client.
type rig struct {
	*sandbox.World
	t         *testing.T
	validator *Validator
	webhooks  *Webhooks
	clock     *sandbox.ManualClock
	url       string
	token     string
}

// newRig makes the organization acme with alice (admin), bob (write) and carol (reviewer), the repository acme/shop and
// the app on it. At the end of the test nothing may have violated GitHub's descriptions.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := newWrongRig(t, func(h http.Handler) http.Handler { return h })
	t.Cleanup(func() { r.lawful() })
	return r
}

// newWrongRig has something between the sandbox and the validator, and nobody looks at the end.
func newWrongRig(t *testing.T, between func(http.Handler) http.Handler) *rig {
	t.Helper()
	d, hooks := publications(t)
	r := &rig{
		t: t, validator: NewValidator(d), webhooks: hooks,
		clock: sandbox.NewManualClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)),
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	r.World = sandbox.New(sandbox.Options{
		AppID: 42, AppKey: appKey(), WebhookSecret: "it is a secret", Clock: r.clock, Step: time.Second, HTTPClient: receiver.Client(),
	})
	server := httptest.NewServer(r.validator.Wrap(between(r.Handler())))
	r.url = server.URL
	r.SetURLs(server.URL, receiver.URL)
	t.Cleanup(func() {
		r.Close()
		server.Close()
		receiver.Close()
	})
	r.settle()
	return r
}

func (r *rig) settle() {
	for _, login := range []string{"alice", "bob", "carol"} {
		r.AddUser(login, strings.ToUpper(login[:1])+login[1:])
	}
	r.AddOrg("acme", "alice")
	r.AddTeam("acme", "approvers", "carol", "bob")
	r.AddRepo("acme", "shop", sandbox.RepoOptions{Private: true})
	must(r.t, r.SetRole(shop, "bob", "write"))
	must(r.t, r.SetRole(shop, "carol", "read"))
	in := r.Install("acme")
	r.token = r.do("POST", fmt.Sprintf("/app/installations/%d/access_tokens", in.ID), r.jwt(), nil, 201).str("token")
}

// lawful fails the test for every violation, of requests, answers and webhooks.
func (r *rig) lawful() {
	r.t.Helper()
	r.Drain()
	for _, v := range r.validator.Violations() {
		r.t.Error(v)
	}
	for _, err := range unlawful(r.webhooks, r.Record()) {
		r.t.Error(err)
	}
}

// unlawful lists what is wrong with the webhooks of a record.
func unlawful(hooks *Webhooks, record []sandbox.Call) []error {
	var out []error
	for _, c := range record {
		if c.Kind != sandbox.KindWebhook {
			continue
		}
		if err := hooks.Validate(c.Event, c.Action, c.Body); err != nil {
			out = append(out, err)
		}
	}
	return out
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

// answer is a decoded answer of the REST API.
type answer struct {
	value any
	body  []byte
}

// do calls the REST API and demands a status.
func (r *rig) do(method, path, token string, body any, want int) answer {
	r.t.Helper()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		must(r.t, err)
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+Prefix+path, reader)
	must(r.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	must(r.t, err)
	defer resp.Body.Close() //nolint:errcheck // a test's response
	text, err := io.ReadAll(resp.Body)
	must(r.t, err)
	if resp.StatusCode != want {
		r.t.Fatalf("%s %s: got %d %s, want %d", method, path, resp.StatusCode, text, want)
	}
	a := answer{body: text}
	_ = json.Unmarshal(text, &a.value) // some answers have no body
	return a
}

func (r *rig) get(path string) answer { r.t.Helper(); return r.do("GET", path, r.token, nil, 200) }

func (r *rig) post(path string, body any, want int) answer {
	r.t.Helper()
	return r.do("POST", path, r.token, body, want)
}

// at digs through objects and arrays: at("jobs", 0, "name").
func (a answer) at(path ...any) any {
	v := a.value
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

func (a answer) str(path ...any) string { s, _ := a.at(path...).(string); return s }

func (a answer) id(path ...any) int64 { f, _ := a.at(path...).(float64); return int64(f) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// push pushes files to a branch as alice.
func (r *rig) push(branch string, files map[string]string) string {
	r.t.Helper()
	sha, err := r.Push(shop, sandbox.Push{Branch: branch, By: "alice", Message: "Change " + branch, Files: files})
	must(r.t, err)
	return sha
}

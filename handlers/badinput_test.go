package handlers_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What cannot be accepted is answered with its status, counted, and stored nowhere.
func TestBadInput(t *testing.T) {
	_, good := readExample(t, "testdata/translate/push_branch.json")
	set := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	drop := func(keys ...string) func(*http.Request) {
		return func(r *http.Request) {
			for _, key := range keys {
				r.Header.Del(key)
			}
		}
	}
	for _, c := range []struct {
		what   string
		body   []byte
		change func(*http.Request)
		status int
		result string
	}{
		{"GET", good, func(r *http.Request) { r.Method = http.MethodGet }, 405, "malformed"},
		{"no signature", good, drop("X-Hub-Signature", "X-Hub-Signature-256"), 401, "bad_signature"},
		{"SHA-1 alone", good, drop("X-Hub-Signature-256"), 401, "bad_signature"},
		{"SHA-1 in SHA-256's place", good, set("X-Hub-Signature-256", "sha256="+sign(sha1.New, secret, good)), 401, "bad_signature"},
		{"no algorithm", good, set("X-Hub-Signature-256", sign(sha256.New, secret, good)), 401, "bad_signature"},
		{"another secret", good, set("X-Hub-Signature-256", "sha256="+sign(sha256.New, "other", good)), 401, "bad_signature"},
		{"another body", good, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("{}")) }, 401, "bad_signature"},
		{"no event", good, drop("X-GitHub-Event"), 400, "malformed"},
		{"no delivery", good, drop("X-GitHub-Delivery"), 400, "malformed"},
		{"odd delivery", good, set("X-GitHub-Delivery", "../7"), 400, "malformed"},
		{"long delivery", good, set("X-GitHub-Delivery", strings.Repeat("a", 201)), 400, "malformed"},
		{"another App's hook", good, set("X-GitHub-Hook-Installation-Target-ID", "4"), 400, "foreign"},
		{"a repository's hook", good, set("X-GitHub-Hook-Installation-Target-ID", "21"), 400, "foreign"},
		{"a form", append([]byte("payload="), good...), set("Content-Type", "application/x-www-form-urlencoded"), 415, "malformed"},
		{"no content type", good, drop("Content-Type"), 415, "malformed"},
		{"garbage", []byte("{nonsense"), nil, 400, "malformed"},
		{"nothing", nil, nil, 400, "malformed"},
		{"a list", []byte("[]"), nil, 400, "malformed"},
		{"two documents", []byte("{}{}"), nil, 400, "malformed"},
		{"too large, as it says", good, func(r *http.Request) { r.ContentLength = 25<<20 + 1 }, 413, "too_large"},
		{"too large, without saying so", nil, func(r *http.Request) { r.ContentLength, r.Body = -1, io.NopCloser(endless{}) }, 413, "too_large"},
		{"cut short", good, func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{})) }, 400, "malformed"},
	} {
		t.Run(c.what, func(t *testing.T) {
			b := newBench(t)
			r := webhook(t, "push", c.body)
			if c.change != nil {
				c.change(r)
			}
			resp, got := b.post(t, r)
			if resp.Code != c.status || got.Result != "refused" || got.Reason == "" {
				t.Errorf("%d %+v, want %d", resp.Code, got, c.status)
			}
			if !slices.Equal(b.counted, []string{c.result}) || len(b.stored) != 0 {
				t.Errorf("counted %v, want %s; %d stored", b.counted, c.result, len(b.stored))
			}
			if !strings.Contains(b.log.String(), got.Reason) || strings.Contains(b.log.String(), secret) {
				t.Errorf("log: %s", b.log.String())
			}
		})
	}
}

// A callback that leads elsewhere is refused and counted apart.
func TestForeignDoor(t *testing.T) {
	b := newBench(t)
	resp, got := b.post(t, push(t, "door_foreign_host"))
	if resp.Code != http.StatusBadRequest || got.Result != "refused" || !slices.Equal(b.counted, []string{"foreign"}) || len(b.stored) != 0 {
		t.Errorf("%d %+v, counted %v", resp.Code, got, b.counted)
	}
}

func TestBodyOfExactlyTheCap(t *testing.T) {
	body := append([]byte(`{}`), bytes.Repeat([]byte(" "), 25<<20-2)...)
	if resp, got := newBench(t).post(t, webhook(t, "ping", body)); resp.Code != http.StatusOK {
		t.Errorf("%d %+v", resp.Code, got)
	}
}

// While the secret is being changed, both are accepted.
func TestTwoSecrets(t *testing.T) {
	for key, status := range map[string]int{"new": 202, "old": 202, "older": 401, "": 401} {
		r := push(t, "push_branch")
		_, body := readExample(t, "testdata/translate/push_branch.json")
		r.Header.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, key, body))
		if resp, _ := newBench(t, "new", "old").post(t, r); resp.Code != status {
			t.Errorf("signed with %q: %d, want %d", key, resp.Code, status)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

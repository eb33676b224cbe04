package handlers_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func TestStored(t *testing.T) {
	b := newBench(t)
	resp, got := b.post(t, push(t, "push_branch"))
	if resp.Code != http.StatusAccepted || got.Result != "stored" || len(b.stored) != 1 {
		t.Fatalf("%d %+v, %d stored", resp.Code, got, len(b.stored))
	}
	d := b.stored[0]
	if d.AppID != 3 || d.GUID != "72d3162e-cc78-11e3-81ab-4c9367dc0958" || d.Event != "push" || !d.ReceivedAt.Equal(noon) || d.Repo.Installation != 7 || len(d.Signals) != 1 {
		t.Errorf("handed over: %+v", d)
	}
	b.answer = engine.Duplicate
	resp, got = b.post(t, push(t, "push_branch"))
	if resp.Code != http.StatusAccepted || got.Result != "duplicate" {
		t.Errorf("a duplicate: %d %+v", resp.Code, got)
	}
	if want := []string{"stored", "duplicate"}; !slices.Equal(b.counted, want) {
		t.Errorf("counted %v, want %v", b.counted, want)
	}
}

func TestIgnoredTouchesNoStore(t *testing.T) {
	for _, name := range []string{"push_tag", "push_branch_deleted", "push_by_gatehouse", "push_without_installation"} {
		b := newBench(t)
		resp, got := b.post(t, push(t, name))
		if resp.Code != http.StatusOK || got.Result != "ignored" || got.Reason == "" || len(b.stored) != 0 {
			t.Errorf("%s: %d %+v, %d stored", name, resp.Code, got, len(b.stored))
		}
		if !strings.Contains(b.log.String(), got.Reason) || !strings.Contains(b.log.String(), "level=INFO") {
			t.Errorf("%s: the log does not say why: %s", name, b.log.String())
		}
	}
}

func TestStoreFails(t *testing.T) {
	b := newBench(t)
	b.err = errors.Join(engine.ErrUnavailable, errors.New("disk full at /secret/path"))
	resp, got := b.post(t, push(t, "push_branch"))
	if resp.Code != http.StatusServiceUnavailable || resp.Header().Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", resp.Code, resp.Header().Get("Retry-After"))
	}
	if strings.Contains(got.Reason+got.Fix, "/secret/path") || !strings.Contains(b.log.String(), "disk full") {
		t.Errorf("the reason belongs in the log and nowhere else: %+v, %s", got, b.log.String())
	}
}

func TestPermissionsAreReadAgain(t *testing.T) {
	b := newBench(t)
	for _, event := range []string{"installation", "membership", "github_app_authorization", "ping"} {
		if resp, _ := b.post(t, webhook(t, event, []byte(`{}`))); resp.Code != http.StatusOK {
			t.Errorf("%s: %d", event, resp.Code)
		}
	}
	if want := []string{"installation", "membership", "github_app_authorization"}; !slices.Equal(b.invalidated, want) {
		t.Errorf("invalidated %v, want %v", b.invalidated, want)
	}
}

// Without a secret, or half configured, there is no handler at all.
func TestRefusesToStart(t *testing.T) {
	for what, change := range map[string]func(*handlers.Config){
		"no secret":     func(c *handlers.Config) { c.Secrets = nil },
		"empty secret":  func(c *handlers.Config) { c.Secrets = [][]byte{{}} },
		"one empty":     func(c *handlers.Config) { c.Secrets = [][]byte{[]byte("a"), nil} },
		"three secrets": func(c *handlers.Config) { c.Secrets = [][]byte{{1}, {2}, {3}} },
		"no App":        func(c *handlers.Config) { c.AppID = 0 },
		"no API":        func(c *handlers.Config) { c.APIURL = "" },
		"no receiver":   func(c *handlers.Config) { c.Receive = nil },
		"no clock":      func(c *handlers.Config) { c.Clock = nil },
		"no logger":     func(c *handlers.Config) { c.Logger = nil },
	} {
		config := (&bench{}).config()
		change(&config)
		if h, err := handlers.GitHub(config); err == nil || h != nil {
			t.Errorf("%s: it starts", what)
		}
	}
	config := (&bench{}).config()
	config.Count, config.BotLogin, config.Invalidate = nil, nil, nil
	h, err := handlers.GitHub(config)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, push(t, "unheard_installation"))
	if w.Code != http.StatusOK {
		t.Errorf("without the hooks that may be nil: %d", w.Code)
	}
}

package contract

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// house is the town of the demo with the real app in it, and the validator between the two.
type house struct {
	town      *demo.Town
	validator *Validator
	webhooks  *Webhooks
	url       string // of the app
	db        string
}

// newHouse opens a town and the app. At the end of the test nothing may have violated GitHub's descriptions.
func newHouse(t *testing.T, gate demo.Gate) *house {
	t.Helper()
	d, hooks := publications(t)
	h := &house{validator: NewValidator(d), webhooks: hooks, db: filepath.Join(t.TempDir(), "gatehouse.db")}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	h.town, err = demo.Open(listener, demo.Options{Gate: gate, Step: 20 * time.Millisecond})
	must(t, err)
	direct := strings.TrimPrefix(h.town.URL, "http://")
	front := httptest.NewServer(h.validator.Wrap(h.town.Handler()))
	h.town.URL = front.URL
	env := h.town.Env("127.0.0.1:0", h.db)
	env["GATEHOUSE_PROBE_ALLOW"] += "," + direct // the sites stay where the town told them to be
	cfg, err := app.LoadConfig(func(name string) string { return env[name] })
	must(t, err)
	a, err := app.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	must(t, err)
	h.url = "http://" + a.Addr()
	h.town.SetHook(h.url + "/api/github/hook")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		front.Close()
		h.town.Close()
		h.lawful(t)
	})
	return h
}

func (h *house) lawful(t *testing.T) {
	t.Helper()
	for _, v := range h.validator.Violations() {
		t.Error(v)
	}
	for _, err := range unlawful(h.webhooks, h.town.World.Record()) {
		t.Error(err)
	}
}

// release plays the demo's story to its end.
func (h *house) release(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	teller := demo.Teller{Town: h.town, Out: io.Discard, Auto: true, Wait: h.town.Watch(), Now: time.Now}
	_, err := teller.Release(ctx)
	must(t, err)
	h.town.World.Drain()
}

func TestReleaseStory(t *testing.T) {
	publications(t)
	covered := map[string]bool{}
	for _, gate := range []demo.Gate{demo.GateReviewers, demo.GateRule, demo.GateNone} {
		t.Run(string(gate), func(t *testing.T) {
			h := newHouse(t, gate)
			h.release(t)
			for _, line := range coverage(h.validator, h.town.World.Record()) {
				covered[line] = true
			}
			for _, wrong := range wrongValues(h.town.World.Record()) {
				t.Error(wrong)
			}
		})
	}
	golden(t, "story.golden", covered)
}

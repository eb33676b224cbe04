package app

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/firestoretest"
	"github.com/gatehouse-app/gatehouse/internal/taskstest"
)

// TestAppEngine starts the process as App Engine does: PORT wins, its own
// questions are answered, its headers let in, and the end of the context, which
// is SIGTERM, ends it without an error.
func TestAppEngine(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", firestoretest.Start(t))
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"GAE_ENV": "standard", "PORT": "1", "GATEHOUSE_ADDR": "not an address", "GATEHOUSE_PAGES_ADDR": "off",
		"GATEHOUSE_PUBLIC_URL": "https://gatehouse.example.com", "GATEHOUSE_STORE": "firestore:demo-appengine",
		"GATEHOUSE_WAKER":           "cloudtasks:projects/acme-releases/locations/europe-west1/queues/gatehouse",
		"CLOUD_TASKS_EMULATOR_HOST": taskstest.Start(t, taskstest.Faults{}).Addr,
		"GITHUB_APP_INTEGRATION_ID": "1", "GITHUB_APP_WEBHOOK_SECRET": "hush", "GITHUB_V3_API_URL": "http://127.0.0.1:1/",
		"GITHUB_APP_PRIVATE_KEY": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}
	cfg, err := LoadConfig(func(name string) string { return env[name] })
	if err != nil || cfg.Addr != ":1" {
		t.Fatalf("address %q, %v", cfg.Addr, err)
	}
	cfg.Addr = "127.0.0.1:0" // a port that is free here
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, terminate := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for _, c := range []struct {
		path, cron string
		want       int
	}{
		{path: "/_ah/warmup", want: http.StatusOK},
		{path: "/_ah/start", want: http.StatusOK},
		{path: "/_ah/stop", want: http.StatusOK},
		{path: "/internal/sweep", want: http.StatusForbidden},
		{path: "/internal/sweep", cron: "true", want: http.StatusNoContent},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.Addr()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Appengine-Cron", c.cron)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s with cron %q: %d, want %d", c.path, c.cron, answer.StatusCode, c.want)
		}
	}
	terminate()
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
}

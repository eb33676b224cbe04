package app

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

// The process starts on a database that an earlier version left, while GitHub is
// away, and shows every lane and run of it.
func TestStartsOnWhatEarlierVersionsStored(t *testing.T) {
	files, err := filepath.Glob("../internal/engine/testdata/stored/*/*.db.gz")
	if err != nil || len(files) < 3 {
		t.Fatalf("stored by earlier versions: %q, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a := startOn(t, storetest.Unpack(t, file))
			seen := walk(t, "http://"+a.PagesAddr(), "/", map[string]bool{})
			if lanes, runs := count(seen, "/lanes/"), count(seen, "/runs/"); lanes < 1 || runs < 2 {
				t.Errorf("%d lanes and %d runs are shown: %v", lanes, runs, seen)
			}
		})
	}
}

// startOn starts the program on a database, with variables as they are given.
func startOn(t *testing.T, db string, set ...string) *App {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"GATEHOUSE_ADDR": "127.0.0.1:0", "GATEHOUSE_PAGES_ADDR": "127.0.0.1:0", "GATEHOUSE_STORE": "sqlite:" + db,
		"GITHUB_APP_INTEGRATION_ID": "1", "GITHUB_APP_WEBHOOK_SECRET": "hush", "GITHUB_V3_API_URL": "http://127.0.0.1:1/",
		"GITHUB_APP_PRIVATE_KEY": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}
	for _, line := range set {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	cfg, err := LoadConfig(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the end: %v", err)
		}
	})
	return a
}

var pageLink = regexp.MustCompile(`href="(?:https?://[^/"]+)?(/(?:lanes|runs)/[^"#?]+)"`)

// walk follows the links from page to page.
func walk(t *testing.T, base, path string, seen map[string]bool) map[string]bool {
	t.Helper()
	seen[path] = true
	for _, m := range pageLink.FindAllStringSubmatch(read(t, base+path), -1) {
		if !seen[m[1]] {
			walk(t, base, m[1], seen)
		}
	}
	return seen
}

func read(t *testing.T, url string) string {
	t.Helper()
	code, body := ask(t, url)
	if code != http.StatusOK {
		t.Errorf("%s: %d", url, code)
	}
	return body
}

func ask(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func count(seen map[string]bool, prefix string) (n int) {
	for path := range seen {
		if strings.HasPrefix(path, prefix) {
			n++
		}
	}
	return n
}

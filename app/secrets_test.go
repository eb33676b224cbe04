package app

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWithSecrets reads values from a stand-in of Secret Manager; what is wrong
// is said with the variable's name and without what any secret holds.
func TestWithSecrets(t *testing.T) {
	const path = "/secretmanager.googleapis.com/v1/projects/acme-releases/secrets/"
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case path + "hook/versions/latest:access", path + "hook/versions/7:access":
			fmt.Fprintf(w, `{"payload": {"data": %q}}`, base64.StdEncoding.EncodeToString([]byte("hush\n")))
		case path + "empty/versions/latest:access":
			fmt.Fprint(w, `{}`)
		case path + "shut/versions/latest:access":
			http.Error(w, `{"error": {"code": 403, "message": "hush"}}`, http.StatusForbidden)
		default:
			http.Error(w, `{"error": {"code": 404, "message": "hush"}}`, http.StatusNotFound)
		}
	}))
	defer google.Close()
	for value, want := range map[string]string{
		"":                            "",
		"plain":                       "plain",
		"sm://acme-releases/hook":     "hush",
		"sm://acme-releases/hook/7":   "hush",
		"sm://acme-releases/empty":    "has no content",
		"sm://acme-releases/shut":     "roles/secretmanager.secretAccessor",
		"sm://acme-releases/none":     "gcloud secrets create",
		"sm://acme-releases":          "expected sm://PROJECT/SECRET",
		"sm://acme-releases/a/../b/1": "expected sm://PROJECT/SECRET",
	} {
		get, err := WithSecrets(t.Context(), func(name string) string {
			return map[string]string{"GITHUB_APP_WEBHOOK_SECRET": value, "GATEHOUSE_GOOGLE_API_URL": google.URL, "PORT": "8080"}[name]
		})
		if get("PORT") != "8080" {
			t.Errorf("%s: another variable reads %q", value, get("PORT"))
		}
		if err == nil {
			if got := get("GITHUB_APP_WEBHOOK_SECRET"); got != want {
				t.Errorf("%s: got %q, want %q", value, got, want)
			}
			continue
		}
		if said := err.Error(); !strings.Contains(said, "GITHUB_APP_WEBHOOK_SECRET: ") || !strings.Contains(said, want) || strings.Contains(said, "hush") {
			t.Errorf("%s: said %q, want the variable and %q", value, said, want)
		}
	}
}

// The bindings may be a file, the list itself, or lie in Secret Manager.
func TestBindings(t *testing.T) {
	const list = "- {repository: acme/shop, environment: production, firebase: shop-production}\n"
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"payload": {"data": %q}}`, base64.StdEncoding.EncodeToString([]byte(list)))
	}))
	defer google.Close()
	file := filepath.Join(t.TempDir(), "bindings.yml")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	for value, wrong := range map[string]string{
		file:                             "",
		list:                             "",
		"# ours\n" + list + list:         "GATEHOUSE_BINDINGS: ",
		"sm://acme-releases/bindings":    "",
		"  " + file + "\n":               "",
		"[{repository: acme/shop}]":      "GATEHOUSE_BINDINGS: ",
		filepath.Join(file, "elsewhere"): "GATEHOUSE_BINDINGS: the file cannot be read",
	} {
		get, err := WithSecrets(t.Context(), func(name string) string {
			return map[string]string{"GATEHOUSE_BINDINGS": value, "GATEHOUSE_GOOGLE_API_URL": google.URL}[name]
		})
		if err != nil {
			t.Fatal(err)
		}
		cfg, _ := LoadConfig(get) // the rest is missing
		b, err := cfg.bindings()
		if wrong != "" {
			if err == nil || !strings.HasPrefix(err.Error(), wrong) {
				t.Errorf("%q: said %v, want %q", value, err, wrong)
			}
			continue
		}
		if err != nil || b == nil {
			t.Errorf("%q: %v, %v", value, b, err)
		}
	}
}

package app

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
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

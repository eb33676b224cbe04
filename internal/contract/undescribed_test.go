package contract

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// TestUndescribed notices when GitHub begins to describe what is listed, and when
// the sandbox serves for signing in what is not.
func TestUndescribed(t *testing.T) {
	r := newRig(t)
	for _, line := range Undescribed() {
		method, path, _ := strings.Cut(line, " ")
		if _, _, found := r.validator.github.match(method, path); found {
			t.Errorf("GitHub describes %s now: validate it", line)
		}
	}
	resp, err := http.PostForm(r.url+"/login/oauth/access_token", url.Values{}) //nolint:noctx // a test's request
	must(t, err)
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	_ = resp.Body.Close()
	if !strings.Contains(string(body), "incorrect_client_credentials") {
		t.Errorf("without an app: %s", body)
	}
	for _, c := range r.Record() {
		if line := c.Method + " " + c.Route; c.Kind == sandbox.KindOAuth && !slices.Contains(Undescribed(), line) {
			t.Errorf("%s is neither described by GitHub nor listed", line)
		}
	}
}

package contract

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// TestEveryExampleIsAnswered posts every webhook that GitHub publishes as an
// example to the real app: as it is, and as if it came from an installation of
// the App. Each is answered 2xx, nothing is written anywhere for them, and the app
// takes a release to production afterwards.
func TestEveryExampleIsAnswered(t *testing.T) {
	h := newHouse(t, demo.GateReviewers)
	h.town.World.Drain()
	posted := 0
	for event, list := range examples(t) {
		for i, payload := range list {
			for _, body := range [][]byte{payload, h.installed(t, payload)} {
				posted++
				if status := h.post(t, event, fmt.Sprint("example-", posted), body); status/100 != 2 {
					t.Errorf("%s %d: %d", event, i, status)
				}
			}
		}
	}
	if posted < 2*300 {
		t.Errorf("only %d payloads were posted: is the package whole?", posted)
	}
	h.release(t)
	for _, c := range h.town.World.Record() {
		asks := c.Method == http.MethodGet || strings.HasPrefix(c.Path, "/api/v3/app/")
		if c.Kind == sandbox.KindGitHub && !asks && !strings.HasPrefix(c.Path, "/api/v3/repos/"+demo.Repo+"/") {
			t.Errorf("an example made the app write: %s %s", c.Method, c.Path)
		}
	}
}

// examples are the payloads of @octokit/webhooks-examples by event.
func examples(t *testing.T) map[string][]json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(octokit(t), "webhooks-examples", "api.github.com", "index.json"))
	must(t, err)
	var events []struct {
		Name     string
		Examples []json.RawMessage
	}
	must(t, json.Unmarshal(b, &events))
	all := map[string][]json.RawMessage{}
	for _, e := range events {
		all[e.Name] = append(all[e.Name], e.Examples...)
	}
	return all
}

// installed gives a payload the installation of the town.
func (h *house) installed(t *testing.T, payload []byte) []byte {
	t.Helper()
	whole := map[string]any{}
	must(t, json.Unmarshal(payload, &whole))
	whole["installation"] = map[string]any{"id": h.town.World.Deliveries()[0].Install}
	b, err := json.Marshal(whole)
	must(t, err)
	return b
}

// post sends a webhook past the town, signed as GitHub signs it.
func (h *house) post(t *testing.T, event, guid string, body []byte) int {
	t.Helper()
	env := h.town.Env("", "")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/api/github/hook", bytes.NewReader(body))
	must(t, err)
	mac := hmac.New(sha256.New, []byte(env["GITHUB_APP_WEBHOOK_SECRET"]))
	mac.Write(body)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": guid,
		"X-GitHub-Hook-Installation-Target-Type": "integration", "X-GitHub-Hook-Installation-Target-ID": env["GITHUB_APP_INTEGRATION_ID"],
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode
}

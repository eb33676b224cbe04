package main_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Whatever happens to webhooks on their way, the world ends up the same: GitHub
// never repeats a lost one by itself, so Gatehouse asks for it.
func TestWebhooksOnBadDays(t *testing.T) {
	t.Parallel()
	calm := func() []string {
		s := open(t, demo.Options{})
		return s.ending()
	}()
	for name, fault := range map[string]sandbox.Fault{
		"lost":      {Kind: sandbox.Lost, Probability: 0.3},
		"doubled":   {Kind: sandbox.Doubled},
		"reordered": {Kind: sandbox.Reordered, Probability: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, demo.Options{})
			fault.Method = "webhook"
			s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{fault}})
			if diff := compare(calm, s.ending()); diff != "" {
				t.Errorf("the world differs from that of a good day:\n%s", diff)
			}
		})
	}
}

// ending is what the demo's release leaves behind.
func (s *scene) ending() []string {
	s.Helper()
	told := s.play()
	s.world.Drain()
	world, err := s.town.Evidence(told)
	return facts(must(s, world, err), told)
}

// Pushes that start nothing say why in the log.
func TestPushesThatStartNothing(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	s.push(sandbox.Push{Branch: "feature/x", By: demo.Dana, Message: "Begin", Files: map[string]string{"x": "1"}})
	s.until("the feature branch is passed over", func() bool { return s.log.has("an intake is over", "no pipeline begins: production: ") })
	if _, err := s.world.PushTag(demo.Repo, "v1.1.9", "main", demo.Dana); err != nil {
		t.Fatal(err)
	}
	if err := s.world.DeleteBranch(demo.Repo, "feature/x", demo.Dana); err != nil {
		t.Fatal(err)
	}
	s.until("the bot's login is known", func() bool { return s.calls("GET", "/app") > 0 })
	s.push(sandbox.Push{Branch: "release/by-the-app", By: "gatehouse[bot]", Message: "Bump", Files: map[string]string{"x": "2"}})
	s.world.Drain()
	for _, why := range []string{"a tag was pushed, and only branches start runs", "a branch was deleted", "Gatehouse pushed it itself"} {
		if !s.log.has("a webhook is of no interest", why) {
			t.Errorf("the log does not say: %s\n%s", why, s.log.tail())
		}
	}
	if n := len(s.snapshot().CheckRuns); n != 0 {
		t.Errorf("%d checks:\n%s", n, s.board())
	}
	sha := s.push(sandbox.Push{Branch: branch, By: demo.Dana, CreateOnly: true})
	s.gate(sha)
}

// A webhook of an installation that GitHub does not know starts nothing.
func TestUnknownInstallation(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	sha := s.release()
	s.gate(sha)
	body := s.delivered("push")
	at := bytes.Index(body, []byte(`"installation":{"id":`)) + len(`"installation":{"id":`)
	body = append(append(bytes.Clone(body[:at]), "77"...), body[at:]...)
	if status, answer := s.post("stranger", body, demoSecret); status != http.StatusAccepted {
		t.Errorf("%d %s", status, answer)
	}
	s.until("the log says why nothing begins", func() bool {
		return s.log.has("an intake is over", "stranger", "The Gatehouse App is not installed on avalo any more")
	})
}

// calls counts answered requests to GitHub's API.
func (s *scene) calls(method, path string) int {
	n := 0
	for _, c := range s.world.Record() {
		if c.Kind == sandbox.KindGitHub && c.Method == method && strings.HasSuffix(c.Path, path) {
			n++
		}
	}
	return n
}

// What is no webhook of GitHub's is refused, counted, and leaves no trace.
func TestHooksOfStrangers(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	s.until("the installation is told", func() bool { return len(s.world.Deliveries()) > 0 })
	good := []byte(`{"ref":"refs/heads/release/v1.2.0"}`)
	for _, c := range []struct {
		what   string
		body   []byte
		secret string
		status int
	}{
		{"no signature", good, "", http.StatusUnauthorized},
		{"another secret", good, "other", http.StatusUnauthorized},
		{"garbage, well signed", []byte("{nonsense"), demoSecret, http.StatusBadRequest},
		{"a push without a repository", good, demoSecret, http.StatusBadRequest},
		{"26 MB", bytes.Repeat([]byte(" "), 26<<20), demoSecret, http.StatusRequestEntityTooLarge},
	} {
		if status, answer := s.post("stranger", c.body, c.secret); status != c.status || !holds(answer, `"result":"refused"`) {
			t.Errorf("%s: %d %s", c.what, status, answer)
		}
	}
	_, metrics := s.get("/metrics")
	for _, want := range []string{
		`gatehouse_webhooks_total{result="bad_signature"} 2`, `gatehouse_webhooks_total{result="malformed"} 2`,
		`gatehouse_webhooks_total{result="too_large"} 1`, `gatehouse_webhooks_total{result="stored"} 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

// Without a secret anybody could send webhooks: the start is refused.
func TestNoSecret(t *testing.T) {
	t.Parallel()
	s := closed(t, demo.Options{})
	delete(s.env, "GITHUB_APP_WEBHOOK_SECRET")
	cmd, err := s.launch()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code is what counts
	if code := cmd.ProcessState.ExitCode(); code != 2 || !s.log.has("GITHUB_APP_WEBHOOK_SECRET: ", "anybody could send webhooks, so the server does not start") {
		t.Errorf("exit code %d:\n%s", code, s.log)
	}
}

// demoSecret is the webhook secret of the town.
const demoSecret = "demo-webhook-secret"

// delivered is the payload of the last webhook of an event.
func (s *scene) delivered(event string) (payload []byte) {
	for _, d := range s.world.Deliveries() {
		if d.Event == event {
			payload = d.Payload
		}
	}
	return payload
}

// post sends a push past GitHub; without a secret it carries no signature.
func (s *scene) post(guid string, body []byte, secret string) (status int, answer string) {
	s.Helper()
	req, err := s.webhook(s.Context(), "push", guid, body, secret)
	if err != nil {
		s.Fatal(err)
	}
	return s.do(req)
}

// webhook is a webhook to be sent.
func (s *scene) webhook(ctx context.Context, event, guid string, body []byte, secret string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url("/api/github/hook"), io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return nil, err
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", event)
	req.Header.Set("X-GitHub-Delivery", guid)
	req.Header.Set("X-GitHub-Hook-Installation-Target-Type", "integration")
	req.Header.Set("X-GitHub-Hook-Installation-Target-ID", s.env["GITHUB_APP_INTEGRATION_ID"])
	if secret != "" {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return req, nil
}

package slack_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/slack"
)

func hookTo(t *testing.T, url string, opts slack.Options) *slack.Webhook {
	t.Helper()
	w, err := slack.NewWebhook(slack.WebhookConfig{URL: url}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAnIncomingWebhookPosts(t *testing.T) {
	p := newPlace(t)
	path, err := p.slack.AddWebhook("releases")
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSuffix(p.url, "/slack/api") + path
	fresh := func() *slack.Webhook { return hookTo(t, url, slack.Options{Clock: p.clock.Now}) }
	if err := fresh().Post(t.Context(), "v1.2.0 failed"); err != nil {
		t.Fatal(err)
	}
	if all := p.slack.Messages("releases"); len(all) != 1 || all[0].Text != "v1.2.0 failed" {
		t.Errorf("the channel holds %+v", all)
	}
	for class, f := range map[answer.Class]sandbox.SlackFaults{answer.Ambiguous: {Down: true}, answer.Limited: {RetryAfter: time.Second}} {
		p.slack.SetFaults(f)
		if err := fresh().Post(t.Context(), "x"); answer.ClassOf(err) != class {
			t.Errorf("got %v, want %s", err, class)
		}
	}
	p.slack.SetFaults(sandbox.SlackFaults{})
	if err := fresh().Post(t.Context(), ""); answer.ClassOf(err) != answer.Never {
		t.Errorf("an empty text: %v", err)
	}
	p.slack.RemoveWebhooks()
	if err := fresh().Post(t.Context(), "x"); answer.ClassOf(err) != answer.Gone {
		t.Errorf("a removed webhook: %v", err)
	}
	for _, c := range p.world.Record() {
		if strings.Contains(c.Path, "webhook-token") {
			t.Errorf("the sandbox records the secret: %s", c.Path)
		}
	}
}

func TestCheckWebhookURL(t *testing.T) {
	for address, good := range map[string]bool{
		"https://hooks.slack.com/services/T0/B0/x": true, "https://chat.example/hooks/abc": true, "http://127.0.0.1:9/slack/services/x": true,
		"http://hooks.slack.com/services/T0/B0/x": false, "https://hooks.slack.com": false, "https://hooks.slack.com/": false,
		"https://u:p@hooks.slack.com/x": false, "hooks.slack.com/services": false, "": false, "://x": false,
	} {
		if err := slack.CheckWebhookURL(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestNothingHoldsTheWebhooksURL(t *testing.T) {
	const secret = "T0-B0-SECRET"
	var seen bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, f := range faults {
		at := answering(t, f.status, f.header, f.body+secret)
		for _, url := range []string{at + "/services/" + secret, "http://127.0.0.1:1/" + secret} {
			w := hookTo(t, url, slack.Options{Clock: fixed, Logger: logger})
			err := w.Post(t.Context(), "x")
			fmt.Fprintf(&seen, "%v %+v %#v %v %+v %#v\n", err, err, err, w, w, w)
		}
	}
	cfg := slack.WebhookConfig{URL: "ftp://" + secret}
	_, err := slack.NewWebhook(cfg, slack.Options{Clock: fixed})
	logger.Info("config", "config", cfg)
	fmt.Fprintf(&seen, "%v %v %+v %#v\n", err, cfg, cfg, &cfg)
	if strings.Contains(seen.String(), secret) {
		t.Errorf("the URL is shown:\n%s", seen.String())
	}
}

package app

import (
	"encoding/pem"
	"strings"
	"testing"
)

// The address of a webhook is its authority: a wrong one stops the start without
// being repeated, a right one prints as redacted.
func TestWebhookAddresses(t *testing.T) {
	const secret = "SECRET"
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("not a real one")})
	for _, c := range []struct{ name, value, wrong string }{
		{"DISCORD_WEBHOOK_URL", "https://discord.com/api/webhooks/1/" + secret, ""},
		{"DISCORD_WEBHOOK_URL", " http://127.0.0.1:9/discord/api/webhooks/1/" + secret + "\n", ""},
		{"DISCORD_WEBHOOK_URL", "https://evil.example/api/webhooks/1/" + secret, "DISCORD_WEBHOOK_URL: expected"},
		{"SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/" + secret, ""},
		{"SLACK_WEBHOOK_URL", "http://hooks.slack.com/services/T/B/" + secret, "SLACK_WEBHOOK_URL: expected"},
	} {
		env := map[string]string{
			"GITHUB_APP_INTEGRATION_ID": "3", "GITHUB_APP_PRIVATE_KEY": string(key), "GITHUB_APP_WEBHOOK_SECRET": "s", c.name: c.value,
		}
		cfg, err := LoadConfig(func(name string) string { return env[name] })
		if (err == nil) != (c.wrong == "") || err != nil && !strings.HasPrefix(err.Error(), c.wrong) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds the secret: %v", err)
		}
		if c.wrong == "" && cfg.DiscordHook.Reveal()+cfg.SlackHook.Reveal() != strings.TrimSpace(c.value) {
			t.Errorf("%s is not read: %s", c.name, cfg.DiscordHook.Reveal()+cfg.SlackHook.Reveal())
		}
	}
}

package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// guild is a Discord server, and a browser that also calls its webhook.
func guild(t *testing.T) (*sandbox.Discord, *browser, *sandbox.ManualClock) {
	t.Helper()
	clock := sandbox.NewManualClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	w := sandbox.New(sandbox.Options{Clock: clock})
	t.Cleanup(w.Close)
	w.AddUser("alice", "Alice")
	d := sandbox.NewDiscord(w, sandbox.DiscordOptions{})
	return d, newBrowser(t, d.Handler(w.Handler())), clock
}

func (b *browser) call(method, path, body string) (status int, answer string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	must(b.t, err)
	resp, err := b.http.Do(req)
	must(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	must(b.t, err)
	return resp.StatusCode, string(text)
}

func TestDiscordRefusesAsDiscordDoes(t *testing.T) {
	d, b, clock := guild(t)
	path := d.WebhookPath()
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		status             int
		want, method, path string
		body               string
	}{
		{204, "", "POST", path, `{"content":"hi"}`},
		{200, `"id":"13`, "POST", path + "?wait=true", `{"embeds":[{"title":"hi"}]}`},
		{400, "50006", "POST", path, `{"content":""}`},
		{400, "50109", "POST", path, `{`},
		{400, "50035", "POST", path, `{"content":"` + long(2001) + `"}`},
		{400, "50035", "POST", path, `{"embeds":[{"title":"` + long(257) + `"}]}`},
		{400, "50035", "POST", path, `{"embeds":[{"description":"` + long(4096) + `"},{"description":"` + long(1905) + `"}]}`},
		{400, "50035", "POST", path, `{"embeds":[{"fields":[{"name":"x","value":""}]}]}`},
		{400, "50035", "POST", path, `{"embeds":[{"title":"x","url":"javascript:1"}]}`},
		{401, "50027", "POST", path + "x", `{"content":"hi"}`},
		{404, "10015", "POST", "/discord/api/webhooks/5/x", `{"content":"hi"}`},
		{404, "10008", "PATCH", path + "/messages/5", `{"content":"hi"}`},
		{405, "", "DELETE", path + "/messages/1300000000000000001", ""},
		{200, "hi", "GET", path + "/messages/1300000000000000001", ""},
		{200, "edited", "PATCH", path + "/messages/1300000000000000001", `{"content":"edited"}`},
	} {
		clock.Advance(time.Second)
		status, answer := b.call(c.method, c.path, c.body)
		if status != c.status || !strings.Contains(answer, c.want) {
			t.Errorf("%s %.60s %.60s: %d %s, want %d with %s", c.method, c.path, c.body, status, answer, c.status, c.want)
		}
	}
	equal(t, "messages", len(d.Messages()), 2)
}

func TestDiscordLimitsAWebhook(t *testing.T) {
	d, b, clock := guild(t)
	for range 5 {
		status, _ := b.call("POST", d.WebhookPath(), `{"content":"hi"}`)
		equal(t, "status", status, 204)
	}
	status, answer := b.call("POST", d.WebhookPath(), `{"content":"hi"}`)
	equal(t, "status", status, 429)
	equal(t, "says how long", strings.Contains(answer, `"retry_after":2`), true)
	clock.Advance(2 * time.Second)
	status, _ = b.call("POST", d.WebhookPath(), `{"content":"@everyone","allowed_mentions":{"parse":["everyone"]}}`)
	equal(t, "status", status, 204)
	equal(t, "pings", len(d.Messages()[5].Pings), 1)
}

func TestTheDiscordPageShowsEmbeds(t *testing.T) {
	d, b, _ := guild(t)
	status, _ := b.call("POST", d.WebhookPath(), `{"content":"**v1** \\*not bold\\* <script>","embeds":[{"title":"v1 waits","url":"https://example.com/run","color":2067261,
		"description":"See [the run](https://example.com/run) or type `+"`/approve`"+`","fields":[{"name":"Stages","value":"✅ Test"}],"footer":{"text":"started by ann"}}]}`)
	equal(t, "status", status, 204)
	page := b.open("/discord")
	shows(t, page, "#releases", "<strong>v1</strong>", "&lt;script&gt;", `class="embed green"`, `<a href="https://example.com/run">v1 waits</a>`,
		`<a href="https://example.com/run">the run</a>`, "<code>/approve</code>", "✅ Test", "started by ann")
	hides(t, page, "<script>alert", "<strong>not bold", `\`)
	hides(t, b.open("/_record"), "sandbox-token")
}

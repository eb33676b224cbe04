package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const slackToken = "xoxb-sandbox"

// workspace is a Slack with #releases in it, and a browser that also calls its API.
func workspace(t *testing.T) (*sandbox.Slack, *browser) {
	t.Helper()
	w := sandbox.New(sandbox.Options{Clock: sandbox.NewManualClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))})
	t.Cleanup(w.Close)
	w.AddUser("alice", "Alice")
	s := sandbox.NewSlack(w, sandbox.SlackOptions{Token: slackToken})
	s.AddChannel(sandbox.SlackChannel{Name: "releases"})
	return s, newBrowser(t, s.Handler())
}

func (b *browser) slack(method string, pairs ...string) map[string]any {
	b.t.Helper()
	form := url.Values{"token": {slackToken}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	status, body := b.read(b.http.PostForm(b.base+"/slack/api/"+method, form)) //nolint:bodyclose,noctx // read closes it.
	equal(b.t, "status of "+method, status, http.StatusOK)
	var answer map[string]any
	must(b.t, json.Unmarshal([]byte(body), &answer))
	return answer
}

func TestSlackRefusesAsSlackDoes(t *testing.T) {
	s, b := workspace(t)
	s.AddChannel(sandbox.SlackChannel{Name: "closed", BotAbsent: true})
	long := strings.Repeat("x", 3001)
	for _, c := range []struct {
		want, method string
		args         []string
	}{
		{"not_authed", "auth.test", []string{"token", ""}},
		{"invalid_auth", "auth.test", []string{"token", "xoxb-wrong"}},
		{"unknown_method", "chat.shout", nil},
		{"channel_not_found", "chat.postMessage", []string{"channel", "#nowhere", "text", "hi"}},
		{"not_in_channel", "chat.postMessage", []string{"channel", "#closed", "text", "hi"}},
		{"no_text", "chat.postMessage", []string{"channel", "#releases"}},
		{"invalid_blocks", "chat.postMessage", []string{"channel", "#releases", "blocks", `[{"type":"section"}]`}},
		{"invalid_blocks", "chat.postMessage", []string{"channel", "#releases", "blocks", `[{"type":"section","text":{"type":"mrkdwn","text":"` + long + `"}}]`}},
		{"invalid_blocks", "chat.postMessage", []string{"channel", "#releases", "blocks", `[{"type":"header","text":{"type":"mrkdwn","text":"no"}}]`}},
		{"invalid_metadata_format", "chat.postMessage", []string{"channel", "#releases", "text", "hi", "metadata", "{}"}},
		{"channel_not_found", "chat.update", []string{"channel", "#releases", "ts", "1.000000", "text", "hi"}},
		{"message_not_found", "chat.update", []string{"channel", "C0000000001", "ts", "1.000000", "text", "hi"}},
		{"not_in_channel", "conversations.history", []string{"channel", "C0000000002"}},
		{"thread_not_found", "conversations.replies", []string{"channel", "C0000000001", "ts", "1.000000"}},
		{"invalid_cursor", "conversations.history", []string{"channel", "C0000000001", "cursor", "x"}},
	} {
		answer := b.slack(c.method, c.args...)
		equal(t, c.method+" ok", answer["ok"], any(false))
		equal(t, c.method+" error", answer["error"], any(c.want))
	}
	equal(t, "messages", len(s.Messages("releases")), 0)
}

func TestSlackMetadataReactionsAndJoining(t *testing.T) {
	s, b := workspace(t)
	posted := b.slack("chat.postMessage", "channel", "#releases", "text", "hi", "metadata", `{"event_type":"run","event_payload":{"run":"r1"}}`)
	ts, _ := posted["ts"].(string)
	first := func(include string) map[string]any {
		list, _ := b.slack("conversations.history", "channel", "C0000000001", "include_all_metadata", include)["messages"].([]any)
		m, _ := list[0].(map[string]any)
		return m
	}
	equal(t, "metadata unasked", first("0")["metadata"], any(nil))
	if first("1")["metadata"] == nil {
		t.Error("metadata is missing although it was asked for")
	}
	equal(t, "reaction", b.slack("reactions.add", "channel", "C0000000001", "timestamp", ts, "name", "tada")["ok"], any(true))
	equal(t, "reaction again", b.slack("reactions.add", "channel", "C0000000001", "timestamp", ts, "name", "tada")["error"], any("already_reacted"))
	late := s.AddChannel(sandbox.SlackChannel{Name: "late", BotAbsent: true})
	equal(t, "join", b.slack("conversations.join", "channel", late.ID)["ok"], any(true))
	equal(t, "info", b.slack("conversations.info", "channel", late.ID)["ok"], any(true))
	equal(t, "post after joining", b.slack("chat.postMessage", "channel", "#late", "text", "hi")["ok"], any(true))
}

func TestSlackFaults(t *testing.T) {
	s, b := workspace(t)
	ask := func() (int, string) {
		resp, err := b.http.PostForm(b.base+"/slack/api/auth.test", url.Values{"token": {slackToken}}) //nolint:noctx // A test's own server.
		must(t, err)
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Retry-After")
	}
	s.SetFaults(sandbox.SlackFaults{Down: true})
	status, _ := ask()
	equal(t, "down", status, http.StatusServiceUnavailable)
	s.SetFaults(sandbox.SlackFaults{RetryAfter: 12 * time.Second})
	status, after := ask()
	equal(t, "limited", status, http.StatusTooManyRequests)
	equal(t, "Retry-After", after, "12")
	s.SetFaults(sandbox.SlackFaults{Scopes: []string{"channels:read"}})
	answer := b.slack("chat.postMessage", "channel", "#releases", "text", "hi")
	equal(t, "needed", answer["needed"], any("chat:write"))
}

func TestSlackPageShowsBlocksThreadsAndEdits(t *testing.T) {
	_, b := workspace(t)
	blocks := `[{"type":"header","text":{"type":"plain_text","text":"v1.2.0 :rocket:"}},
		{"type":"section","text":{"type":"mrkdwn","text":"*bold* _it_ ~old~ ` + "`a*b*c`" + ` <https://example.com/a_b_c?x=1&amp;y=2|the link> &lt;script&gt; <!channel>"},"fields":[{"type":"mrkdwn","text":"*Stage*\nbuild"}]},
		{"type":"divider"},{"type":"context","elements":[{"type":"mrkdwn","text":"by ann"}]},
		{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Review deployments"},"url":"https://example.com/run","style":"primary"},{"type":"button","text":{"type":"plain_text","text":"Bad"},"url":"javascript:alert(1)"}]}]`
	ts, _ := b.slack("chat.postMessage", "channel", "#releases", "text", "v1.2.0", "blocks", blocks)["ts"].(string)
	b.slack("chat.postMessage", "channel", "#releases", "text", "details <b> & more", "thread_ts", ts)
	page := b.open("/slack/releases")
	shows(t, page, "<h3>v1.2.0 🚀</h3>", "<strong>bold</strong> <em>it</em> <s>old</s> <code>a*b*c</code>", ">the link</a>", "&lt;script&gt;", "!channel",
		"<strong>Stage</strong><br>build", "<hr>", "by ann", `<a class="button primary" href="https://example.com/run">Review deployments</a>`,
		"1 in the thread", "details &lt;b&gt; &amp; more")
	hides(t, page, "<script>alert", "javascript:", "(edited)", "&amp;lt;")
	b.slack("chat.update", "channel", "C0000000001", "ts", ts, "text", "v1.2.0 is live")
	page = b.open("/slack/releases")
	shows(t, page, "v1.2.0 is live", "(edited)")
	shows(t, b.open("/slack"), "#releases")
}

package demo_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/browsertest"
	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// twoOfThem asks for two approvals, by our rule alone.
func twoOfThem(starter, url string) string {
	return strings.NewReplacer("count: 1}]", "count: 2}]", "https://staging.avalo.app", url+"/sites/staging", "https://avalo.app", url+"/sites/production").Replace(starter)
}

// TestSlackInABrowser decides about a release on Slack's page, as people do.
// GATEHOUSE_SHOTS=DIR keeps the pictures.
func TestSlackInABrowser(t *testing.T) {
	p := browsertest.New(t)
	l := live(t, demo.Options{Gate: demo.GateRule}, twoOfThem, nil)
	if _, err := l.World.Push(demo.Repo, sandbox.Push{
		Branch: "release/v1.2.0", From: "main", By: demo.Dana, Message: "Checkout <b>faster</b> @everyone <!channel> \u202egnp.txt",
		Files: map[string]string{"package.json": "{\"name\": \"avalo\", \"version\": \"1.2.0\"}\n", "CHANGELOG.md": "# Changes\n\n## 1.2.0\n"},
	}); err != nil {
		t.Fatal(err)
	}
	channel := l.URL + "/slack/" + demo.Channel
	as := func(login, page string) {
		p.Open(channel) // a direct message is there for its own reader only
		browsertest.Eval[string](p, `document.cookie = "sandbox_you=`+login+`; path=/"`)
		p.Open(page)
	}
	p.Width(900)
	as(demo.Eve, channel)
	p.See("waits for approval", "Approve", "Reject…", "2 approvals of")
	p.Shot("slack-1-asked")
	p.Press("Approve")
	p.See("Only visible to you", "does not know yet who you are on GitHub")
	p.Shot("slack-2-stranger")

	if err := l.teller().Until(t.Context(), "ada is asked directly", func() bool { return len(l.Slack.Messages("@"+demo.Ada)) > 0 }); err != nil {
		t.Fatal(err)
	}
	as(demo.Ada, l.URL+"/slack/@"+demo.Ada)
	p.See("your approval is asked for", "Approve")
	p.Shot("slack-3-direct")
	p.Press("Approve")
	as(demo.Omar, channel)
	p.See("Approved by ada", "1 place open", "Withdraw my approval")
	p.Shot("slack-4-one-of-two")
	p.Press("Reject…")
	p.See("Reject v1.2.0", "Reason")
	p.Shot("slack-5-reason")
	p.Press("Cancel")
	p.Press("Approve")
	p.See("succeeded", "Approved by ada", "Approved by omar")
	p.Shot("slack-6-decided")
	if text := p.Text(); strings.Contains(text, "Reject…") || strings.Contains(text, "Withdraw my approval") {
		t.Errorf("a decided release still has buttons:\n%s", text)
	}
	as(demo.Ada, l.URL+"/slack/@"+demo.Ada)
	p.See("Approved by omar")
	p.Shot("slack-7-direct-decided")
	p.Sound()
}

package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// browser is a person at the pages; it keeps cookies and follows redirects.
type browser struct {
	t    *testing.T
	base string
	http *http.Client
}

func newBrowser(t *testing.T, handler http.Handler) *browser {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t: t, base: server.URL, http: &http.Client{Jar: jar}}
}

func (b *browser) read(resp *http.Response, err error) (status int, page string) {
	b.t.Helper()
	must(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	must(b.t, err)
	return resp.StatusCode, string(body)
}

func (b *browser) open(path string) string {
	b.t.Helper()
	status, page := b.read(b.http.Get(b.base + path)) //nolint:bodyclose,noctx // read closes it.
	if status != http.StatusOK {
		b.t.Fatalf("GET %s: %d\n%s", path, status, page)
	}
	return page
}

func (b *browser) submit(form string, pairs ...string) (status int, page string) {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return b.read(b.http.PostForm(b.base+"/_do/"+form, values)) //nolint:bodyclose,noctx // read closes it.
}

func shows(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q:\n%s", want, page)
		}
	}
}

func hides(t *testing.T, page string, bans ...string) {
	t.Helper()
	for _, ban := range bans {
		if strings.Contains(page, ban) {
			t.Errorf("the page shows %q:\n%s", ban, page)
		}
	}
}

func TestAPersonReviewsADeploymentOnTheRunsPage(t *testing.T) {
	r, id := gated(t)
	b := newBrowser(t, r.Handler())
	runPage := fmt.Sprintf("/%s/actions/runs/%d", repoName, id)

	b.submit("you", "login", "alice", "back", runPage)
	shows(t, b.open(runPage), "Review deployments", "You are not among the reviewers", `value="production" disabled`)
	status, page := b.submit("review", "repo", repoName, "run", fmt.Sprint(id), "env", "production", "state", "approved", "back", runPage)
	equal(t, "status of a stranger's review", status, http.StatusUnprocessableEntity)
	shows(t, page, "That did not work")

	_, page = b.submit("you", "login", "carol", "back", runPage)
	shows(t, page, `value="carol" selected`, `<input type="checkbox" name="env" value="production">`, "Approve and deploy", "acme/approvers")
	status, _ = b.submit("review", "repo", repoName, "run", fmt.Sprint(id), "state", "approved", "back", runPage)
	equal(t, "status without a tick", status, http.StatusUnprocessableEntity)
	status, page = b.submit("review", "repo", repoName, "run", fmt.Sprint(id), "env", "production", "state", "approved", "comment", "<b>ship</b>", "back", runPage)
	equal(t, "status of the review", status, http.StatusOK)
	shows(t, page, "carol", "&lt;b&gt;ship&lt;/b&gt;", "Waiting for the deployment protection rule")
	equal(t, "reviewer", r.run(id).Reviews[0].By, "carol")
}

func TestChecksShowSummaryAndButtonsThatPress(t *testing.T) {
	r := newRig(t)
	sha := r.push("main", map[string]string{"a.txt": "a"})
	check := r.post(r.repo("/check-runs"), map[string]any{
		"name": "production / Approval", "head_sha": sha, "status": "completed", "conclusion": "action_required",
		"output":  map[string]string{"title": "Waiting for approval", "summary": "### Who\n\n- **carol** <script>alert(1)</script>\n\n| stage | state |\n|---|---|\n| build | `ok` |\n\n[run](https://example.com/x) [bad](javascript:alert(1))"},
		"actions": []map[string]string{{"label": "Approve", "description": "Approve it", "identifier": "approve"}},
	}).want(201).id("id")
	b := newBrowser(t, r.Handler())
	page := b.open("/" + repoName + "/commit/" + sha)
	shows(t, page, "production / Approval", "Waiting for approval", "<li><strong>carol</strong> &lt;script&gt;", "<th>stage</th>", "<code>ok</code>",
		`<a href="https://example.com/x">run</a>`, ">Approve</button>", "Re-run")
	hides(t, page, "<script>alert", `href="javascript`)

	r.heard()
	b.submit("you", "login", "bob", "back", "/")
	status, page := b.submit("press", "repo", repoName, "check", fmt.Sprint(check), "identifier", "approve", "back", "/"+repoName)
	equal(t, "status of the button", status, http.StatusOK)
	shows(t, page, "1 checks", "action_required")
	equal(t, "webhooks", r.heardNames(), "check_run.requested_action")
	b.submit("rerun", "repo", repoName, "check", fmt.Sprint(check), "back", "/")
	equal(t, "webhooks", r.heardNames(), "check_run.rerequested")
}

func TestCommentsAreWrittenAndRead(t *testing.T) {
	r := newRig(t)
	sha := r.push("main", map[string]string{"a.txt": "a"})
	n, err := r.AddIssue(repoName, "alice", "Checkout fails", false)
	must(t, err)
	b := newBrowser(t, r.Handler())
	issue := fmt.Sprintf("/%s/issues/%d", repoName, n)
	b.submit("you", "login", "bob", "back", "/")
	_, page := b.submit("comment", "repo", repoName, "issue", fmt.Sprint(n), "body", "/rollback production\r\nreason: <i>", "back", issue)
	shows(t, page, "/rollback production<br>reason: &lt;i&gt;", "<b>bob</b>")
	_, page = b.submit("comment", "repo", repoName, "sha", sha, "body", "/approve", "back", "/"+repoName+"/commit/"+sha)
	shows(t, page, "/approve")
	status, _ := b.submit("comment", "repo", repoName, "issue", fmt.Sprint(n), "body", "  ", "back", issue)
	equal(t, "status of an empty comment", status, http.StatusUnprocessableEntity)
}

func TestFormsLeadBackToTheSandboxOnlyAndRefuseOtherSites(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r.Handler())
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, back := range []string{"https://elsewhere.example/", "//elsewhere.example", `/\elsewhere.example`} {
		resp, err := b.http.PostForm(b.base+"/_do/you", url.Values{"login": {"bob"}, "back": {back}}) //nolint:noctx // A test's own server.
		must(t, err)
		_ = resp.Body.Close()
		equal(t, "where "+back+" leads", resp.Header.Get("Location"), "/")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+"/_do/you", strings.NewReader("login=bob"))
	must(t, err)
	req.Header.Set("Origin", "https://elsewhere.example")
	status, _ := b.read(b.http.Do(req)) //nolint:bodyclose // read closes it.
	equal(t, "status of a form on another site", status, http.StatusForbidden)
}

// Every address that the sandbox gives to people leads to a page.
func TestWebAddressesLeadToPages(t *testing.T) {
	r, id := gated(t)
	must(t, r.Review("carol", repoName, id, []string{"production"}, "approved", ""))
	n, err := r.AddIssue(repoName, "alice", "Checkout fails", true)
	must(t, err)
	_, err = r.Comment("bob", repoName, n, "hello")
	must(t, err)
	r.heard()
	b := newBrowser(t, r.Handler())
	address := regexp.MustCompile(`"(?:html_url|log_url|details_url|permalink)":"([^"]+)"`)
	seen := map[string]bool{}
	for _, call := range r.Record() {
		for _, m := range address.FindAllStringSubmatch(string(call.Body)+string(call.Answer), -1) {
			path, ours := strings.CutPrefix(m[1], r.url)
			// What people see of an installation is none of the sandbox's pages.
			if ours && !strings.HasPrefix(path, "/settings/") {
				seen[path] = true
			}
		}
	}
	for path := range seen {
		b.open(path)
	}
	if len(seen) < 8 {
		t.Errorf("only %d addresses were seen: %v", len(seen), seen)
	}
	for _, path := range []string{"/", "/_record", "/" + repoName, "/" + repoName + "/actions", "/" + repoName + "/deployments/production", "/_static/style.css", "/_static/poll.js"} {
		b.open(path)
	}
	for _, path := range []string{"/nobody/nothing", "/" + repoName + "/commit/beef", "/" + repoName + "/actions/runs/1", "/x/y/z/w"} {
		status, _ := b.read(b.http.Get(b.base + path)) //nolint:bodyclose,noctx // read closes it.
		equal(t, "status of "+path, status, http.StatusNotFound)
	}
}

func TestTheRecordPageShowsNoSecret(t *testing.T) {
	r, _ := gated(t)
	r.heard() // Webhooks leave asynchronously; the record is whole once they are out.
	s := sandbox.NewSlack(r.World, sandbox.SlackOptions{Token: "xoxb-hidden"})
	s.AddChannel(sandbox.SlackChannel{Name: "releases"})
	b := newBrowser(t, s.Handler())
	b.read(b.http.PostForm(b.base+"/slack/api/chat.postMessage", url.Values{"token": {"xoxb-hidden"}, "channel": {"#releases"}, "text": {"hi"}})) //nolint:bodyclose,noctx // read closes it.
	page := b.open("/_record")
	shows(t, page, "deployment_review.requested", "/slack/api/chat.postMessage", "slack:gatehouse")
	hides(t, page, "xoxb-hidden", r.token)
	for _, call := range r.Record() {
		if call.Kind == sandbox.KindSlack && strings.Contains(string(call.Body)+call.Query, "xoxb-hidden") {
			t.Error("the record holds the Slack token")
		}
	}
}

package main_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/browsertest"
	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// page is the address of the run that a check of the commit leads to.
func (s *scene) page(sha string) string {
	s.Helper()
	return s.check(sha, approval).DetailsURL
}

// TestApprovedOnThePage is a release approved by a person who signs in: the check
// leads to the page, the page to GitHub and back, the button to the machine, her
// own token to GitHub's Review deployments, and the door opens.
func TestApprovedOnThePage(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil), SignIn: true})
	sha := s.release()
	s.gate(sha)
	p := browsertest.New(t)
	p.Open(s.page(sha))
	p.See("Sign in")
	p.Press("Sign in with GitHub")
	p.See("Sign in to Gatehouse")
	p.Press("Authorize as " + demo.Ada)
	p.See("Decide", "v1.2.0", "Approve", "Sign out")
	p.Sound()
	p.Shot("signed-run")
	p.Open(s.url("/approvals"))
	p.See("v1.2.0")
	p.Sound()
	p.Shot("signed-approvals")
	p.Open(s.page(sha))
	p.Fill("Reason", "Looked at every commit")
	p.Press("Approve")
	p.See("Your approval counts.")
	s.shows(sha, deploy, "success")
	p.See("Review recorded", "Looked at every commit")
	p.Sound()
	p.Shot("signed-run-decided")
	if n := s.calls("POST", "/pending_deployments"); n != 1 {
		t.Errorf("GitHub was told of the review %d times", n)
	}
	p.Press("Sign out")
	p.See("Sign in with GitHub")
	p.Open(s.page(sha))
	p.See("Sign in with GitHub")
}

// TestRevoked ends a session the moment that GitHub says that the person took the
// authorization back.
func TestRevoked(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil), SignIn: true})
	p := browsertest.New(t)
	p.Open(s.url("/account"))
	p.Press("Sign in with GitHub")
	p.Press("Authorize as " + demo.Ada)
	p.See("Keys for the command line", demo.Repo)
	p.Sound()
	p.Shot("signed-account")
	s.world.RevokeAuthorization(demo.Ada)
	s.world.Drain()
	p.Open(s.url("/"))
	p.See("Sign in with GitHub")
	if strings.Contains(s.log.String(), "ghu_") || strings.Contains(s.log.String(), "ghr_") {
		t.Error("the log holds a token")
	}
}

// TestReaderSeesNoButtons: eve may read the repository and no more, mallory not
// even that.
func TestReaderSeesNoButtons(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil), SignIn: true})
	s.world.AddUser("mallory", "Mallory")
	sha := s.release()
	s.gate(sha)
	p := browsertest.New(t)
	p.Open(s.page(sha))
	p.Press("Sign in with GitHub")
	p.Press("Authorize as " + demo.Eve)
	p.See("v1.2.0", "How to approve")
	if browsertest.Eval[bool](p, `document.querySelector("button[name=verb]") !== null`) {
		t.Error("who may only read is offered a button")
	}
	p.Press("Sign out")
	p.See("Sign in with GitHub")
	p.Open(s.page(sha))
	p.Press("Sign in with GitHub")
	p.Press("Authorize as mallory")
	p.See("There is no such run")
}

// key signs somebody in and makes a key for the command line.
func (s *scene) key(login string) string {
	s.Helper()
	jar, err := cookiejar.New(nil)
	client := &http.Client{Jar: must(s, jar, err), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at := s.url("/login/github?to=/account")
	for range 4 {
		req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, at, nil)
		res, err := client.Do(must(s, req, err))
		if err != nil {
			s.Fatal(err)
		}
		_ = res.Body.Close() // only its head is read
		next := res.Header.Get("Location")
		if strings.Contains(next, "/login/oauth/authorize") {
			next += "&as=" + login
		}
		if next == "/account" {
			break
		}
		at = next
	}
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url("/account/keys"), strings.NewReader("name=test"))
	must(s, req, err).Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", s.url(""))
	res, err := client.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	_, rest, found := strings.Cut(string(must(s, body, err)), "GATEHOUSE_TOKEN=")
	if !found {
		s.Fatalf("no key for %s: %s\n%s", login, res.Status, body)
	}
	token, _, _ := strings.Cut(rest, "<")
	return token
}

// at runs a command of the program against the server, with a token.
func (s *scene) at(token string, args ...string) (out string, code int) {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), s.bin, args...) //nolint:gosec // our own build
	cmd.Env = []string{"GATEHOUSE_PUBLIC_URL=" + s.url(""), "GATEHOUSE_TOKEN=" + token, "PATH=" + s.env["PATH"]}
	cmd.Dir = s.TempDir()
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// TestCommandLine asks the running server, as people do: each sees and may do by
// the command line what he sees and may do elsewhere.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	const operator = "the token of the operator of this town"
	s := closed(t, demo.Options{Files: short(nil), SignIn: true})
	s.env["GATEHOUSE_OPERATOR_TOKEN"] = operator
	s.start()
	s.world.AddUser("mallory", "Mallory")
	ada, mallory := s.key(demo.Ada), s.key("mallory")
	for what, try := range map[string]struct {
		token string
		args  []string
		code  int
		words string
	}{
		"no token":        {"", []string{"deploy", "production", "--repo", demo.Repo}, 2, "make a key on the page " + s.url("/account")},
		"a guessed token": {"gatehouse_guess", []string{"deploy", "production", "--repo", demo.Repo}, 4, "Nobody is signed in"},
		"no repository":   {ada, []string{"deploy", "production"}, 2, "--repo OWNER/NAME"},
		"no environment":  {ada, []string{"deploy"}, 2, ""},
		"not hers to see": {mallory, []string{"deploy", "production", "--repo", demo.Repo}, 1, "There is no such thing"},
		"no such place":   {ada, []string{"deploy", "nowhere", "--repo", demo.Repo}, 1, ""},
	} {
		if out, code := s.at(try.token, try.args...); code != try.code || !strings.Contains(out, try.words) {
			t.Errorf("%s: exit code %d, want %d: %s", what, code, try.code, out)
		}
	}
	sha := s.release()
	s.gate(sha)
	run := path.Base(s.page(sha))
	for what, try := range map[string]struct {
		token string
		args  []string
		code  int
		words string
	}{
		"why it waits":      {ada, []string{"explain", run}, 8, "Waits for 1 approval of @release-approvers"},
		"what if":           {ada, []string{"explain", run, "--if", "approved-by=omar"}, 0, "omar would be counted."},
		"as JSON":           {ada, []string{"explain", run, "--json"}, 8, `"code":"approval-missing"`},
		"a run not hers":    {mallory, []string{"explain", run}, 1, "There is no such thing"},
		"no such run":       {ada, []string{"explain", "0000000000000000"}, 1, "There is no such thing"},
		"the trail":         {operator, []string{"audit", "export", "--server"}, 0, `"what":"gate-reached"`},
		"as CSV":            {operator, []string{"audit", "export", "--server", "--format", "csv", "--since", "2026-01-01"}, 0, ",gate-reached,"},
		"its chain":         {operator, []string{"audit", "verify", "--server"}, 0, "are as they were written"},
		"not hers to read":  {ada, []string{"audit", "export", "--server"}, 4, "operator's alone"},
		"decided by nobody": {operator, []string{"deploy", "production", "--repo", demo.Repo}, 4, "decisions about releases are people's"},
	} {
		if out, code := s.at(try.token, try.args...); code != try.code || !strings.Contains(out, try.words) {
			t.Errorf("%s: exit code %d, want %d: %s", what, code, try.code, out)
		}
	}
	if strings.Contains(s.log.String(), ada) {
		t.Error("the log holds a key")
	}
}

package main_test

import (
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
	p.Fill("Reason", "Looked at every commit")
	p.Press("Approve")
	p.See("Your approval counts.")
	s.shows(sha, deploy, "success")
	p.See("Review recorded", "Looked at every commit")
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

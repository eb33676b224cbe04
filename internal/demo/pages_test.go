package demo_test

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/browsertest"
	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// TestPagesFollowARelease watches a release in a browser, from the empty first
// page to its end, and loads no page again; then it stops the process, which an
// open page must not hold up.
func TestPagesFollowARelease(t *testing.T) {
	p := browsertest.New(t)
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	town, err := demo.Open(listener, demo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer town.Close()
	env := town.Env("127.0.0.1:0", filepath.Join(t.TempDir(), "gatehouse.db"))
	cfg, err := app.LoadConfig(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	town.SetHook("http://" + a.Addr() + "/api/github/hook")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()

	p.Open("http://" + a.PagesAddr() + "/")
	p.See("What to do first", "Live")
	browsertest.Eval[bool](p, `window.same = true`)
	sha, err := town.World.Push(demo.Repo, sandbox.Push{
		Branch: "release/v1.2.0", From: "main", By: demo.Dana, Message: "Release v1.2.0",
		Files: map[string]string{"package.json": "{\"name\": \"avalo\", \"version\": \"1.2.0\"}\n", "CHANGELOG.md": "# Changes\n\n## 1.2.0\n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.See("v1.2.0 waits for people before production", "Review deployments")
	if !browsertest.Eval[bool](p, `window.same === true`) {
		t.Error("the first page was loaded again")
	}
	p.Sound()
	// The Details link of a check leads to the public listener, and from there here.
	run := browsertest.Eval[string](p, `document.querySelector(".card a[href^='/runs/']").getAttribute("href")`)
	p.Open("http://" + a.Addr() + run)
	p.See("How to approve", "Live")
	if got, want := p.URL(), "http://"+a.PagesAddr()+run; got != want {
		t.Errorf("the address of the run leads to %s, want %s", got, want)
	}
	browsertest.Eval[bool](p, `window.same = true`)
	if err := town.Approve(sha); err != nil {
		t.Fatal(err)
	}
	p.See("v1.2.0 went to production and is verified", "Run succeeded", "12 of 12 stages done")
	if !browsertest.Eval[bool](p, `window.same === true`) {
		t.Error("the page of the run was loaded again")
	}
	p.Sound()
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("an open page holds up the stop: %v", err)
		}
	case <-time.After(time.Minute): // far beyond what a stop may take
		t.Error("the process does not stop")
	}
	p.See("Offline; trying again")
}

// TestReviewDeployments is the demo as a person lives it: who is ada in the browser
// follows Slack's button to the waiting run, opens the dialog Review deployments,
// and sees the release go on.
func TestReviewDeployments(t *testing.T) {
	p := browsertest.New(t)
	l := live(t, demo.Options{}, nil, nil)
	teller, told := l.teller(), l.teller()
	told.Auto = false
	done := make(chan error, 1)
	go func() {
		_, err := told.Release(t.Context())
		done <- err
	}()
	if err := teller.Until(t.Context(), "Slack asks", func() bool { return l.Told("v1.2.0", "Review deployments") }); err != nil {
		t.Fatal(err)
	}
	p.Open(l.URL + "/slack")
	p.Press("#" + demo.Channel)
	p.Press("Review deployments")
	p.See("This workflow is waiting.")
	p.Choose("You are", demo.Eve)
	p.See("You are not among the reviewers")
	p.Choose("You are", demo.Ada)
	p.See("needs a review.")
	p.Press("Review deployments")
	p.Tick("production")
	p.Fill("Leave a comment", "Looks good")
	p.Press("Approve and deploy")
	p.See("ada approved", "Looks good")
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(5 * time.Minute): // far beyond what a release takes
		t.Fatal("the release does not go on")
	}
}

package main_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// The repository is renamed while a release waits at its gate: the release goes on.
func TestRenamedMidRun(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	sha := s.release()
	s.gate(sha)
	if err := s.world.Rename(demo.Repo, "renamed"); err != nil {
		t.Fatal(err)
	}
	s.repo = demo.Org + "/renamed"
	s.approve(sha)
	s.shows(sha, deploy, "success")
	if n := s.deployed(); n != 1 {
		t.Errorf("%d deploys", n)
	}
}

// The repository is taken out of the installation while a release waits, approved
// meanwhile, and given back: nothing fails, and the approval that GitHub never
// told of is read.
func TestTakenOutMidRun(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	sha := s.release()
	s.gate(sha)
	s.world.SelectRepos(demo.Org, "other")
	s.approve(sha)
	s.world.Drain()
	s.world.SelectRepos(demo.Org)
	s.shows(sha, deploy, "success")
	if n := s.deployed(); n != 1 {
		t.Errorf("%d deploys", n)
	}
}

// The repository is taken out as a release begins: Slack says why it waits, and it
// begins where it was once the repository is back.
func TestTakenOutAtTheBeginning(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: told("")})
	var once sync.Once
	s.town.OnCall(func(c sandbox.Call) {
		if c.Phase == sandbox.Arrived && strings.HasSuffix(c.Path, "/dispatches") {
			once.Do(func() { s.world.SelectRepos(demo.Org, "other") })
		}
		poke(s.news)
	})
	sha := s.release()
	s.until("people in Slack read why the release waits", func() bool {
		return s.inSlack("does not reach "+demo.Repo, "Repository access", "It goes on by itself then")
	})
	s.world.SelectRepos(demo.Org)
	s.gate(sha)
}

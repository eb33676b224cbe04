package main_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// A release comes into a locked lane: it is built and approved and waits, which
// every surface says. Its approver takes the approval back and gives it again.
// When the lock is taken off it goes by itself, once.
func TestLockedLane(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	main := s.snapshot().Branches["main"]
	s.comment(demo.Eve, main, "/lock production mine")
	s.comment(demo.Dana, main, "/lock production checkout is being mended for 8h")
	s.answered(main, "👍 Taken.")
	sha := s.release()
	s.gate(sha)
	s.shows(sha, approval, "action_required", "production is locked by dana", "checkout is being mended")
	s.approve(sha)
	s.until("the deploy waits for the lock", func() bool {
		c := s.check(sha, deploy)
		return c.Status == "queued" && holds(c.Output.Summary, "production is locked by dana", "/unlock production")
	})
	s.comment(demo.Ada, sha, "/withdraw")
	s.until("the approval is taken back", func() bool {
		return s.asks(sha) && holds(s.check(sha, approval).Output.Summary, "does not count: ada took it back")
	})
	s.comment(demo.Ada, sha, "/approve")
	s.shows(sha, approval, "success")
	s.comment(demo.Omar, sha, "/unlock production")
	s.answered(sha, "To take it off takes the role maintain")
	if s.deployed() != 0 {
		t.Error("a locked lane deployed")
	}
	s.comment(demo.Dana, sha, "/unlock production")
	s.shows(sha, deploy, "success")
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
	for _, c := range s.snapshot().Comments {
		if strings.Contains(c.Body, "eve") {
			t.Errorf("somebody without write access was answered: %s", c.Body)
		}
	}
}

// A freeze keeps an approved release waiting, and says until when. Who may only
// write cannot lift it; a maintainer can, with a reason.
func TestFrozenLane(t *testing.T) {
	t.Parallel()
	config := strings.Replace(shortConfig, "    approval:", "    freeze: [{from: 2020-01-01, until: 2199-12-31, timezone: Europe/Warsaw, reason: the auditors are here}]\n    approval:", 1)
	s := open(t, demo.Options{Files: short(map[string]string{configFile: config})})
	sha := s.release()
	s.gate(sha)
	s.approve(sha)
	s.until("the deploy waits for the freeze to end", func() bool {
		c := s.check(sha, deploy)
		return c.Status == "queued" && holds(c.Output.Summary, "production is frozen until 2199-12-31 23:00 UTC", "the auditors are here", "/unfreeze production REASON")
	})
	s.comment(demo.Dana, sha, "/unfreeze production I am in a hurry")
	s.answered(sha, "To lift a freeze of production takes the role maintain")
	if s.deployed() != 0 {
		t.Error("a frozen lane deployed")
	}
	s.comment(demo.Ivan, sha, "/unfreeze production payments are down for 30m")
	s.shows(sha, deploy, "success")
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
}

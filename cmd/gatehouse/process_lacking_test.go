package main_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

const lacks, has = "an installation lacks what Gatehouse needs", "an installation has what Gatehouse needs again"

// What an installation is without is said before a release needs it: in the log
// and by the alerts, once, also over a restart; and so is that it is there again.
func TestInstallationLacksSomething(t *testing.T) {
	t.Parallel()
	s := closed(t, demo.Options{})
	s.world.SetPermission(demo.Org, "actions", "read")
	s.start()
	alerted := func(n int, words ...string) func() bool {
		return func() bool {
			slack, discord := s.town.Slack.Messages("alerts"), s.town.Discord.Messages()
			if len(slack) != n || len(discord) != n {
				return false
			}
			for _, w := range words {
				if !strings.Contains(slack[n-1].Text, w) || !strings.Contains(discord[n-1].Embeds[0].Title+discord[n-1].Embeds[0].Description, w) {
					return false
				}
			}
			return true
		}
	}
	s.until("both alerts", alerted(1, "actions: write", "No workflow can be started", "an owner of "+demo.Org+" accepts", "settings/installations/"))
	onPage := func() bool {
		_, body := s.get("/")
		return strings.Contains(body, "Gatehouse lacks something on "+demo.Org)
	}
	s.until("the first page", onPage)
	s.stop()
	s.start()
	s.until("it looks again", func() bool { return s.askedForTheApp(2) })
	s.until("the first page after a restart", onPage)
	s.world.SetPermission(demo.Org, "actions", "write")
	s.until("that it is there again", alerted(2, "has what it needs on "+demo.Org+" again"))
	s.until("the first page is as before", func() bool { return !onPage() })
	if n, m := s.log.count(lacks), s.log.count(has); n != 1 || m != 1 {
		t.Errorf("said %d times that it lacks something and %d times that it does not:\n%s", n, m, s.log)
	}
	s.world.SetPermission(demo.Org, "checks", "read")
	s.until("the first page once more", onPage)
	s.world.Uninstall(demo.Org)
	s.until("the first page without what is gone", func() bool { return !onPage() })
}

// askedForTheApp reports whether GitHub was asked so often for the App's settings.
func (s *scene) askedForTheApp(times int) bool {
	n := 0
	for _, c := range s.world.Record() {
		if c.Method == "GET" && c.Path == "/api/v3/app" {
			n++
		}
	}
	return n >= times
}

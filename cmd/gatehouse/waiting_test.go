package main_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/templates"
)

// told is the short configuration with every channel on, and rules of approval
// behind the usual ones.
func told(rules string) map[string]string {
	config := strings.Replace(shortConfig, "expires: 72h, ", "expires: 72h, "+rules, 1)
	return short(map[string]string{configFile: config + "notify: {slack: \"#releases\", discord: true}\n"})
}

// runPage reads the page of a commit's run.
func (s *scene) runPage(sha string) string {
	s.Helper()
	run, _, _ := strings.Cut(s.check(sha, approval).ExternalID, "/")
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, "http://"+s.env["GATEHOUSE_PAGES_ADDR"]+"/runs/"+run, nil)
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	status, body := s.do(req)
	if status != http.StatusOK {
		s.Errorf("the page of %s: %d", run, status)
	}
	return body
}

// inDiscord reports whether a card there has such a title.
func (s *scene) inDiscord(words ...string) bool {
	for _, m := range s.town.Discord.Messages() {
		for _, e := range m.Embeds {
			if holds(e.Title+"\n"+e.Description, words...) {
				return true
			}
		}
	}
	return false
}

// inSlack reports whether a message in #releases says all the words.
func (s *scene) inSlack(words ...string) bool {
	for _, m := range s.town.Slack.Messages(demo.Channel) {
		if holds(m.Text+string(m.Blocks), words...) {
			return true
		}
	}
	return false
}

// A release waits at the door of GitHub when a newer one arrives there: the older
// one's job is turned away and its workflow run ends, every surface says by whom it
// was superseded and asks nobody any more, and the newer one goes on.
func TestSupersededAtTheGate(t *testing.T) {
	t.Parallel()
	s := closed(t, demo.Options{Files: told("")})
	s.env["GATEHOUSE_PAGES_ADDR"] = freeAddr(t)
	if err := s.town.Pair(t.Context(), s.database(), demo.Ada); err != nil {
		t.Fatal(err)
	}
	s.start()
	old := s.release()
	s.gate(old)
	parked := s.parked(old)
	s.until("ada is asked directly", func() bool {
		all := s.town.Slack.Messages("@" + demo.Ada)
		return len(all) == 1 && strings.Contains(string(all[0].Blocks), templates.PressApprove)
	})
	newer := s.push(sandbox.Push{Branch: "release/v1.3.0", By: demo.Dana, Message: "Release v1.3.0", Files: map[string]string{"CHANGELOG.md": "# 1.3.0\n"}})
	s.gate(newer)

	const why = "Superseded by v1.3.0: v1.3.0, which is newer, has reached the gate."
	s.until("the door of the older one is shut and its workflow run is over", func() bool {
		run, err := s.world.Run(demo.Repo, parked)
		return err == nil && run.Status == "completed" && run.Conclusion != "success" &&
			run.Jobs[0].Gate.Verdict == "rejected" && run.Jobs[0].Gate.Comment == why && len(run.Jobs[0].Steps) == 0
	})
	s.shows(old, approval, "cancelled", why, "follow the newer run")
	s.until("Slack says so and asks nobody", func() bool {
		m, _ := s.message()
		return holds(m.Text+string(m.Blocks), "superseded", "v1.2.0", "See the newer run") && !s.offers(templates.PressApprove)
	})
	s.until("ada is told, too", func() bool {
		all := s.town.Slack.Messages("@" + demo.Ada)
		return len(all) > 0 && holds(string(all[0].Blocks), "Superseded by v1.3.0") && !strings.Contains(string(all[0].Blocks), templates.PressApprove)
	})
	s.until("Discord says so", func() bool { return s.inDiscord("v1.2.0", "superseded", "Superseded by v1.3.0") })
	if page := s.runPage(old); !holds(page, "Superseded by v1.3.0", "The newer run") {
		t.Errorf("the page does not say it:\n%s", page)
	}
	s.comment(demo.Ada, old, "/approve")
	s.answered(old, "No run here fits /approve")

	s.approve(newer)
	s.shows(newer, deploy, "success")
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
}

// Nobody answers: those who can approve are reminded, then the second group is told
// and may approve, and every place says so. One of it approves, and the release goes.
func TestNobodyAnswersTheGate(t *testing.T) {
	t.Parallel()
	rules := "remind: 1s, escalate: [{after: 2s, team: incident-commanders, may_approve: true}], "
	s := closed(t, demo.Options{Gate: demo.GateRule, Files: told(rules)})
	s.env["GATEHOUSE_PAGES_ADDR"] = freeAddr(t)
	if err := s.town.Pair(t.Context(), s.database(), demo.Ada, demo.Kim); err != nil {
		t.Fatal(err)
	}
	s.start()
	sha := s.release()
	s.gate(sha)
	s.until("Slack reminds ada by mention and omar by name", func() bool {
		return s.inSlack("still waits", "can still approve", sandbox.SlackUserID(demo.Ada), demo.Omar)
	})
	s.until("Discord does, without a mention", func() bool { return s.inDiscord("still waits", "can still approve", demo.Ada, demo.Omar) })
	s.until("the commanders are told", func() bool {
		return s.inSlack("still waits", sandbox.SlackUserID(demo.Kim), "may approve it from now on") && s.inDiscord("still waits", demo.Kim, demo.Ivan)
	})
	s.shows(sha, approval, "action_required", "incident-commanders", "may approve from then on")
	s.until("kim is asked directly", func() bool { return len(s.town.Slack.Messages("@"+demo.Kim)) == 1 })
	if page := s.runPage(sha); !holds(page, "If nobody does", "Told at", "incident-commanders") {
		t.Errorf("the page does not say it:\n%s", page)
	}
	s.comment(demo.Dana, sha, "/approve")
	s.answered(sha, "dana is in none of the groups", "incident-commanders")
	s.comment(demo.Kim, sha, "/approve")
	s.shows(sha, approval, "success", "✅ kim")
	s.shows(sha, deploy, "success")
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
}

package main_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/templates"
)

// paired is a scene in which these people have said in Slack who they are.
func paired(t *testing.T, o demo.Options, logins ...string) *scene {
	t.Helper()
	s := closed(t, o)
	if err := s.town.Pair(t.Context(), s.database(), logins...); err != nil {
		t.Fatal(err)
	}
	s.start()
	return s
}

// message is the run's message in #releases, or none.
func (s *scene) message() (m sandbox.SlackMessage, ok bool) {
	for _, m := range s.town.Slack.Messages(demo.Channel) {
		if m.Thread == "" && m.Only == "" {
			return m, true
		}
	}
	return sandbox.SlackMessage{}, false
}

// offers reports whether the run's message has a button.
func (s *scene) offers(button string) bool {
	m, ok := s.message()
	return ok && strings.Contains(string(m.Blocks), `"`+button+`"`)
}

func (s *scene) press(by, button string) {
	s.Helper()
	s.until("Slack offers "+button, func() bool { return s.offers(button) })
	m, _ := s.message()
	if err := s.town.Slack.Press(by, demo.Channel, m.TS, button); err != nil {
		s.Fatal(err)
	}
}

// whispered reports whether somebody was told so in #releases, alone.
func (s *scene) whispered(to string, words ...string) func() bool {
	return func() bool {
		return slices.ContainsFunc(s.town.Slack.Messages(demo.Channel), func(m sandbox.SlackMessage) bool {
			return m.Only == sandbox.SlackUserID(to) && holds(m.Text+string(m.Blocks), words...)
		})
	}
}

func TestSlackDecides(t *testing.T) {
	t.Parallel()
	s := paired(t, demo.Options{Gate: demo.GateRule, Files: short(map[string]string{configFile: shortConfig + "notify: {slack: \"#releases\"}\n"})}, demo.Ada, demo.Dana)
	sha := s.release()
	s.gate(sha)
	s.until("ada is asked directly", func() bool {
		all := s.town.Slack.Messages("@" + demo.Ada)
		return len(all) == 1 && strings.Contains(string(all[0].Blocks), templates.PressApprove)
	})
	s.until("GitHub's page says what is missing", func() bool {
		run, err := s.world.Run(demo.Repo, s.parked(sha))
		return err == nil && len(run.Jobs[0].Gate.Reports) > 0 && holds(run.Jobs[0].Gate.Reports[0], "Waits for 1 approval")
	})
	s.press(demo.Omar, templates.PressApprove)
	s.until("a stranger is asked who he is", s.whispered(demo.Omar, "does not know yet who you are on GitHub", "Nobody can sign in here yet"))
	s.press(demo.Dana, templates.PressApprove)
	s.until("who is not entitled is told so", s.whispered(demo.Dana, "in none of the groups that the policy names"))
	s.press(demo.Ada, templates.PressReject)
	if v := s.town.Slack.View(demo.Ada); v == nil || v.Title != "Reject v1.2.0" {
		t.Errorf("no form for the reason: %+v", v)
	}
	s.town.Slack.CloseView(demo.Ada)
	s.shows(sha, approval, "action_required")
	s.press(demo.Ada, templates.PressApprove)
	s.shows(sha, deploy, "success")
	s.shows(sha, approval, "success", "✅ ada", "Slack")
	s.until("Slack says who and has no buttons", func() bool {
		m, _ := s.message()
		return holds(string(m.Blocks), "Approved by ada", "Slack") && !s.offers(templates.PressApprove) && !s.offers(templates.PressReject)
	})
	s.until("what ada was asked is decided", func() bool {
		all := s.town.Slack.Messages("@" + demo.Ada)
		return len(all) == 1 && !strings.Contains(string(all[0].Blocks), "gatehouse_")
	})
	if s.deployed() != 1 || len(s.town.Slack.Messages("@"+demo.Omar))+len(s.town.Slack.Messages("@"+demo.Dana)) > 0 {
		t.Errorf("%d deploys; or somebody was asked who cannot answer", s.deployed())
	}
}

// A rejection is asked for its reason; whoever comes after it is told.
func TestSlackRejectsAndALateClick(t *testing.T) {
	t.Parallel()
	s := paired(t, demo.Options{Gate: demo.GateRule, Files: short(map[string]string{configFile: shortConfig + "notify: {slack: \"#releases\"}\n"})}, demo.Ada, demo.Omar)
	sha := s.release()
	s.gate(sha)
	s.until("Slack offers a decision", func() bool { return s.offers(templates.PressReject) })
	s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Path: "/slack/api/chat.update", Kind: sandbox.Status500}}}) // the message stays as it is
	s.press(demo.Ada, templates.PressReject)
	if err := s.town.Slack.Submit(demo.Ada, map[string]string{"reason": "The price is <!channel> wrong"}); err != nil {
		t.Fatal(err)
	}
	s.shows(sha, approval, "failure", "ada rejected the release", "The price is &lt;!channel&gt; wrong")
	s.press(demo.Omar, templates.PressApprove)
	s.until("the late click is told the state", s.whispered(demo.Omar, "This run is over: rejected"))
	s.world.SetFaults(sandbox.Faults{})
	s.until("Slack shows the rejection", func() bool {
		m, _ := s.message()
		return holds(string(m.Blocks), "rejected the release") && !s.offers(templates.PressApprove)
	})
	if s.deployed() != 0 {
		t.Errorf("%d deploys", s.deployed())
	}
}

// Forged and old clicks are refused and counted; the run does not hear of them.
func TestSlackForgery(t *testing.T) {
	t.Parallel()
	s := paired(t, demo.Options{Gate: demo.GateRule, Files: short(map[string]string{configFile: shortConfig + "notify: {slack: \"#releases\"}\n"})}, demo.Ada)
	sha := s.release()
	s.gate(sha)
	s.until("Slack offers a decision", func() bool { return s.offers(templates.PressApprove) })
	m, _ := s.message()
	for _, f := range []sandbox.SlackFaults{{Forged: true}, {Stale: 6 * time.Minute}} {
		s.town.Slack.SetFaults(f)
		if err := s.town.Slack.Press(demo.Ada, demo.Channel, m.TS, templates.PressApprove); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("%+v: %v", f, err)
		}
	}
	s.town.Slack.SetFaults(sandbox.SlackFaults{})
	if _, body := s.get("/metrics"); !strings.Contains(body, `gatehouse_slack_clicks_total{result="bad_signature"} 2`) {
		t.Error("forged clicks are not counted")
	}
	s.shows(sha, approval, "action_required")
}

// Two people decide in the same millisecond on different surfaces, one of them on
// two of them and twice: each counts once, and one deploy comes of it.
func TestSameMillisecond(t *testing.T) {
	t.Parallel()
	config := strings.Replace(shortConfig, "count: 1", "count: 2", 1) + "notify: {slack: \"#releases\"}\n"
	s := paired(t, demo.Options{Gate: demo.GateRule, Files: short(map[string]string{configFile: config})}, demo.Ada, demo.Omar)
	sha := s.release()
	s.gate(sha)
	s.until("Slack offers a decision", func() bool { return s.offers(templates.PressApprove) })
	m, _ := s.message()
	gate := s.check(sha, approval)
	s.town.Slack.SetFaults(sandbox.SlackFaults{Doubled: true})
	ready := make(chan struct{})
	var all sync.WaitGroup
	for _, act := range []func() error{
		func() error { return s.town.Slack.Press(demo.Ada, demo.Channel, m.TS, templates.PressApprove) },
		func() error { return s.world.PressCheckButton(demo.Ada, demo.Repo, gate.ID, "approve") },
		func() error { _, err := s.world.CommitComment(demo.Ada, demo.Repo, sha, "/approve"); return err },
		func() error { return s.town.Slack.Press(demo.Omar, demo.Channel, m.TS, templates.PressApprove) },
		func() error { return s.world.PressCheckButton(demo.Omar, demo.Repo, gate.ID, "approve") },
	} {
		all.Go(func() {
			<-ready
			if err := act(); err != nil {
				t.Error(err)
			}
		})
	}
	close(ready)
	all.Wait()
	s.shows(sha, deploy, "success")
	s.shows(sha, approval, "success")
	summary := s.check(sha, approval).Output.Summary
	for _, who := range []string{demo.Ada, demo.Omar} {
		if n := strings.Count(summary, fmt.Sprintf("✅ %s", who)); n != 1 {
			t.Errorf("%s counts %d times:\n%s", who, n, summary)
		}
	}
	if s.deployed() != 1 {
		t.Errorf("%d deploys", s.deployed())
	}
}

package main_test

import (
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/pgtest"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Slack is where people read of a release, and nothing that a release needs.
func TestSlackIsDown(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]sandbox.SlackFaults{
		"down":        {Down: true},
		"ratelimited": {RetryAfter: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := shortConfig + "      - notify\nnotify: {slack: \"#releases\"}\n"
			s := open(t, demo.Options{Files: short(map[string]string{configFile: config})})
			s.town.Slack.SetFaults(faults)
			sha := s.release()
			s.gate(sha)
			s.approve(sha)
			s.shows(sha, deploy, "success")
			s.town.Slack.SetFaults(sandbox.SlackFaults{})
			s.until("Slack is told in the end", func() bool { return s.town.Told("v1.2.0", "production") })
		})
	}
}

// Whatever GitHub answers while checks are painted, the release goes on, and
// the witness finds each check once and true.
func TestChecksOnBadDays(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"500":                      {Kind: sandbox.Status500, Times: 4},
		"502 that took effect":     {Kind: sandbox.Status502, Ambiguous: true, Times: 4},
		"429 with a time":          {Kind: sandbox.Status429, RetryAfter: time.Second, Times: 2},
		"secondary limit in time":  {Kind: sandbox.SecondaryLimited, RetryAfter: time.Second, Times: 2},
		"secondary without a time": {Kind: sandbox.SecondaryLimited, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if fault.Kind == sandbox.SecondaryLimited && fault.RetryAfter == 0 && testing.Short() {
				t.Skip("where GitHub names no time it is left alone for a minute")
			}
			s := open(t, demo.Options{})
			fault.Contains = "/check-runs"
			s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{fault}})
			if violations := s.tell(); len(violations) > 0 {
				t.Errorf("the witness objects: %v", violations)
			}
		})
	}
}

// A database server that goes away in the middle of a release, and comes back: the
// webhooks of that time are refused, and fetched again.
func TestDatabaseServerGone(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := closed(t, demo.Options{Files: short(nil)})
	s.env["GATEHOUSE_STORE"] = server.Database(t)
	s.start()
	server.Stop(t)
	sha := s.release()
	s.until("the push is answered 503", s.refused("push"))
	s.sick("the database server")
	server.Run(t)
	s.gate(sha)
	s.well()
	server.Stop(t)
	s.approve(sha)
	s.until("the approval is answered 503", s.refused("deployment_review"))
	server.Run(t)
	s.shows(sha, deploy, "success")
}

package templates

import (
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// escalates is a gate that tells further people later.
func escalates() pipeline.State {
	s := atGate(pipeline.GateByGatehouse)
	s.Run.Gate.Policy.Escalate = []pipeline.Escalate{
		{After: 12 * time.Hour, Team: "heads", MayApprove: true}, {After: 6 * time.Hour, Team: "leads"}, {After: 6 * time.Hour, User: "dora"},
	}
	return s
}

// escalated is a gate whose every step was taken.
func escalated() pipeline.State {
	s := escalates()
	s.Run.Gate.Escalated = 12 * time.Hour
	return s
}

// held is a release that went wrong, which nobody has taken yet.
func held() pipeline.State {
	s := smokeFailed()
	s.Run.Spec.Incident.Escalate = []pipeline.Escalate{{After: 10 * time.Minute, Team: "leads"}, {After: time.Hour, User: "dora"}}
	s.Lane.Lock = &pipeline.Lock{
		At: after(20 * time.Minute), Why: "v1.2.0 went wrong and what is live needs a person.",
		Call: &pipeline.Call{Run: s.Run.ID, Steps: []time.Duration{10 * time.Minute, time.Hour}, Made: 10 * time.Minute},
	}
	return s
}

// behindItsBranch is a gate of an environment that nobody shipped to for a while.
func behindItsBranch() pipeline.State {
	s := atGate(pipeline.GateByGatehouse)
	s.Lane.Behind = &pipeline.Behind{
		Environment: "production", Branch: "main", Version: "v1.2.0", Commits: 1, Since: after(-8 * 24 * time.Hour), At: after(0), SaidAt: after(0), Limit: 7 * 24 * time.Hour,
	}
	return s
}

// without is an installation that lacks so many things.
func without(n int) Lacking {
	return Lacking{pipeline.Lack{Installation: 5, Account: "avalo", Page: "https://github.com/organizations/avalo/settings/installations/7", Missing: []pipeline.Missing{
		{What: "The permission actions: write is granted as read only.", Without: "No workflow can be started, and no environment be read.", Fix: "The App asks for it; an owner of avalo accepts the new permissions on the installation's page."},
		{What: "The App does not hear the event push.", Without: "No push starts a release.", Fix: "The App's owner ticks <Push> & saves."},
	}[:n]}}
}

// lacks is the alert of it.
func lacks(n int) string {
	l := without(n)
	return "======== slack\n" + l.Text() + "\n======== discord\n" + showDiscord(l.Discord())
}

// calls are the messages to people who can help.
func calls() map[string]string {
	known := Mentions{Users: []string{"U024BE7LH"}, Logins: []string{"dora"}, All: []string{"alice", "dora"}}
	of := func(c Call) string {
		return "======== slack\n" + showSlack(c.Slack()) + "\n======== discord\n" + showDiscord(c.Discord())
	}
	leads, heads := []string{"@leads", "dora"}, []string{"@heads"}
	behind := NewBehind(pipeline.Behind{
		Environment: "production", Branch: "main", Version: "v1.2.0", Commits: 12, Since: after(0), At: after(6*24*time.Hour + time.Hour),
		Compare: "https://github.com/avalo/app/compare/1...2", Awaits: "the approval of v1.3.0",
	}, "https://gatehouse.example/lanes/7/avalo")
	return map[string]string{
		"alert-lacking-one":     lacks(1),
		"alert-lacking-two":     lacks(2),
		"alert-lacking-none":    lacks(0),
		"call-behind":           "======== slack\n" + showSlack(behind.Slack()) + "\n======== discord\n" + showDiscord(behind.Discord()),
		"call-reminder":         of(Reminder(view(escalates()), known)),
		"call-reminder-nobody":  of(Reminder(view(oneOfTwo()), Mentions{})),
		"call-escalation":       of(Escalation(view(escalates()), known, leads, false)),
		"call-may-approve":      of(Escalation(view(escalated()), Mentions{}, heads, false)),
		"call-incident":         of(Escalation(view(held()), known, leads, true)),
		"call-incident-comment": strings.TrimRight(EscalationComment(view(rollbackPartly()), []string{"avalo/leads", "dora"}, CallMarker("6924/escalate-600")), "\n") + "\n",
		"call-broken-glass":     of(BrokenGlass(view(glassBroken()), known, leads)),
		"call-nasty":            of(Escalation(view(nasty()), Mentions{Logins: []string{"<!channel>"}, All: []string{"@everyone"}}, heads, false)),
	}
}

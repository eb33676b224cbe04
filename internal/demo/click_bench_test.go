package demo_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/templates"
)

// patience is how long a step may take before the benchmark says which hangs.
const patience = time.Minute

// BenchmarkClick says how long a decision takes to be seen everywhere else,
// GitHub and Slack answering in 50 ms: a first approval, pressed in Slack, and
// the last one, pressed on the check run, each until the request that shows it is
// done on the check run, in Slack, and at GitHub's door; and the calls that made.
func BenchmarkClick(b *testing.B) {
	var first, last []time.Duration
	writes := map[string]int{}
	for len(first) < b.N {
		f, l, w := clicked(b, min(perTown, b.N-len(first)))
		first, last = append(first, f...), append(last, l...)
		for name, n := range w {
			writes[name] = max(writes[name], n)
		}
	}
	b.ReportMetric(0, "ns/op")
	tellOf(b, "first", first)
	tellOf(b, "last", last)
	for name, n := range writes {
		b.ReportMetric(float64(n), "most-writes-"+name)
	}
}

func twoApprovals(_, address string) string {
	return strings.Replace(shortWay("", address), "{team: release-approvers}", "{team: release-approvers, count: 2}", 1) + "notify: {slack: \"#releases\"}\n"
}

// clicked has n releases decided, one after the other.
func clicked(b *testing.B, n int) (first, last []time.Duration, writes map[string]int) {
	b.Helper()
	l := live(b, demo.Options{Gate: demo.GateRule, Step: time.Millisecond}, twoApprovals, nil)
	defer l.end()
	l.World.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Kind: sandbox.Slow, Delay: distance}, {Path: "/slack/api/", Kind: sandbox.Slow, Delay: distance}}})
	eyes := &eyes{writes: map[string]int{}}
	l.OnCall(eyes.heard)
	teller := l.teller()
	until := func(what string, happened func() bool) {
		ctx, stop := context.WithTimeout(b.Context(), patience)
		defer stop()
		if err := teller.Until(ctx, what, happened); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		sha, err := l.World.Push(demo.Repo, sandbox.Push{
			Branch: fmt.Sprintf("release/v3.0.%d", i), From: "main", By: demo.Dana, Message: fmt.Sprintf("Release v3.0.%d", i),
			Files: map[string]string{"package.json": fmt.Sprintf("{\"version\": \"3.0.%d\"}\n", i)},
		})
		if err != nil {
			b.Fatal(err)
		}
		var asked sandbox.SlackMessage
		until("Slack asks", func() bool {
			asked = sandbox.SlackMessage{}
			for _, m := range l.Slack.Messages(demo.Channel) {
				if m.Thread == "" && m.Only == "" && strings.Contains(string(m.Blocks), templates.PressApprove) {
					asked = m
				}
			}
			return asked.TS != "" && checkOf(l.Town, sha, "production / Approval") == "action_required"
		})
		eyes.look(demo.Ada)
		if err := l.Slack.Press(demo.Ada, demo.Channel, asked.TS, templates.PressApprove); err != nil {
			b.Fatal(err)
		}
		until("the first approval is seen everywhere", eyes.saw("check", "slack", "door"))
		first = append(first, eyes.took())
		until("the details tell of it too", func() bool { return detailed(l.Slack, demo.Ada, asked.TS) })
		eyes.look(demo.Omar)
		if err := l.World.PressCheckButton(demo.Omar, demo.Repo, gateOf(l.Town, sha), "approve"); err != nil {
			b.Fatal(err)
		}
		until("the last approval is seen everywhere", eyes.saw("check", "slack", "door"))
		last = append(last, eyes.took())
		until("it is deployed", func() bool { return checkOf(l.Town, sha, "production / Deploy") == "success" && l.Shown(sha) })
	}
	return first, last, eyes.writes
}

// detailed reports whether the thread of a message, which is written last, names
// somebody.
func detailed(slack *sandbox.Slack, who, thread string) bool {
	for _, m := range slack.Messages(demo.Channel) {
		if m.Thread == thread && strings.Contains(string(m.Blocks), "✅ "+who) {
			return true
		}
	}
	return false
}

// gateOf is the check run of a release's gate.
func gateOf(town *demo.Town, sha string) (id int64) {
	snap, err := town.World.Snapshot(demo.Repo)
	if err != nil {
		return 0
	}
	for _, c := range snap.CheckRuns {
		if c.HeadSHA == sha && c.Name == "production / Approval" {
			id = c.ID
		}
	}
	return id
}

// eyes see when each surface shows an approval of somebody.
type eyes struct {
	mu     sync.Mutex
	who    string
	since  time.Time
	seen   map[string]time.Time
	count  map[string]int
	writes map[string]int // the most that a first approval made, by surface
}

func (e *eyes) look(who string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.who, e.since, e.seen, e.count = who, time.Now(), map[string]time.Time{}, map[string]int{}
}

func (e *eyes) saw(surfaces ...string) func() bool {
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, s := range surfaces {
			if e.seen[s].IsZero() {
				return false
			}
		}
		return true
	}
}

// took is how long the slowest surface took.
func (e *eyes) took() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	slowest := time.Duration(0)
	for _, at := range e.seen {
		slowest = max(slowest, at.Sub(e.since))
	}
	return slowest
}

func (e *eyes) heard(c sandbox.Call) {
	if c.Phase != sandbox.Done || c.TrueStatus/100 != 2 || c.Method == "GET" {
		return
	}
	surface, shows := surfaceOf(c)
	e.mu.Lock()
	defer e.mu.Unlock()
	if surface == "" || e.who == "" {
		return
	}
	if e.who == demo.Ada { // nothing else happens after hers
		e.count[surface]++
		e.writes[surface] = max(e.writes[surface], e.count[surface])
	}
	if e.seen[surface].IsZero() && (strings.Contains(shows, "✅ "+e.who) || strings.Contains(shows, "pproved by "+e.who) || surface == "door" && strings.Contains(shows, e.who)) {
		e.seen[surface] = time.Now()
	}
}

// surfaceOf is where a request writes, and what.
func surfaceOf(c sandbox.Call) (surface, shows string) {
	switch {
	case strings.HasSuffix(c.Path, "/deployment_protection_rule"):
		return "door", string(c.Body)
	case strings.Contains(c.Path, "/check-runs") && strings.Contains(string(c.Body), `production / Approval`):
		return "check", string(c.Body)
	case c.Path == "/slack/api/chat.update":
		form, err := url.ParseQuery(string(c.Body))
		if err != nil || strings.HasPrefix(form.Get("channel"), "D") || strings.Contains(form.Get("text"), "Details of") {
			return "", ""
		}
		return "slack", form.Get("blocks")
	}
	return "", ""
}

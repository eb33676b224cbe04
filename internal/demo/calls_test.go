package demo_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// mostCalls is what a release of eleven stages may ask of GitHub as an
// installation, whose rate limit is the true ceiling of the product.
const mostCalls = 40

// approvals is how a release is approved, and what that may cost on top.
type approvals struct {
	gate   demo.Gate
	direct bool // approvers are written to in Slack: their team is read once for that
	more   int
}

// answered is a patience that outlasts a busy machine: GitHub answers a dispatch
// in less than the second that Gatehouse waits in production.
func (a approvals) answered(c *app.Config) {
	c.Settle, c.Sweep = 5*time.Minute, 200*time.Millisecond
	if !a.direct {
		c.SlackSigning = ""
	}
}

func TestReleaseCosts(t *testing.T) {
	for name, way := range map[string]approvals{
		"reviewers":      {gate: demo.GateReviewers},
		"asked in Slack": {gate: demo.GateReviewers, direct: true, more: 1},
		"rule":           {gate: demo.GateRule, more: 2}, // an approval is a comment: whose role is read, and which is answered
		"none":           {gate: demo.GateNone},
	} {
		t.Run(name, func(t *testing.T) {
			calls, n := costs(t, way)
			if n := sum(calls); n > mostCalls+way.more {
				t.Errorf("%d requests to GitHub, at most %d are allowed:\n%s", n, mostCalls+way.more, listed(calls))
			}
			if n != 11 {
				t.Errorf("the release has %d stages, not 11", n)
			}
		})
	}
}

// BenchmarkReleaseCosts says what a release of eleven stages asks of GitHub.
func BenchmarkReleaseCosts(b *testing.B) {
	var calls map[string]int
	for b.Loop() {
		calls, _ = costs(b, approvals{gate: demo.GateReviewers})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(sum(calls)), "calls")
	b.ReportMetric(float64(sum(calls))/mostCalls, "of-budget")
	b.Logf("one release of eleven stages:\n%s", listed(calls))
}

// costs tells a release and counts what it asked of GitHub, by kind, and its stages.
func costs(t testing.TB, way approvals) (calls map[string]int, n int) {
	t.Helper()
	l := live(t, demo.Options{Gate: way.gate}, elevenStages, way.answered)
	defer l.end()
	teller := l.teller()
	teller.Ponder = l.none(t, "kind = 'delivery' AND state = 'open'") // GitHub is not asked for what is heard, and people take longer than that
	told, err := teller.Release(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	calls = witness.Count(l.World.Record(), told.Since)
	maps.DeleteFunc(calls, func(kind string, _ int) bool { return strings.Contains(kind, " /app/") }) // asked as the App, once a minute for all runs
	return calls, len(stages(l.Town, told.Release))
}

// TestWaitingCostsNothing has a release wait at its gate while the app
// reconciles three times, and finds no other request in between.
func TestWaitingCostsNothing(t *testing.T) {
	l := live(t, demo.Options{}, elevenStages, func(c *app.Config) { c.Sweep = 100 * time.Millisecond })
	teller := l.teller()
	teller.Auto = false // nobody approves
	if _, err := teller.ToTheGate(t.Context()); err != nil {
		t.Fatal(err)
	}
	soon := time.Now().Add(time.Hour).UnixMicro()
	if err := teller.Until(t.Context(), "all that is left is to wait", l.none(t, "wake_at < ?", soon)); err != nil {
		t.Fatal(err)
	}
	since := len(l.World.Record())
	const lost = "GET /app/hook/deliveries"
	if err := teller.Until(t.Context(), "three reconciliations", func() bool { return witness.Count(l.World.Record(), since)[lost] >= 3 }); err != nil {
		t.Fatal(err)
	}
	calls := witness.Count(l.World.Record(), since)
	delete(calls, lost)
	if len(calls) > 0 {
		t.Errorf("while the release waits, GitHub is asked:\n%s", listed(calls))
	}
}

// over reports whether Gatehouse left none of its check runs of a commit open.
func over(town *demo.Town, sha string) bool {
	snap, err := town.World.Snapshot(demo.Repo)
	return err == nil && !slices.ContainsFunc(snap.CheckRuns, func(c sandbox.CheckRun) bool {
		return c.App == "gatehouse" && c.HeadSHA == sha && c.Status != "completed"
	})
}

// stages are the names of a commit's check runs.
func stages(town *demo.Town, sha string) map[string]bool {
	names := map[string]bool{}
	snap, err := town.World.Snapshot(demo.Repo)
	if err != nil {
		return nil
	}
	for _, c := range snap.CheckRuns {
		if c.HeadSHA == sha && strings.HasPrefix(c.Name, "production / ") {
			names[c.Name] = true
		}
	}
	return names
}

func sum(calls map[string]int) (n int) {
	for _, c := range calls {
		n += c
	}
	return n
}

func listed(calls map[string]int) string {
	var b strings.Builder
	for _, kind := range slices.SortedFunc(maps.Keys(calls), func(a, b string) int { return calls[b] - calls[a] }) {
		fmt.Fprintf(&b, "%4d  %s\n", calls[kind], kind)
	}
	return b.String()
}

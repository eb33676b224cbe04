package demo_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const (
	distance = 50 * time.Millisecond // how long GitHub takes for an answer
	perTown  = 5                     // releases: more would meet GitHub's pace of 80 contents a minute
)

// BenchmarkLatency says how long people wait for Gatehouse, GitHub answering in
// 50 ms: from a push's webhook to the first check that shows, and from the
// webhook of the approval to the request that lets the deploy run.
func BenchmarkLatency(b *testing.B) {
	for _, gate := range []demo.Gate{demo.GateReviewers, demo.GateNone} {
		b.Run(string(gate), func(b *testing.B) {
			var shown, opened []time.Duration
			var way string
			for len(shown) < b.N {
				s, o, last := releases(b, gate, min(perTown, b.N-len(shown)))
				shown, opened, way = append(shown, s...), append(opened, o...), last
			}
			b.Logf("the last of %d releases:\n%s", b.N, way)
			b.ReportMetric(0, "ns/op")
			tellOf(b, "push-to-check", shown)
			tellOf(b, "gate-to-deploy", opened)
		})
	}
}

// tellOf reports the median and the 99th percentile.
func tellOf(b *testing.B, what string, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	for name, at := range map[string]int{"-ms": 50, "-p99-ms": 99} {
		b.ReportMetric(float64(took[(len(took)-1)*at/100].Microseconds())/1000, what+name)
	}
}

// shortWay is a pipeline that has nothing between its gate and its deploy.
func shortWay(_, url string) string {
	return fmt.Sprintf(`version: 1
environments:
  production: {firebase: avalo-c8c46, url: %s/sites/production, approval: {need: [{team: release-approvers}], gate: auto}}
pipelines:
  production:
    on: {push: release/*}
    environment: production
    stages: [{workflow: test.yml}, approval, {deploy: {workflow: deploy.yml}}]
`, url)
}

// releases has n releases go through a town, one after the other; way is what the
// last one's time went into.
func releases(b *testing.B, gate demo.Gate, n int) (shown, opened []time.Duration, way string) {
	b.Helper()
	l := live(b, demo.Options{Gate: gate, Step: time.Millisecond}, shortWay, nil)
	defer l.end()
	l.World.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Kind: sandbox.Slow, Delay: distance}}})
	w := &stopwatch{}
	l.OnCall(w.heard)
	teller := l.teller()
	until := func(what string, happened func() bool) {
		if err := teller.Until(b.Context(), what, happened); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		sha, err := l.World.Push(demo.Repo, sandbox.Push{
			Branch: fmt.Sprintf("release/v2.0.%d", i), From: "main", By: demo.Dana, Message: fmt.Sprintf("Release v2.0.%d", i),
			Files: map[string]string{"package.json": fmt.Sprintf("{\"version\": \"2.0.%d\"}\n", i)},
		})
		if err != nil {
			b.Fatal(err)
		}
		until("the gate is open", func() bool { return checkOf(l.Town, sha, "production / Approval") == "action_required" })
		if err := l.Approve(sha); err != nil {
			b.Fatal(err)
		}
		until("it is deployed", func() bool { return checkOf(l.Town, sha, "production / Deploy") == "success" && l.Shown(sha) })
		s, o := w.take()
		shown, opened = append(shown, s), append(opened, o)
	}
	return shown, opened, w.way
}

// checkOf is the conclusion of a check run.
func checkOf(town *demo.Town, sha, name string) string {
	snap, err := town.World.Snapshot(demo.Repo)
	if err != nil {
		return ""
	}
	for _, c := range snap.CheckRuns {
		if c.HeadSHA == sha && c.Name == name {
			return c.Conclusion
		}
	}
	return ""
}

// stopwatch hears what goes to and fro.
type stopwatch struct {
	mu                            sync.Mutex
	push, check, approval, deploy time.Time
	steps                         []string // requests on the way to check and deploy
	way                           string   // the steps of the release before
}

func (w *stopwatch) heard(c sandbox.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := c.Phase == sandbox.Done && c.TrueStatus/100 == 2
	if done && c.Kind == sandbox.KindGitHub {
		w.step(c)
	}
	switch {
	case c.Kind == sandbox.KindWebhook && c.Phase == sandbox.Arrived:
		switch {
		case c.Event == "push" && w.push.IsZero(): // one that is sent again is older
			w.push = time.Now()
		case !w.approval.IsZero():
		case c.Event == "deployment_review" && c.Action == "approved", c.Event == "commit_comment":
			w.approval = time.Now()
		}
	case !done || c.Method != "POST":
	case w.check.IsZero() && strings.HasSuffix(c.Path, "/check-runs"):
		w.check = time.Now()
	case w.deploy.IsZero() && !w.approval.IsZero() && (strings.Contains(string(c.Body), `"state":"approved"`) || strings.HasSuffix(c.Path, "/deploy.yml/dispatches")):
		w.deploy = time.Now()
	}
}

// step notes a request that somebody may be waiting for.
func (w *stopwatch) step(c sandbox.Call) {
	switch {
	case !w.approval.IsZero() && w.deploy.IsZero():
		w.steps = append(w.steps, fmt.Sprintf("%6d ms behind the approval  %s %s", time.Since(w.approval).Milliseconds(), c.Method, c.Route))
	case w.check.IsZero():
		w.steps = append(w.steps, fmt.Sprintf("%6d ms behind the push      %s %s", time.Since(w.push).Milliseconds(), c.Method, c.Route))
	}
}

// take ends a release: how long its first check took, and its deploy.
func (w *stopwatch) take() (shown, opened time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	shown, opened = w.check.Sub(w.push), w.deploy.Sub(w.approval)
	w.push, w.check, w.approval, w.deploy = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	w.way, w.steps = strings.Join(w.steps, "\n"), nil
	return shown, opened
}

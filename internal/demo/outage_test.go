package demo_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// TestRollbackWithoutActionsAndSlack has GitHub Actions and Slack answer 503 from
// before the final approval on, and the deploy workflow deleted. Everything is
// back before either answers again, and is told when they do.
func TestRollbackWithoutActionsAndSlack(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole story")
	}
	l := live(t, demo.Options{Step: 50 * time.Millisecond}, nil, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var from, until int // of the record: the outage
	teller := l.teller()
	teller.Outage = func() (func(), error) {
		from = len(l.World.Record())
		l.World.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{
			{Contains: "/actions/", Kind: sandbox.Status503},
			{Path: "/slack/", Kind: sandbox.Status503},
			{Method: "webhook", Path: "push", Kind: sandbox.Lost}, // the rollback is alone: staging does not start
		}})
		_, err := l.World.Push(demo.Repo, sandbox.Push{
			Branch: "main", By: demo.Dana, Message: "Remove the deploy workflow",
			Files: map[string]string{".github/workflows/deploy.yml": sandbox.Deleted},
		})
		turnedAway := func() bool {
			return slices.ContainsFunc(l.World.Record()[from:], func(c sandbox.Call) bool { return strings.HasPrefix(c.Path, "/slack/") })
		}
		return func() {
			if err := teller.Until(ctx, "Slack turns the news away", turnedAway); err != nil { // its message rests for a moment between two calls
				t.Error(err)
			}
			until = len(l.World.Record())
			l.World.SetFaults(sandbox.Faults{})
		}, err
	}
	back, err := teller.Rollback(ctx)
	if err != nil {
		t.Fatal(err)
	}
	told := func() bool { return l.Told("v1.4.0", "v1.2.0", "olled back") }
	if err := teller.Until(ctx, "Slack is told what it missed", told); err != nil {
		t.Fatal(err)
	}
	l.World.Drain()
	world, err := l.BackEvidence(back)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range witness.Rollback(world) {
		t.Errorf("%s: %s", v.Rule, v.Saw)
	}
	moved := 0
	for _, c := range l.World.Record()[from:until] {
		switch {
		case c.Kind == sandbox.KindGitHub && strings.Contains(c.Path, "/actions/"):
			t.Errorf("call %d asks Actions: %s %s", c.Seq, c.Method, c.Path)
		case strings.HasPrefix(c.Path, "/slack/") && c.Status != http.StatusServiceUnavailable:
			t.Errorf("call %d reached Slack in its outage: %d", c.Seq, c.Status)
		case c.Kind == sandbox.KindGoogle && c.Method != http.MethodGet:
			moved++
		}
	}
	if moved == 0 {
		t.Error("nothing moved while Actions and Slack were away")
	}
}

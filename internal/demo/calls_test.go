package demo_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// A release may cost this many requests to GitHub: the true ceiling of the
// product is GitHub's rate limit.
const mostCalls = 60 // 48 to 50 on an idle machine; a slow one is shown what a fast one skips

func TestReleaseCosts(t *testing.T) {
	for _, gate := range []demo.Gate{demo.GateReviewers, demo.GateRule, demo.GateNone} {
		t.Run(string(gate), func(t *testing.T) {
			fig, err := demo.Run(context.Background(), demo.Play{
				Story: "release", Auto: true, JSON: true, Gate: gate, Out: io.Discard, Now: time.Now,
			})
			if err != nil || !fig.OK {
				t.Fatalf("the story went wrong: %v, %v", err, fig.Violations)
			}
			t.Logf("%d calls", fig.GitHubCalls)
			if fig.GitHubCalls > mostCalls {
				t.Errorf("%d requests to GitHub, at most %d are allowed", fig.GitHubCalls, mostCalls)
			}
		})
	}
}

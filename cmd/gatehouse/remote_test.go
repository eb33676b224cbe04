package main

import (
	"testing"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Who may not is told apart from what cannot be (design.md, section 7).
func TestExitCodeOfAnAnswer(t *testing.T) {
	for code, want := range map[string]int{
		"": exitGood, "author": exitDenied, "not-commander": exitDenied, "not-entitled": exitDenied, "requester": exitDenied, "no-such-version": exitFailed,
	} {
		g := given{Status: "done"}
		if code != "" {
			g = given{Status: "refused", Refused: &pipeline.Refusal{Code: code}}
		}
		if got := exitCode(g.outcome()); got != want {
			t.Errorf("%q: got %d, want %d", code, got, want)
		}
	}
	if got := exitCode((given{Status: "waiting"}).outcome()); got != exitWaiting {
		t.Errorf("waiting: got %d", got)
	}
}

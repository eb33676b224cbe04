package rollback_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
)

func TestChoices(t *testing.T) {
	var got []string
	for _, c := range rollback.Choices(history(), &pipeline.Shipped{Run: "r6"}, "production") {
		word := string(c.Run)
		if c.Usual {
			word += " usual"
		}
		if c.Why != nil {
			word += " " + c.Why.Code
		}
		got = append(got, word)
	}
	if text, want := strings.Join(got, ", "), "r6 already-live, r5, r4 release-bad, r3 usual, r2 no-snapshot, r1, r0"; text != want {
		t.Errorf("offered: %s, want %s", text, want)
	}
	if got := rollback.Choices(nil, nil, "production"); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

// Where no comment is sent, none is there to be copied.
func TestElsewhere(t *testing.T) {
	_, why := rollback.Target(history(), &pipeline.Shipped{Run: "r6"}, "production", "v9")
	got := rollback.Elsewhere(*why, "Choose one in the list.")
	if got.Lines != "" || !strings.HasSuffix(got.Fix, "v1.2.0, v1.0.0, initial. Choose one in the list.") || got.Code != why.Code {
		t.Errorf("an unknown version: %+v", got)
	}
	got = rollback.Elsewhere(*rollback.Request{Environment: "production"}.Check(), "Fill in what is missing.")
	if got.Lines != "" || got.Fix != "Fill in what is missing." {
		t.Errorf("an incomplete request: %+v", got)
	}
	other := pipeline.Refusal{Code: "x", Reason: "No.", Fix: "Do this:", Lines: "line"}
	if got := rollback.Elsewhere(other, "-"); got.Lines != other.Lines || got.Fix != other.Fix {
		t.Errorf("another refusal: %+v", got)
	}
}

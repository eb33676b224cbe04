package demo_test

import (
	"io"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// TestFaults tells the release once for each fault: all end in the same world.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole story for each fault")
	}
	fig, err := demo.Run(t.Context(), demo.Play{Story: demo.StoryFaults, Gate: demo.GateReviewers, Out: io.Discard, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if len(fig.Faults) == 0 {
		t.Error("no fault was told of")
	}
	for _, d := range fig.Faults {
		if !d.OK {
			t.Errorf("%s: people saw %q, and in the end: %s", d.Fault, d.Saw, d.End)
		}
	}
}

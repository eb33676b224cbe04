package main_test

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// TestFaults has the program tell the release once for each fault: all end in the
// same world.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole story for each fault")
	}
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), build(t), "demo", "--story", demo.StoryFaults, "--auto", "--json").Output() //nolint:gosec // our own build
	if err != nil {
		t.Errorf("%v", err)
	}
	var fig demo.Figures
	if err := json.Unmarshal(out, &fig); err != nil {
		t.Fatalf("%v in %q", err, out)
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

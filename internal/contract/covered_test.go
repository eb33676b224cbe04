package contract

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

var update = flag.Bool("update", false, "rewrite the golden files; review the diff")

// coverage lists the operations, with the status of their answers, and the webhooks that were judged.
func coverage(v *Validator, record []sandbox.Call) []string {
	lines := slices.Collect(maps.Keys(v.Covered()))
	for _, c := range record {
		if c.Kind != sandbox.KindWebhook {
			continue
		}
		line := "webhook " + c.Event
		if c.Action != "" {
			line += "." + c.Action
		}
		lines = append(lines, line)
	}
	return lines
}

// golden compares what was covered with a file, so that a loss or gain of coverage is seen in a review. Lines of the file
// that end in a question mark depend on timing and may be missing; -update keeps them.
func golden(t *testing.T, name string, covered map[string]bool) {
	t.Helper()
	if t.Failed() {
		return
	}
	path := filepath.Join("testdata", name)
	text, err := os.ReadFile(path)
	if !os.IsNotExist(err) {
		must(t, err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	sometimes := func(line string) bool { return slices.Contains(want, line+" ?") }
	if *update {
		kept := maps.Clone(covered)
		maps.DeleteFunc(kept, func(line string, _ bool) bool { return sometimes(line) })
		for _, line := range want {
			if strings.HasSuffix(line, " ?") {
				kept[line] = true
			}
		}
		must(t, os.WriteFile(path, []byte(strings.Join(slices.SortedFunc(maps.Keys(kept), byPath), "\n")+"\n"), 0o600))
		return
	}
	for _, line := range want {
		if !covered[line] && !strings.HasSuffix(line, " ?") {
			t.Errorf("%s: no longer covered: %s", name, line)
		}
	}
	for line := range covered {
		if !slices.Contains(want, line) && !sometimes(line) {
			t.Errorf("%s: newly covered, so run the test with -update: %s", name, line)
		}
	}
}

// byPath sorts operations by their path, then by method and status.
func byPath(a, b string) int {
	key := func(s string) string {
		parts := strings.Fields(s)
		if len(parts) >= 3 {
			return parts[1] + " " + parts[0] + " " + parts[2]
		}
		return s
	}
	return strings.Compare(key(a), key(b))
}

// TestEveryOperationIsCovered drives the sandbox through everything that it serves and lists what GitHub's descriptions
// had to say about it.
func TestEveryOperationIsCovered(t *testing.T) {
	covered := map[string]bool{}
	for _, drive := range []func(*rig){
		appOperations, peopleOperations, gitOperations, checkOperations, deploymentOperations, environmentOperations,
		commentOperations, actionsOperations, gateOperations,
	} {
		r := newRig(t)
		drive(r)
		r.Drain()
		for _, line := range coverage(r.validator, r.Record()) {
			covered[line] = true
		}
	}
	golden(t, "covered.golden", covered)
}

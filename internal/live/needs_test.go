package live_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/live"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// TestTheReadmeAsksForWhatIsNeeded holds README.md to the table in needs.go.
func TestTheReadmeAsksForWhatIsNeeded(t *testing.T) {
	var permissions, events []string
	for _, p := range live.Permissions() {
		permissions = append(permissions, strings.ReplaceAll(p.Name, "_", " ")+" "+p.Level)
	}
	for _, e := range live.Events() {
		events = append(events, strings.ReplaceAll(e.Name, "_", " "))
	}
	want := "The App needs: " + strings.Join(permissions, ", ") + "; and the events " + strings.Join(events, ", ") + "."
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(readme)), " "), want) {
		t.Errorf("README.md does not say: %s", want)
	}
}

// TestTheInstallationAsksForWhatIsNeeded holds the tables of docs/install.md to those in needs.go.
func TestTheInstallationAsksForWhatIsNeeded(t *testing.T) {
	permissions, events := "| permission | access | without it |\n|---|---|---|\n", "| event | without it |\n|---|---|\n"
	for _, p := range live.Permissions() {
		permissions += "| " + p.Name + " | " + p.Level + " | " + p.Without + " |\n"
	}
	for _, e := range live.Events() {
		events += "| " + e.Name + " | " + e.Without + " |\n"
	}
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{permissions, events} {
		if !strings.Contains(string(page), "\n\n"+table+"\n") {
			t.Errorf("docs/install.md has another table than needs.go:\n%s", table)
		}
	}
}

// TestEveryEventThatIsHeardIsAskedFor probes the webhook handler with a body that only a heard event trips over.
func TestEveryEventThatIsHeardIsAskedFor(t *testing.T) {
	asked := map[string]bool{}
	for _, e := range live.Events() {
		asked[e.Name] = true
	}
	for _, name := range slices.Concat(sandbox.DefaultEvents(), slices.Collect(maps.Keys(asked))) {
		_, err := handlers.Translate(handlers.Us{}, name, []byte("["), time.Time{})
		if heard := err != nil; heard != asked[name] {
			t.Errorf("%s: heard %v, asked for %v", name, heard, asked[name])
		}
	}
}

// TestTheSandboxGrantsWhatIsNeeded keeps the demo from working where GitHub would not.
func TestTheSandboxGrantsWhatIsNeeded(t *testing.T) {
	for _, p := range live.Permissions() {
		if got := sandbox.DefaultPermissions()[p.Name]; got != p.Level {
			t.Errorf("the sandbox grants %s: %q, needed is %q", p.Name, got, p.Level)
		}
	}
	for _, e := range live.Events() {
		if !slices.Contains(sandbox.DefaultEvents(), e.Name) {
			t.Errorf("the sandbox sends no %s", e.Name)
		}
	}
}

package app

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Every variable that is read stands in .env.example, which is where operators
// look, and nothing else does.
func TestEveryVariableIsDescribed(t *testing.T) {
	asked := map[string]bool{}
	read := func(set map[string]string) {
		_, _ = LoadConfig(func(name string) string { // most of it is missing, and said to be
			asked[name] = true
			return set[name]
		})
	}
	read(nil)
	read(map[string]string{"GITHUB_OAUTH_CLIENT_ID": "Iv1.0"})
	read(map[string]string{"GATEHOUSE_STORE": "firestore:acme", "GATEHOUSE_WAKER": "cloudtasks:projects/acme/locations/l/queues/q"})
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]+)=`).FindAllSubmatch(text, -1) {
		described[string(m[1])] = true
	}
	for _, platform := range []string{"PORT", "GAE_ENV", "GOOGLE_CLOUD_PROJECT", "K_SERVICE", "CLOUD_TASKS_EMULATOR_HOST"} {
		delete(asked, platform) // set by Google, or by tests
	}
	for name := range asked {
		if !described[name] {
			t.Errorf("%s is read, and .env.example does not know it", name)
		}
	}
	for name := range described {
		if !asked[name] && !strings.HasPrefix(name, "GOOGLE_") && !strings.HasPrefix(name, "FIRESTORE_") && !strings.HasPrefix(name, "OTEL_") { // read by libraries
			t.Errorf(".env.example has %s, and nothing reads it", name)
		}
	}
}

// TestKeepRuns refuses what would delete a run that GitHub may still ask for.
func TestKeepRuns(t *testing.T) {
	const day = 24 * time.Hour
	for set, want := range map[string]time.Duration{
		"": 400 * day, "forever": 0, "35d": 35 * day, "2000h": 2000 * time.Hour, "34d": -1, "0": -1, "400": -1, "-50d": -1, "a year": -1,
	} {
		l := &loader{get: func(string) string { return set }}
		got := l.keepRuns()
		switch {
		case want < 0 && (len(l.wrong) != 1 || !strings.Contains(l.wrong[0].Error(), "GATEHOUSE_KEEP_RUNS")):
			t.Errorf("%q is accepted: %v", set, l.wrong)
		case want >= 0 && (len(l.wrong) > 0 || got != want):
			t.Errorf("%q: %s, %v", set, got, l.wrong)
		}
	}
}

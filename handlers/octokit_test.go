package handlers_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// octokit reads GitHub's own examples of webhooks from the npm package
// @octokit/webhooks-examples; GATEHOUSE_OCTOKIT is node_modules/@octokit.
func octokit(t *testing.T) map[string][]json.RawMessage {
	t.Helper()
	required := slices.Contains(strings.Split(os.Getenv("GATEHOUSE_TEST_REQUIRE"), ","), "octokit")
	b, err := os.ReadFile(filepath.Join(os.Getenv("GATEHOUSE_OCTOKIT"), "webhooks-examples", "api.github.com", "index.json"))
	if err != nil && required {
		t.Fatalf("GATEHOUSE_TEST_REQUIRE asks for GitHub's examples: run npm ci and set GATEHOUSE_OCTOKIT to node_modules/@octokit: %v", err)
	}
	if err != nil {
		t.Skip("GitHub's examples are not here: run npm ci and set GATEHOUSE_OCTOKIT to node_modules/@octokit")
	}
	var events []struct {
		Name     string
		Examples []json.RawMessage
	}
	if err := json.Unmarshal(b, &events); err != nil {
		t.Fatal(err)
	}
	out := map[string][]json.RawMessage{}
	for _, e := range events {
		out[e.Name] = append(out[e.Name], e.Examples...)
	}
	return out
}

// Every example of every event is answered 2xx, as it is and with an
// installation, and only these make something of it. The figures are the
// examples that do: one workflow run was dispatched, and no comment holds a
// command.
func TestOctokitExamples(t *testing.T) {
	want := map[string]int{
		"push": 2, "check_run": 3, "check_suite": 4, "status": 4, "workflow_run": 1, "deployment_status": 1,
	}
	got, posted := map[string]int{}, 0
	for event, list := range octokit(t) {
		for i, payload := range list {
			b := newBench(t)
			for _, body := range [][]byte{payload, installed(t, payload)} {
				if resp, answer := b.post(t, webhook(t, event, body)); resp.Code/100 != 2 {
					t.Errorf("%s %d: %d %+v", event, i, resp.Code, answer)
				}
				posted++
			}
			last := b.counted[len(b.counted)-1]
			if last == "stored" {
				got[event]++
			}
			if len(b.stored) > 0 && last != "stored" {
				t.Errorf("%s %d is stored as it is, but not with an installation", event, i)
			}
		}
	}
	if posted < 2*300 {
		t.Errorf("only %d payloads were posted: is the package whole?", posted)
	}
	for event, n := range got {
		if n != want[event] {
			t.Errorf("%d examples of %s are stored, want %d", n, event, want[event])
		}
	}
	for event, n := range want {
		if got[event] != n {
			t.Errorf("%d examples of %s are stored, want %d", got[event], event, n)
		}
	}
}

// installed adds what the examples from repository hooks lack.
func installed(t *testing.T, payload []byte) []byte {
	t.Helper()
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(payload, &whole); err != nil {
		t.Fatal(err)
	}
	whole["installation"] = json.RawMessage(`{"id": 7}`)
	b, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

package witness

import (
	"net/http"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Figures are a story in numbers, as one line of JSON tells them. All of them come from the record.
type Figures struct {
	Story        string `json:"story"`
	OK           bool   `json:"ok"`
	GitHubCalls  int    `json:"github_calls"`  // requests of the app to GitHub
	GitHubWrites int    `json:"github_writes"` // those that are no GET
	SlackCalls   int    `json:"slack_calls"`
	Webhooks     int    `json:"webhooks"` // attempts to deliver one
	Probes       int    `json:"probes"`
	// PushToCheckMS is from the release's push to the request for its first check run; -1 if either is missing.
	PushToCheckMS int64       `json:"push_to_check_ms"`
	Violations    []Violation `json:"violations,omitempty"`
}

// Measure judges the release of a world and counts what it took.
func Measure(story string, w World) Figures {
	out := Figures{Story: story, Violations: Release(w), PushToCheckMS: pushToCheck(w)}
	out.OK = len(out.Violations) == 0
	for _, c := range w.Calls {
		switch {
		case asksGitHub(c):
			out.GitHubCalls++
			if c.Method != http.MethodGet {
				out.GitHubWrites++
			}
		case c.Kind == sandbox.KindSlack:
			out.SlackCalls++
		case c.Kind == sandbox.KindWebhook:
			out.Webhooks++
		case c.Kind == sandbox.KindSite:
			out.Probes++
		}
	}
	return out
}

// Count counts the app's requests to GitHub after the call numbered since, by method and route; 0 counts all.
func Count(calls []sandbox.Call, since int) map[string]int {
	out := map[string]int{}
	for _, c := range calls {
		if c.Seq <= since || !asksGitHub(c) {
			continue
		}
		route := c.Route
		if route == "" {
			route = c.Path // Nothing matched, or a fault answered first.
		}
		out[c.Method+" "+route]++
	}
	return out
}

// asksGitHub reports whether a call is a request of the app; one without a name is a request that was not let in.
func asksGitHub(c sandbox.Call) bool {
	return c.Kind == sandbox.KindGitHub && (c.As == "" || byApp(c))
}

func pushToCheck(w World) int64 {
	f := gather(w)
	push, found := f.push()
	if !found {
		return -1
	}
	for _, c := range f.writes() {
		if c.created {
			return c.call.At.Sub(push.At).Milliseconds()
		}
	}
	return -1
}

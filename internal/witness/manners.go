package witness

import (
	"fmt"
	"net/http"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// hooksAnswered: GitHub does not send a webhook again by itself, so each must have been taken in the end.
func hooksAnswered(f *facts) []string {
	taken, pushed := map[string]bool{}, false
	var saw []string
	for _, c := range f.w.Calls {
		if c.Kind == sandbox.KindWebhook && c.Status >= 200 && c.Status < 300 {
			taken[c.GUID] = true
			pushed = pushed || c.Event == "push"
		}
	}
	for _, c := range f.w.Calls {
		if c.Kind == sandbox.KindWebhook && !taken[c.GUID] {
			taken[c.GUID] = true // Say it once.
			saw = append(saw, fmt.Sprintf("%s %s (%s) was answered %d and never taken", c.Event, c.Action, c.GUID, c.Status))
		}
	}
	if !pushed && len(saw) == 0 {
		saw = append(saw, "no push was ever delivered")
	}
	return saw
}

// AllTaken reports whether each webhook was taken in the end, as far as the record goes.
func AllTaken(calls []sandbox.Call) bool {
	open := map[string]bool{}
	for _, c := range calls {
		if c.Kind == sandbox.KindWebhook {
			was, known := open[c.GUID]
			open[c.GUID] = (!known || was) && (c.Status < 200 || c.Status >= 300)
		}
	}
	for _, still := range open {
		if still {
			return false
		}
	}
	return true
}

// noGuessing: 401 and 422 say that the app did not know who it was or what it wrote.
func noGuessing(f *facts) []string {
	var saw []string
	for _, c := range f.w.Calls {
		if c.Kind != sandbox.KindGitHub || c.As != "" && !byApp(c) || c.Fault == string(sandbox.TokenExpired) {
			continue // nobody can know that his token ends early
		}
		if s := outcome(c); s == http.StatusUnauthorized || s == http.StatusUnprocessableEntity {
			saw = append(saw, fmt.Sprintf("call %d, %s %s, was answered %d: %.200s", c.Seq, c.Method, c.Path, s, c.Answer))
		}
	}
	return saw
}

package app

import (
	"strings"
	"testing"
)

// TestTraceURL refuses an address that would be the same for every run, or not lead anywhere.
func TestTraceURL(t *testing.T) {
	for set, want := range map[string]string{
		"": "", "https://traces.example/t/{trace}?x=1": "https://traces.example/t/{trace}?x=1",
		"https://traces.example/t/": "-", "javascript:alert('{trace}')": "-", "{trace}": "-",
	} {
		l := &loader{get: func(string) string { return set }}
		got := l.traceURL()
		switch {
		case want == "-" && (len(l.wrong) != 1 || !strings.Contains(l.wrong[0].Error(), "GATEHOUSE_TRACE_URL")):
			t.Errorf("%q is accepted: %v", set, l.wrong)
		case want != "-" && (len(l.wrong) > 0 || got != want):
			t.Errorf("%q: %q, %v", set, got, l.wrong)
		}
	}
}

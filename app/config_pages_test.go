package app

import (
	"strings"
	"testing"
)

// TestPagesAddr lets the pages be on this machine only: whoever reaches them sees every run.
func TestPagesAddr(t *testing.T) {
	for set, want := range map[string]string{
		"": "127.0.0.1:8081", "off": "", "127.0.0.1:9000": "127.0.0.1:9000", "localhost:9000": "localhost:9000", "[::1]:9000": "[::1]:9000",
		":8081": "-", "0.0.0.0:8081": "-", "10.0.0.3:8081": "-", "example.com:8081": "-", "8081": "-",
	} {
		l := &loader{get: func(string) string { return set }}
		got := l.pagesAddr()
		switch {
		case want == "-" && (len(l.wrong) != 1 || !strings.Contains(l.wrong[0].Error(), "GATEHOUSE_PAGES_ADDR")):
			t.Errorf("%q is accepted: %v", set, l.wrong)
		case want != "-" && (len(l.wrong) > 0 || got != want):
			t.Errorf("%q: %q, %v", set, got, l.wrong)
		}
	}
}

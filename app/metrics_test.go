package app

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMetricsTable holds docs/operations.md to the code, line by line: a figure
// that is new, gone or means something else is a line that differs.
func TestMetricsTable(t *testing.T) {
	doc, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, made []string
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "| `gatehouse_") {
			documented = append(documented, strings.TrimSpace(line))
		}
	}
	for _, f := range newMetrics().table {
		labels := ""
		if len(f.labels) > 0 {
			labels = "`" + strings.Join(f.labels, "`, `") + "`"
		}
		made = append(made, fmt.Sprintf("| `%s` | %s | %s | %s |", f.name, f.kind, labels, f.help))
	}
	if got, want := strings.Join(documented, "\n"), strings.Join(made, "\n"); got != want {
		t.Errorf("docs/operations.md has\n%s\n\nand the code\n%s", got, want)
	}
}

// TestMetricsAddr serves the figures, and nothing else, where other machines may ask.
func TestMetricsAddr(t *testing.T) {
	for set, want := range map[string]string{"": "", ":9090": ":9090", "10.0.0.3:9090": "10.0.0.3:9090", "9090": "-", "10.0.0.3": "-", "10.0.0.3:": "-"} {
		l := &loader{get: func(string) string { return set }}
		if got := l.metricsAddr(); want == "-" && len(l.wrong) != 1 || want != "-" && (len(l.wrong) > 0 || got != want) {
			t.Errorf("%q: %q, %v", set, got, l.wrong)
		}
	}
	a := startOn(t, filepath.Join(t.TempDir(), "gatehouse.db"), "GATEHOUSE_METRICS_ADDR=127.0.0.1:0")
	for path, want := range map[string]int{"/metrics": http.StatusOK, "/": http.StatusNotFound, "/healthz": http.StatusNotFound, "/api/github/hook": http.StatusNotFound} {
		code, body := ask(t, "http://"+a.MetricsAddr()+path)
		if code != want || want == http.StatusOK && !strings.Contains(body, `gatehouse_webhooks_total{result="unavailable"} 0`) {
			t.Errorf("%s: %d, want %d: %.300s", path, code, want, body)
		}
	}
}

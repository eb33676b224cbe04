package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// claim is a package and one of its tests, as docs/security.md names them.
var claim = regexp.MustCompile("`([a-z/]+)` `((?:Test|Fuzz)[A-Za-z0-9_]+)`")

// TestSecurityNamesTests holds every claim of docs/security.md to a test that
// exists.
func TestSecurityNamesTests(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		row := strings.HasPrefix(line, "| ") && !strings.Contains(line, "| shown by |")
		found := claim.FindAllStringSubmatch(line, -1)
		if row && len(found) == 0 {
			t.Errorf("nothing shows this: %s", line)
		}
		for _, c := range found {
			if !declares(t, c[1], c[2]) {
				t.Errorf("%s has no %s", c[1], c[2])
			}
		}
	}
}

// declares reports whether a package's tests declare a function.
func declares(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

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

// TestSecurityNamesTests holds every claim of the pages with tables of what goes
// wrong to a test that exists.
func TestSecurityNamesTests(t *testing.T) {
	for _, page := range []string{"security.md", "rollback.md"} {
		b, err := os.ReadFile(filepath.Join(root, "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		table, rows := false, 0
		for line := range strings.Lines(string(b)) {
			if head := strings.HasSuffix(line, "| shown by |\n"); head || !strings.HasPrefix(line, "|") {
				table = head
				continue
			}
			found := claim.FindAllStringSubmatch(line, -1)
			if rows += len(found); table && len(found) == 0 && !strings.HasPrefix(line, "|-") {
				t.Errorf("%s: nothing shows this: %s", page, line)
			}
			for _, c := range found {
				if !declares(t, c[1], c[2]) {
					t.Errorf("%s: %s has no %s", page, c[1], c[2])
				}
			}
		}
		if rows < 10 {
			t.Errorf("%s names %d tests only", page, rows)
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

package main

import (
	"flag"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

var update = flag.Bool("update", false, "rewrite the table in docs/laws.md")

// Every law has a mutation or says why not, names are not used twice, and each
// mutation fits the code as it is.
func TestTable(t *testing.T) {
	names := map[string]bool{}
	for _, m := range mutations() {
		if names[m.name] || m.name == "" || m.why == "" {
			t.Errorf("mutation %q: its name is used twice, or something is empty", m.name)
		}
		names[m.name] = true
		text, err := m.mutate(root)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := format.Source([]byte(text)); err != nil {
			t.Errorf("mutation %s: it is not Go any more: %v", m.name, err)
		}
		if b, err := os.ReadFile(filepath.Join(root, m.test.pkg, "law_test.go")); err != nil || !strings.Contains(string(b), "func "+m.test.name+"(") {
			t.Errorf("mutation %s: there is no %s in law_test.go (%v)", m.name, m.test, err)
		}
	}
	for i, l := range laws() {
		if l.number != i+1 || len(of(l)) == 0 {
			t.Errorf("law %d has no mutation", l.number)
		}
	}
}

// Every file law_test.go belongs to a mutation.
func TestLawPackages(t *testing.T) {
	pkgs, err := lawPackages(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range pkgs {
		if !slices.ContainsFunc(mutations(), func(m mutation) bool { return m.test.pkg == pkg }) {
			t.Errorf("the law tests of %s have no mutation", pkg)
		}
	}
}

// The table in docs/laws.md is the program's.
func TestDocs(t *testing.T) {
	path := filepath.Join(root, "docs", "laws.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, table, ok := strings.Cut(string(b), "\n| law |")
	if !ok {
		t.Fatal("docs/laws.md has no table")
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+"\n"+rows()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := "| law |" + table; got != rows() {
		t.Errorf("docs/laws.md has another table than the program (go test ./internal/mutants -update rewrites it):\n%s", rows())
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a module of one package with one law, for tests of the bench.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tiny(t *testing.T) string {
	return write(t, map[string]string{
		"go.mod":      "module example.test/tiny\n\ngo 1.26\n",
		"p/p.go":      "package p\n\nfunc Sum(a, b int) int { return a + b }\n\nfunc Zero() int { return 0 }\n",
		"q/q.go":      "package q\n",
		"q/q_test.go": "package q\n",
		"p/law_test.go": "package p\n\nimport \"testing\"\n\nfunc TestLaw01_Sum(t *testing.T) {\n\tt.Run(\"part\", func(t *testing.T) {\n\t\tif Sum(1, 2) != 3 {\n" +
			"\t\t\tt.Error(\"wrong\")\n\t\t}\n\t})\n}\n\nfunc TestLaw02_Zero(t *testing.T) {\n\tif Zero() != 0 {\n\t\tt.Error(\"not zero\")\n\t}\n}\n",
	})
}

// A real go test under an overlay: a good mutation is quiet, and each kind of
// bad one is a surprise.
func TestTryingMutations(t *testing.T) {
	dir := tiny(t)
	sum, zero := testID{"p", "TestLaw01_Sum"}, testID{"p", "TestLaw02_Zero"}
	want := []testID{sum, zero}
	pkgs, err := lawPackages(dir)
	if err != nil || len(pkgs) != 1 || pkgs[0] != "p" {
		t.Fatalf("law packages: %v, %v", pkgs, err)
	}
	needs, err := findDependents(t.Context(), dir, "example.test/tiny", pkgs)
	if err != nil || len(needs.of("p/p.go")) != 1 || len(needs.of("q/q.go")) != 0 {
		t.Fatalf("dependents: %v, %v", needs, err)
	}
	for _, c := range []struct {
		name, old, new string
		surprise       string // empty: it is a good mutation
	}{
		{"good", "return a + b", "return a - b", ""},
		{"too weak", "return a + b", "return b + a", "does not notice it: pass"},
		{"too strong", "return a + b }\n\nfunc Zero() int { return 0", "return a - b }\n\nfunc Zero() int { return 1", "TestLaw02_Zero: fail"},
		{"not Go", "return a + b", "return a + c", "does not compile"},
		{"panics", "return a + b", "panic(a + b)", "TestLaw02_Zero: did not run"},
		{"ends the process", "func Zero()", "func init() { panic(1) }\n\nfunc Zero()", "failed though none of its tests did"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mutation{name: "m", file: "p/p.go", old: c.old, new: c.new, test: sum}
			overlay, err := m.overlay(dir, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			res, err := goTest(t.Context(), dir, "example.test/tiny", overlay, pkgs)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(m.judge(res, want), "\n")
			if c.surprise == "" && got != "" || !strings.Contains(got, c.surprise) {
				t.Errorf("surprises %q, want %q", got, c.surprise)
			}
		})
	}
	res, err := goTest(t.Context(), dir, "example.test/tiny", "", pkgs)
	if err != nil {
		t.Fatal(err)
	}
	if got := judgeUnbroken(res, want); len(got) > 0 {
		t.Errorf("unbroken: %q", got)
	}
	if got := judgeUnbroken(res, []testID{sum}); len(got) != 1 || !strings.Contains(got[0], "TestLaw02_Zero has no mutation") {
		t.Errorf("a law test that the table lacks: %q", got)
	}
}

// A text that is not there exactly once is an error.
func TestStaleMutation(t *testing.T) {
	dir := tiny(t)
	for _, old := range []string{"not there", "return"} {
		m := mutation{name: "m", file: "p/p.go", old: old}
		if _, err := m.mutate(dir); err == nil || !strings.Contains(err.Error(), "stale") {
			t.Errorf("%q: %v", old, err)
		}
	}
	if _, err := (mutation{name: "m", file: "p/gone.go"}).mutate(dir); err == nil {
		t.Error("a file that is gone is no error")
	}
}

// Wrong use ends with 2.
func TestCommand(t *testing.T) {
	for args, want := range map[string]int{"-law 99": 2, "-nonsense": 2, "more": 2} {
		var stdout, stderr bytes.Buffer
		if got := start(t.Context(), strings.Fields(args), &stdout, &stderr); got != want {
			t.Errorf("%s: exit code %d, want %d: %s", args, got, want, stderr.String())
		}
	}
}

package pipeline

import (
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// update is shared by every test of this package that has golden files.
var update = flag.Bool("update", false, "rewrite the expectations in golden files")

// separator stands between what is read and what is expected of it.
const separator = "----------\n"

// testOptions checks expressions with the smallest rule that a fixture needs:
// a real checker is passed in by the program.
func testOptions() Options {
	return Options{
		File: "gatehouse.yml",
		Expr: func(source string) error {
			if strings.Contains(source, "=!") {
				return errors.New("1:9: syntax error: no viable alternative\n at '=!'")
			}
			return nil
		},
		Location: func(name string) error {
			_, err := time.LoadLocation(name)
			return err
		},
	}
}

// expand writes out what a fixture file cannot well hold: {{x 300000}} is so
// many letters, {{byte 1}} one byte.
func expand(input string) []byte {
	placeholder := regexp.MustCompile(`\{\{(.+?) (\d+)\}\}`)
	return placeholder.ReplaceAllFunc([]byte(input), func(m []byte) []byte {
		parts := placeholder.FindSubmatch(m)
		n, _ := strconv.Atoi(string(parts[2]))
		if string(parts[1]) == "byte" {
			return []byte{byte(n)}
		}
		return []byte(strings.Repeat(string(parts[1]), n))
	})
}

func fixtures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/config/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	return files
}

func readFixture(t testing.TB, file string) (input, want string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	input, want, _ = strings.Cut(string(b), separator)
	return input, want
}

// TestParse holds every fixture to its expectation: the problems, one a line
// with their codes and fields, or the Spec as JSON.
func TestParse(t *testing.T) {
	for _, file := range fixtures(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			input, want := readFixture(t, file)
			got := render(t, expand(input))
			if *update {
				if err := os.WriteFile(file, []byte(input+separator+got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func render(t *testing.T, src []byte) string {
	t.Helper()
	spec, problems := Parse(src, testOptions())
	if spec == nil {
		var b strings.Builder
		for _, p := range problems {
			b.WriteString(p.String() + "\n    [" + p.Code + "] " + p.Field)
			if p.EndColumn > 0 {
				b.WriteString(" to column " + strconv.Itoa(p.EndColumn))
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	if len(spec.Digest) != 64 {
		t.Errorf("digest %q is no SHA-256", spec.Digest)
	}
	spec.Digest = ""
	b, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

// TestEveryRuleHasAFixture reads the codes out of the source, so that a rule
// without a fixture cannot be forgotten, and a code without a rule neither.
func TestEveryRuleHasAFixture(t *testing.T) {
	reached := map[string]bool{}
	for _, file := range fixtures(t) {
		input, _ := readFixture(t, file)
		_, problems := Parse(expand(input), testOptions())
		for _, p := range problems {
			reached[p.Code] = true
		}
	}
	codes := declaredCodes(t)
	if len(codes) < 50 {
		t.Fatalf("only %d codes were found in the source", len(codes))
	}
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]string{}
	for name, c := range codes {
		if !reached[c] {
			t.Errorf("no fixture reaches %s (%s)", name, c)
		}
		if !kebab.MatchString(c) || seen[c] != "" {
			t.Errorf("%s: the code %q is not in kebab case, or %s has it too", name, c, seen[c])
		}
		seen[c] = name
	}
	checkRefuseCalls(t)
}

func declaredCodes(t *testing.T) map[string]string {
	t.Helper()
	file, err := goparser.ParseFile(token.NewFileSet(), "parse_code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes[spec.Names[0].Name] = text
		}
		return true
	})
	return codes
}

// checkRefuseCalls makes sure that no call hides a code from declaredCodes.
func checkRefuseCalls(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := goparser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 4 {
				return true
			}
			if fun, ok := call.Fun.(*ast.SelectorExpr); !ok || fun.Sel.Name != "refuse" {
				return true
			}
			if _, literal := call.Args[1].(*ast.BasicLit); literal {
				t.Errorf("%s calls refuse with a literal code; declare it in parse_code.go", name)
			}
			return true
		})
	}
}

func TestProblemsPointAtTheWord(t *testing.T) {
	src := "version: 1\nenvironments: {staging: {firebase: avalo-staging}}\npipelines:\n  staging: {on: {push: main}, environment: stagng, stages: [notify]}\n"
	_, problems := Parse([]byte(src), Options{})
	want := []Problem{{
		File: ".github/gatehouse.yml", Line: 4, Column: 44, EndColumn: 50, Field: "pipelines.staging.environment",
		Message: `There is no environment "stagng".`, Fix: "Did you mean staging?", Code: "unknown-environment",
	}}
	if !reflect.DeepEqual(problems, want) {
		t.Errorf("got %+v", problems)
	}
}

func TestLineEndingsAndByteOrderMarkChangeOnlyTheDigest(t *testing.T) {
	input, _ := readFixture(t, "testdata/config/design-example.txt")
	plain, problems := Parse([]byte(input), testOptions())
	if plain == nil {
		t.Fatal(problems)
	}
	windows, problems := Parse([]byte("\ufeff"+strings.ReplaceAll(input, "\n", "\r\n")), testOptions())
	if windows == nil {
		t.Fatal(problems)
	}
	if windows.Digest == plain.Digest {
		t.Error("different bytes have one digest")
	}
	windows.Digest = plain.Digest
	if !reflect.DeepEqual(plain, windows) {
		t.Error("line endings changed the Spec")
	}
}

func TestDurations(t *testing.T) {
	good := map[string]time.Duration{
		"72h": 72 * time.Hour, "15m": 15 * time.Minute, "90d": 90 * 24 * time.Hour, "2s": 2 * time.Second,
		"1d12h": 36 * time.Hour, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond, "1h30m": 90 * time.Minute,
	}
	for text, want := range good {
		if got, ok := ParseDuration(text); !ok || got != want {
			t.Errorf("%s: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "0", "5", "-5m", "+5m", "d", "1.5d", "-1d", "1d-2h", "1d24h", "1d1d", "36501d", "5 m", "1w", "99999999h"} {
		if got, ok := ParseDuration(text); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestUnavailableNamesWhatIsMissing(t *testing.T) {
	input, _ := readFixture(t, "testdata/config/design-example.txt")
	spec, problems := Parse([]byte(input), testOptions())
	if spec == nil {
		t.Fatal(problems)
	}
	var reasons []string
	for _, r := range spec.Unavailable(spec.Pipeline("production")) {
		if r.Code != "not-available" || r.Fix == "" {
			t.Errorf("%+v", r)
		}
		reasons = append(reasons, r.Reason)
	}
	all := strings.Join(reasons, "\n")
	for _, word := range []string{
		"kind prerequisites", "kind compliance", "kind security", "kind migrate", "kind watch",
	} {
		if !strings.Contains(all, word) {
			t.Errorf("nothing is said about %s in:\n%s", word, all)
		}
	}
}

func TestUnavailableSettingsOfSpecAndEnvironment(t *testing.T) {
	spec := &Spec{Mode: ModeObserve, Environments: map[string]*Environment{
		"production": {Name: "production", Foreign: ForeignAsk, BreakGlass: true},
		"staging":    {Name: "staging", Foreign: ForeignReject},
	}}
	if got := spec.Unavailable(&Pipeline{Environment: "production"}); len(got) != 1 {
		t.Errorf("got %+v", got)
	}
	spec.Mode = ModeEnforce
	for _, kind := range Performed() {
		p := &Pipeline{Environment: "staging", Stages: []*Stage{{ID: "a", Kind: kind}}}
		if got := spec.Unavailable(p); len(got) != 0 {
			t.Errorf("%s: got %+v", kind, got)
		}
	}
}

package pipeline

import (
	"encoding/json"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The laws of docs/laws.md that the machine keeps. `make mutants` breaks each
// and sees that its test, and no other, turns red.

// The machine imports only what cannot reach the world, starts no goroutine and
// asks no clock.
func TestLaw01_PureCore(t *testing.T) {
	allowed := []string{
		"bytes", "cmp", "crypto/sha256", "encoding/base64", "encoding/hex", "encoding/json", "errors", "fmt", "hash/fnv", "iter", "maps", "math",
		"net/netip", "net/url", "path", "reflect", "regexp", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
		"github.com/goccy/go-yaml", "github.com/goccy/go-yaml/ast", "github.com/goccy/go-yaml/lexer", "github.com/goccy/go-yaml/parser", "github.com/goccy/go-yaml/token",
	}
	clocks := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "LoadLocation"}
	for name, src := range sources(t) {
		set := token.NewFileSet()
		file, err := goparser.ParseFile(set, name, src, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if path, err := strconv.Unquote(spec.Path.Value); err != nil || !slices.Contains(allowed, path) {
				t.Errorf("%s: the core may not import %s", name, spec.Path.Value)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt, *ast.SelectStmt, *ast.ChanType:
				t.Errorf("%s: the core has no goroutine and no channel", set.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
					t.Errorf("%s: the core has no clock: time.%s", set.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}

// sources are the files of this package as they were compiled: GATEHOUSE_OVERLAY
// names the file that `make mutants` gave to go test -overlay.
func sources(t *testing.T) map[string][]byte {
	t.Helper()
	var overlay struct{ Replace map[string]string }
	if path := os.Getenv("GATEHOUSE_OVERLAY"); path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &overlay); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		from := name
		if other := overlay.Replace[name]; other != "" {
			from = other
		}
		if files[filepath.Base(name)], err = os.ReadFile(from); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// News of a workflow run that is older than what is known changes nothing,
// though it arrives later; newer news does.
func TestLaw06_WebhooksAreHints(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	known := WorkflowRun{ID: 5, Attempt: 2, Status: "in_progress", HeadSHA: "c1", UpdatedAt: noon}
	news := func(attempt int, status string, at time.Duration) WorkflowRun {
		return WorkflowRun{ID: 5, Attempt: attempt, Status: status, Conclusion: "failure", HeadSHA: "c1", UpdatedAt: noon.Add(at)}
	}
	hear := func(w WorkflowRun) (State, Step) {
		spec := &Spec{
			Environments: map[string]*Environment{"staging": {Name: "staging"}},
			Pipelines: []*Pipeline{{Name: "p", Environment: "staging", Stages: []*Stage{
				{ID: "test", Title: "test", Kind: KindWorkflow, Workflow: &WorkflowStage{File: "test.yml"}, Timeout: time.Hour},
			}}},
		}
		s := State{
			Lane: &Lane{V: RunVersion, ID: "lane", Runs: map[RunID]*LaneRun{"r": {Pipeline: "0/p"}}},
			Run: &Run{
				V: RunVersion, ID: "r", Lane: "lane", Pipeline: "p", Environment: "staging", Spec: spec, Status: RunActive,
				Release: Release{SHA: "c1"},
				Stages:  map[string]*StageRun{"test": {Status: StageRunning, Attempt: 1, Workflow: &known}},
			},
		}
		return s, Next(s, Event{At: noon.Add(time.Hour), Fact: WorkflowSeen{Workflow: w}})
	}
	for what, w := range map[string]WorkflowRun{
		"an attempt before":             news(1, "completed", time.Hour),
		"a status before, dated later":  news(2, "queued", time.Hour),
		"the same status, dated before": news(2, "in_progress", -time.Minute),
		"the same again":                known,
	} {
		before, step := hear(w)
		if !reflect.DeepEqual(step.State.Run.Stages, before.Run.Stages) || len(step.Effects)+len(step.Show)+len(step.Log) > 0 {
			t.Errorf("%s changed the run: %+v", what, *step.State.Run.Stages["test"].Workflow)
		}
	}
	for what, w := range map[string]WorkflowRun{
		"an attempt after":      news(3, "queued", -time.Hour),
		"a status after":        news(2, "completed", -time.Hour),
		"the same, dated later": news(2, "in_progress", time.Minute),
	} {
		if _, step := hear(w); !reflect.DeepEqual(*step.State.Run.Stages["test"].Workflow, w) {
			t.Errorf("%s was not taken: %+v", what, *step.State.Run.Stages["test"].Workflow)
		}
	}
}

// A role that this version does not know entitles to nothing, and a person whom
// the policy does not name is not admitted.
func TestLaw07_FailClosed(t *testing.T) {
	for _, role := range []string{"", "none", "read", "triage", "Write", "writer", "owner", "a role of tomorrow"} {
		s := Standing{Person: Person{ID: 1, Login: "ada"}, Role: role}
		if s.CanWrite() {
			t.Errorf("the role %q may write", role)
		}
		if Admit(Policy{Need: []Need{{Team: "approvers", Count: 1}}}, Release{}, s) == nil {
			t.Errorf("the role %q is admitted without the team", role)
		}
	}
}

// An entry of the audit trail that was changed is found, also when its hash and
// the link to it were made to fit.
func TestLaw09_SnapshotPlusLog(t *testing.T) {
	m := &machine{at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), run: &Run{ID: "r"}, lane: &Lane{ID: "lane"}}
	for _, what := range []string{"approval", "door-opening", "door-opened"} {
		m.record(what, "production", Person{ID: 1, Login: "ada"}, "")
	}
	if err := VerifyLog(m.log, m.lane.LogHead); err != nil {
		t.Fatal(err)
	}
	for i := range m.log {
		forged := slices.Clone(m.log)
		forged[i].Who = "eve"
		if VerifyLog(forged, m.lane.LogHead) == nil {
			t.Errorf("entry %d was changed and nobody sees it", i+1)
		}
		forged[i].Hash = forged[i].Sum()
		if i+1 < len(forged) {
			forged[i+1].Prev = forged[i].Hash
		}
		if VerifyLog(forged, m.lane.LogHead) == nil {
			t.Errorf("entry %d was changed with its hash and the link to it, and nobody sees it", i+1)
		}
	}
	if VerifyLog(m.log[:2], m.lane.LogHead) == nil {
		t.Error("the last entry is gone and nobody sees it")
	}
}

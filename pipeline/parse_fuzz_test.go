package pipeline

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzParse states what Parse promises for any bytes at all:
// it does not panic; it answers with a Spec or with problems, never both or
// neither; the same bytes give the same answer; every problem points inside the
// file, in the file's order, with a message, a fix and a code; and a Spec keeps
// the invariant on approvals, as a second, independent reading finds it.
func FuzzParse(f *testing.F) {
	for _, file := range fixtures(f) {
		input, _ := readFixture(f, file)
		f.Add([]byte(input))
	}
	f.Add([]byte("a: &b [*b, <<: *b]\n? c\n: !!str d\n"))
	f.Add([]byte("version: 1\r\n\tx: |\n  y\n\xff"))
	f.Fuzz(func(t *testing.T, src []byte) {
		spec, problems := Parse(src, testOptions())
		if (spec != nil) == (len(problems) > 0) {
			t.Fatalf("a spec: %v, and %d problems", spec != nil, len(problems))
		}
		again, problemsAgain := Parse(src, testOptions())
		if !reflect.DeepEqual(spec, again) || !reflect.DeepEqual(problems, problemsAgain) {
			t.Fatal("the same bytes gave two answers")
		}
		checkPlaces(t, src, problems)
		if spec != nil {
			checkSpec(t, spec)
		}
	})
}

func checkPlaces(t *testing.T, src []byte, problems []Problem) {
	t.Helper()
	lines := strings.Split(string(src), "\n")
	last := Problem{Line: 1, Column: 1}
	for _, p := range problems {
		if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 {
			t.Fatalf("outside of the file: %s", p)
		}
		if p.EndColumn != 0 && (p.EndColumn <= p.Column || p.EndColumn > len([]rune(lines[p.Line-1]))+1) {
			t.Fatalf("ends at column %d: %s", p.EndColumn, p)
		}
		if p.Line < last.Line || (p.Line == last.Line && p.Column < last.Column) {
			t.Fatalf("out of order: %s after %s", p, last)
		}
		if p.Message == "" || p.Fix == "" || p.Code == "" || strings.ContainsAny(p.String(), "\n\t") {
			t.Fatalf("incomplete, or not one line: %q", p.String())
		}
		last = p
	}
}

func checkSpec(t *testing.T, s *Spec) {
	t.Helper()
	projects := map[string]string{}
	for name, env := range s.Environments {
		if other := projects[env.Firebase]; other != "" {
			t.Fatalf("%s and %s share a project", name, other)
		}
		projects[env.Firebase] = name
	}
	for _, p := range s.Pipelines {
		env := s.Environments[p.Environment]
		if env == nil || len(p.Stages) == 0 || len(p.On.Push) == 0 && !p.On.Manual {
			t.Fatalf("the pipeline %s cannot run", p.Name)
		}
		if why := invariantBroken(p, env); why != "" {
			t.Fatalf("the pipeline %s: %s", p.Name, why)
		}
	}
}

// invariantBroken reads the invariant on approvals again, in another way than
// the parser does: it plays the pipeline. First without a single approval
// given, where nothing may change the target; then with one approval missing at
// a time, where exactly the deploy that this approval names must be first to be
// missed.
func invariantBroken(p *Pipeline, env *Environment) string {
	if all := play(p, nil); len(all) != len(p.Stages) {
		return "with every approval given, a stage never starts"
	}
	gates := []string{}
	for _, s := range p.Stages {
		if s.Kind == KindApproval {
			gates = append(gates, s.ID)
		}
	}
	if env.Approval == nil {
		if len(gates) > 0 {
			return "an approval without a policy"
		}
		return ""
	}
	done := play(p, gates)
	for _, s := range p.Stages {
		if (s.Kind == KindMigrate || s.Kind == KindDeploy || s.Kind == KindMobile) && slices.Contains(done, s.ID) {
			return s.ID + " runs without any approval"
		}
	}
	named := map[string]bool{}
	for _, gate := range gates {
		deploy := p.Stage(gate).Approval.Deploy
		if deploy == "" || named[deploy] {
			return gate + " names no deploy of its own"
		}
		named[deploy] = true
		if s := p.Stage(deploy); s == nil || s.Kind != KindDeploy || slices.Contains(play(p, []string{gate}), deploy) {
			return gate + " does not hold back its deploy"
		}
	}
	for _, s := range p.Stages {
		if s.Kind == KindDeploy && !named[s.ID] {
			return s.ID + " is named by no approval"
		}
	}
	return ""
}

// play runs stages whose needs are over until nothing moves; those in held
// never end.
func play(p *Pipeline, held []string) []string {
	var done []string
	for moved := true; moved; {
		moved = false
		for _, s := range p.Stages {
			if slices.Contains(done, s.ID) || slices.Contains(held, s.ID) {
				continue
			}
			if !slices.ContainsFunc(s.Needs, func(n string) bool { return !slices.Contains(done, n) }) {
				done, moved = append(done, s.ID), true
			}
		}
	}
	return done
}

package handlers_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Whatever arrives: Translate does not panic; it answers in exactly one of
// three ways (refused, ignored, signals); signals come with a repository and an
// installation, point to at most one place, and can be stored; the same input
// gives the same answer.
func FuzzTranslate(f *testing.F) {
	for _, path := range examples(f) {
		event, payload := readExample(f, path)
		f.Add(event, payload)
	}
	f.Add("push", []byte(`[]`))
	f.Add("deployment_review", []byte(`{"workflow_job_runs":[null]}`))
	f.Fuzz(func(t *testing.T, event string, payload []byte) {
		got, err := handlers.Translate(us, event, payload, noon)
		again, errAgain := handlers.Translate(us, event, payload, noon)
		if (err == nil) != (errAgain == nil) || got.Ignored != again.Ignored || len(got.Signals) != len(again.Signals) {
			t.Fatal("the same input gave another answer")
		}
		ways := 0
		for _, way := range []bool{err != nil, got.Ignored != "", len(got.Signals) > 0} {
			if way {
				ways++
			}
		}
		if ways != 1 {
			t.Fatalf("answered in %d ways: %v, %+v", ways, err, got)
		}
		for _, s := range got.Signals {
			places := 0
			for _, set := range []bool{s.Run != "", s.Workflow != 0, s.Commit != ""} {
				if set {
					places++
				}
			}
			if places > 1 || got.Repo.ID <= 0 || got.Repo.Installation <= 0 {
				t.Fatalf("a signal without a home: %+v of %+v", s, got.Repo)
			}
			if _, err := pipeline.MarshalFact(s.Fact); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whatever is written: ParseCommand does not panic; a command is found only if
// a line begins with a slash and its verb; what follows is taken verbatim from
// that line, trimmed, and bounded; text that is quoted is no command.
func FuzzParseCommand(f *testing.F) {
	for _, c := range commands {
		f.Add(c.body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, found := handlers.ParseCommand(body)
		if !found {
			if got != (pipeline.Command{}) {
				t.Fatalf("nothing found, and yet %+v", got)
			}
			return
		}
		if !begins(body, string(got.Verb)) {
			t.Fatalf("no line begins with /%s", got.Verb)
		}
		for _, text := range []string{got.Target, got.Reason} {
			if utf8.RuneCountInString(text) > 500 || text != strings.TrimSpace(text) || strings.Contains(text, "\n") {
				t.Fatalf("not trimmed or bounded: %q", text)
			}
			if utf8.ValidString(body) && !strings.Contains(body, text) {
				t.Fatalf("not verbatim: %q", text)
			}
		}
		var quoted strings.Builder
		for line := range strings.Lines(body) {
			quoted.WriteString("> " + line)
		}
		if got, found := handlers.ParseCommand(quoted.String()); found {
			t.Fatalf("found in a quote: %+v", got)
		}
	})
}

func begins(body, verb string) bool {
	for line := range strings.Lines(body) {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "/"+verb) {
			return true
		}
	}
	return false
}

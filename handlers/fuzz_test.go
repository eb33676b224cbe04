package handlers_test

import (
	"testing"

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

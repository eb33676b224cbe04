package stage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Where something of a target is gone, people are told what, and which release is
// still there whole, with the comment that goes back to it.
func TestTheNearestReleaseThatIsWhole(t *testing.T) {
	for name, c := range map[string]struct {
		only  []google.Product
		moves int
	}{
		"all of it is gone":  {[]google.Product{google.Hosting}, 0},
		"some of it is gone": {[]google.Product{google.Hosting, google.Rules}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tn := newTown(t, google.Options{})
			var history []pipeline.Released
			for _, version := range []string{"v1", "v2", "v3", "v4"} {
				r, _ := tn.release(version, google.Deployment{Only: c.only})
				history = append(history, r)
			}
			for _, site := range []string{product, "admin"} {
				tn.google.Retain(product, site, 2) // v1 and v2 lose their files
			}
			plan := pipeline.PlanRestore{Project: product, Environment: "production", History: history, Live: &history[3].Shipped, To: "v1"}
			var why pipeline.Refusal
			if c.moves == 0 {
				why = outcome[pipeline.Failed](tn, plan).Refusal
				if why.Code != "nothing-moves" || !strings.HasPrefix(why.Lines, "/rollback production to v3\n") {
					t.Errorf("refused: %+v", why)
				}
			} else {
				made := outcome[pipeline.RestorePlanned](tn, plan).Plan
				i := slices.IndexFunc(made.Left, func(l pipeline.Left) bool { return l.Why.Code == "target-gone" })
				if i < 0 || len(made.Moves) != c.moves {
					t.Fatalf("plan: %+v", made)
				}
				if why = made.Left[i].Why; !strings.Contains(why.Fix, "(/rollback production to v3)") {
					t.Errorf("left: %+v", why)
				}
			}
			if !strings.Contains(why.Reason, "hosting") || !strings.Contains(why.Fix, "Everything of v3 is still there.") {
				t.Errorf("it is said neither what is gone nor what is there: %+v", why)
			}
		})
	}
}

// Where no release is whole, none is named.
func TestNoReleaseIsWhole(t *testing.T) {
	tn := newTown(t, google.Options{})
	v1, _ := tn.release("v1", google.Deployment{Only: []google.Product{google.Hosting}})
	v2, _ := tn.release("v2", google.Deployment{Only: []google.Product{google.Hosting}})
	for _, site := range []string{product, "admin"} {
		tn.google.Retain(product, site, 1)
	}
	why := outcome[pipeline.Failed](tn, pipeline.PlanRestore{
		Project: product, Environment: "production", History: []pipeline.Released{v1, v2}, Live: &v2.Shipped, To: "v1",
	}).Refusal
	if why.Code != "nothing-moves" || why.Lines != "" || !strings.Contains(why.Fix, "deploy it anew") {
		t.Errorf("refused: %+v", why)
	}
}

package engine_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// What is lacking is said when it changes, until saying it succeeds, and listed
// for as long as it is so.
func TestLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ctx := newWorld(t), context.Background()
		of := func(names ...string) pipeline.Lack {
			l := pipeline.Lack{Installation: 7, Account: "avalo", Page: "https://github.com/avalo"}
			for _, n := range names {
				l.Missing = append(l.Missing, pipeline.Missing{Name: n, What: "What " + n, Fix: "Fix " + n})
			}
			return l
		}
		var said [][]string
		lacks := func(l pipeline.Lack, fails error) {
			t.Helper()
			err := w.eng.Lacks(ctx, l, func(_ context.Context, before []string) error {
				said = append(said, before)
				return fails
			})
			if !errors.Is(err, fails) {
				t.Fatal(err)
			}
		}
		listed := func(want ...pipeline.Lack) {
			t.Helper()
			got, err := w.eng.Lacking(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("listed %+v, want %+v", got, want)
			}
		}
		lacks(of(), nil) // as it should be, and always was
		listed()
		lacks(of("b", "a"), errors.New("Slack is away"))
		listed()
		lacks(of("b", "a"), nil)
		lacks(of("a", "b"), nil)
		listed(of("a", "b"))
		other := of("a", "b")
		other.Missing[0].Fix = "The App asks for it now."
		lacks(other, nil) // the same things: nothing new is said
		listed(other)
		lacks(of("a"), nil)
		listed(of("a"))
		lacks(of(), nil)
		listed()
		if want := [][]string{nil, nil, {"a", "b"}, {"a"}}; !slices.EqualFunc(said, want, slices.Equal) {
			t.Errorf("said after %q, want %q", said, want)
		}
	})
}

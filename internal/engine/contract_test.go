package engine_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// FuzzSpan: an ID lies in the span of a query exactly if it has its prefix and
// comes before its After.
func FuzzSpan(f *testing.F) {
	for _, seed := range [][3]string{
		{"7/", "", "7/a"},
		{"7/", "7/b", "70/a"},
		{"é", "", "é0"},
		{"\ud7ff", "", "\ue000"},
		{"a\U0010ffff", "", "b"},
		{"\U0010ffff", "", "\U0010ffff0"},
		{"", "", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, prefix, after, id string) {
		for _, s := range []string{prefix, after, id} {
			if strings.ToValidUTF8(s, "") != s {
				t.Skip()
			}
		}
		from, end := engine.Query{Prefix: prefix, After: after}.Span()
		inside := id >= from && (end == "" || id < end)
		if want := strings.HasPrefix(id, prefix) && (after == "" || id < after); inside != want {
			t.Errorf("prefix %q after %q: %q inside %t, want %t (span %q to %q)", prefix, after, id, inside, want, from, end)
		}
	})
}

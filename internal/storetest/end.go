package storetest

import (
	"context"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func endCases() []testCase {
	return []testCase{
		{"end/canceled", canceled},
		{"end/closed", closed},
	}
}

// everyCall makes each call of a store once and returns the errors by name.
// Swap is given a new item.
func everyCall(ctx context.Context, s engine.Store, it *engine.Item) map[string]error {
	errs := map[string]error{}
	_, errs["Get"] = s.Get(ctx, it.Ref)
	errs["Swap"] = s.Swap(ctx, it)
	_, errs["Due"] = s.Due(ctx, base(), 10)
	_, errs["List"] = s.List(ctx, engine.Query{Kind: "run"})
	_, errs["Purge"] = s.Purge(ctx, base(), 10)
	errs["Check"] = s.Check(ctx)
	return errs
}

func canceled(t *testing.T, s engine.Store) {
	kept := expiring("run", "7/kept", base())
	put(t, s, kept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	it := item("run", "7/new")
	for call, err := range everyCall(ctx, s, it) {
		isError(t, call+" when canceled", err, context.Canceled)
	}
	if it.Rev != "" {
		t.Errorf("a canceled swap set Rev %q", it.Rev)
	}
	absent(t, s, it.Ref)
	same(t, get(t, s, kept.Ref), *kept)
	put(t, s, it)
}

func closed(t *testing.T, s engine.Store) {
	put(t, s, item("run", "7/a"))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	it := item("run", "7/new")
	for call, err := range everyCall(t.Context(), s, it) {
		isError(t, call+" after Close", err, engine.ErrUnavailable)
	}
	if it.Rev != "" {
		t.Errorf("a refused swap set Rev %q", it.Rev)
	}
}

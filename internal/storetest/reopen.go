package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// RunReopen holds a store to durability: open is called several times with one
// directory, each time after the store before was closed, and must find what
// was acknowledged.
func RunReopen(t *testing.T, open func(t *testing.T, dir string) engine.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, reopen func() engine.Store)
	}{
		{"reopen/items stay", itemsStay},
		{"reopen/revisions are not used again", revisionsStay},
		{"reopen/closed while swapping", closedWhileSwapping},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			var s engine.Store
			shut := func() {
				if s == nil {
					return
				}
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			t.Cleanup(shut)
			c.run(t, func() engine.Store {
				shut()
				s = open(t, dir)
				return s
			})
		})
	}
}

func itemsStay(t *testing.T, reopen func() engine.Store) {
	s := reopen()
	small, large := full("run", "7/small"), full("run", "7/large")
	large.WakeAt = base().Add(-time.Second)
	large.Body = bytes.Repeat([]byte{0, 1, 2, 0xff}, 1<<18)
	put(t, s, small, large)
	for n := range 3 {
		s = reopen()
		same(t, get(t, s, small.Ref), *small)
		same(t, get(t, s, large.Ref), *large)
		sameIDs(t, "Due", due(t, s, base(), 10), "7/large", "7/small")
		sameIDs(t, "List", list(t, s, engine.Query{Kind: "run", Scope: "7/lane/a", State: "open"}), "7/small", "7/large")
		small.Body = fmt.Appendf(nil, "change %d", n)
		put(t, s, small)
	}
}

func revisionsStay(t *testing.T, reopen func() engine.Store) {
	s := reopen()
	it := expiring("run", "7/a", base())
	put(t, s, it)
	old := *it
	purge(t, s, base(), 10, 1)
	s = reopen()
	again := expiring("run", "7/a", base())
	put(t, s, again)
	isError(t, "swap with a revision from before", s.Swap(t.Context(), &old), engine.ErrConflict)
	same(t, get(t, s, again.Ref), *again)
}

// closedWhileSwapping closes the store under 16 writers. Each swap must be
// answered, and what was answered with success must be there afterwards.
func closedWhileSwapping(t *testing.T, reopen func() engine.Store) {
	s := reopen()
	var mu sync.Mutex
	var stored []*engine.Item
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := 0; ; n++ {
				it := full("run", fmt.Sprintf("7/%d/%d", w, n))
				if err := s.Swap(t.Context(), it); err != nil {
					if !errors.Is(err, engine.ErrUnavailable) {
						t.Errorf("swap during Close: got error %v, want ErrUnavailable", err)
					}
					return
				}
				mu.Lock()
				stored = append(stored, it)
				if len(stored) == 100 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
	s = reopen()
	for _, it := range stored {
		same(t, get(t, s, it.Ref), *it)
	}
}

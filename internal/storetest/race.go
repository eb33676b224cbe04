package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

func raceCases() []testCase {
	return []testCase{
		{"race/one winner a round", oneWinner},
		{"race/one creator", oneCreator},
		{"race/no lost update", noLostUpdate},
		{"race/opposite order", oppositeOrder},
		{"race/different items all win", allWin},
	}
}

// together runs n calls at once and returns their errors in order.
func together(n int, call func(n int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// winner returns which call succeeded; exactly one must have, and all others
// must have met a conflict.
func winner(t *testing.T, errs []error) int {
	t.Helper()
	won := -1
	for n, err := range errs {
		switch {
		case err == nil && won >= 0:
			t.Fatalf("calls %d and %d both won", won, n)
		case err == nil:
			won = n
		case !errors.Is(err, engine.ErrConflict):
			t.Fatalf("call %d: got error %v, want ErrConflict", n, err)
		}
	}
	if won < 0 {
		t.Fatal("no call won")
	}
	return won
}

func oneWinner(t *testing.T, s engine.Store) {
	it := item("run", "7/hot")
	put(t, s, it)
	for range 5 {
		read := get(t, s, it.Ref)
		tries := make([]engine.Item, 50)
		won := winner(t, together(len(tries), func(n int) error {
			tries[n] = read
			tries[n].Body = []byte(strconv.Itoa(n))
			return s.Swap(t.Context(), &tries[n])
		}))
		same(t, get(t, s, it.Ref), tries[won])
		for n := range tries {
			if n != won && tries[n].Rev != read.Rev {
				t.Errorf("loser %d was given the revision %q", n, tries[n].Rev)
			}
		}
	}
}

func oneCreator(t *testing.T, s engine.Store) {
	tries := make([]*engine.Item, 50)
	won := winner(t, together(len(tries), func(n int) error {
		tries[n] = item("delivery", "7/same")
		tries[n].Body = []byte(strconv.Itoa(n))
		return s.Swap(t.Context(), tries[n])
	}))
	same(t, get(t, s, tries[won].Ref), *tries[won])
}

func noLostUpdate(t *testing.T, s engine.Store) {
	const writers, each = 8, 10
	it := item("run", "7/counter")
	it.Body = []byte("0")
	put(t, s, it)
	for n, err := range together(writers, func(int) error {
		for range each {
			if err := increment(t, s, it.Ref); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatalf("writer %d: %v", n, err)
		}
	}
	if got := get(t, s, it.Ref); string(got.Body) != strconv.Itoa(writers*each) {
		t.Errorf("the counter is %s after %d increments", got.Body, writers*each)
	}
}

// increment adds one to the number in the item's body, as often as it conflicts.
func increment(t *testing.T, s engine.Store, ref engine.Ref) error {
	for {
		it, err := s.Get(t.Context(), ref)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(it.Body))
		if err != nil {
			return err
		}
		it.Body = []byte(strconv.Itoa(n + 1))
		if err := s.Swap(t.Context(), &it); !errors.Is(err, engine.ErrConflict) {
			return err
		}
	}
}

func oppositeOrder(t *testing.T, s engine.Store) {
	a, b := item("lane", "7/a"), item("run", "7/b")
	put(t, s, a, b)
	for range 5 {
		readA, readB := get(t, s, a.Ref), get(t, s, b.Ref)
		won := winner(t, together(16, func(n int) error {
			x, y := readA, readB
			x.Body, y.Body = []byte(strconv.Itoa(n)), []byte(strconv.Itoa(n))
			if n%2 == 0 {
				return s.Swap(t.Context(), &x, &y)
			}
			return s.Swap(t.Context(), &y, &x)
		}))
		for _, ref := range []engine.Ref{a.Ref, b.Ref} {
			if got := get(t, s, ref); string(got.Body) != strconv.Itoa(won) {
				t.Errorf("%v holds %s though %d won", ref, got.Body, won)
			}
		}
	}
}

func allWin(t *testing.T, s engine.Store) {
	items := make([]*engine.Item, 64)
	for n, err := range together(len(items), func(n int) error {
		items[n] = full("run", fmt.Sprintf("7/%d", n))
		return s.Swap(t.Context(), items[n])
	}) {
		if err != nil {
			t.Fatalf("writer %d: %v", n, err)
		}
	}
	for _, it := range items {
		same(t, get(t, s, it.Ref), *it)
	}
}

package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// Bench measures durable swaps of new 8 KiB items by 1 and by 64 writers. The
// second reports how many times as many it stores a second as the first: that
// ratio, unlike the figures, means the same on every machine.
func Bench(b *testing.B, open func(b *testing.B) engine.Store) {
	b.Helper()
	var alone float64
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("swap/writers=%d", writers), func(b *testing.B) {
			s := open(b)
			defer func() {
				if err := s.Close(); err != nil {
					b.Errorf("Close: %v", err)
				}
			}()
			swapAll(b, s, writers)
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "swaps/s")
			if writers == 1 {
				alone = rate
			} else if alone > 0 {
				b.ReportMetric(rate/alone, "times-1-writer")
			}
		})
	}
}

// swapAll stores b.N new items from the given number of goroutines.
func swapAll(b *testing.B, s engine.Store, writers int) {
	body := make([]byte, 8<<10)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range writers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				it := full("delivery", fmt.Sprintf("7/%012d", n))
				it.Body = body
				if err := s.Swap(b.Context(), it); err != nil {
					b.Errorf("Swap: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

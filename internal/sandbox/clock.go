package sandbox

import (
	"sync"
	"time"
)

// Clock is where the world's time comes from.
type Clock interface {
	Now() time.Time
	// AfterFunc runs f in its own goroutine after d; stop reports whether it prevented that.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

var (
	_ Clock = realClock{}
	_ Clock = ShiftedClock(0)
	_ Clock = (*ManualClock)(nil)
)

// Clock is the world's clock, for what stands beside it.
func (w *World) Clock() Clock { return w.clock }

type realClock struct{}

func (realClock) Now() time.Time {
	return time.Now() //nolint:forbidigo // this is the one place where real time enters the sandbox
}

func (realClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}

// ShiftedClock is the real time, and so much more or less: that of a world whose
// clocks differ from those of the machine that the program runs on.
type ShiftedClock time.Duration

// Now is the shifted time.
func (c ShiftedClock) Now() time.Time { return realClock{}.Now().Add(time.Duration(c)) }

// AfterFunc runs f after d, which is as long everywhere.
func (c ShiftedClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return realClock{}.AfterFunc(d, f)
}

// ManualClock stands still until it is told to advance, so that stories of weeks are tested in no time.
type ManualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*manualTimer
}

type manualTimer struct {
	at time.Time
	f  func()
}

// NewManualClock starts a clock at a moment.
func NewManualClock(start time.Time) *ManualClock { return &ManualClock{now: start} }

// Now is the moment that the clock stands at.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc has f called by the Advance that passes d.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{at: c.now.Add(d), f: f}
	c.timers = append(c.timers, t)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.remove(t)
	}
}

func (c *ManualClock) remove(t *manualTimer) bool {
	for i, other := range c.timers {
		if other == t {
			c.timers = append(c.timers[:i], c.timers[i+1:]...)
			return true
		}
	}
	return false
}

// Advance moves the clock, calling what becomes due on the way, in order, each at its own moment.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	c.mu.Unlock()
	for {
		c.mu.Lock()
		var next *manualTimer
		for _, t := range c.timers {
			if !t.at.After(end) && (next == nil || t.at.Before(next.at)) {
				next = t
			}
		}
		if next == nil {
			c.now = end
			c.mu.Unlock()
			return
		}
		if next.at.After(c.now) {
			c.now = next.at
		}
		c.remove(next)
		c.mu.Unlock()
		next.f()
	}
}

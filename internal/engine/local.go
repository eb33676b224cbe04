package engine

import (
	"container/heap"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Local is the waker of a process that has its store to itself: timers in one
// heap, and a number of workers. It never has one item advanced twice at a
// time; a wake that comes meanwhile makes the item run once more afterwards.
// One repository has three quarters of the workers at most: what it sends by the
// thousand, or what hangs, leaves the others theirs.
type Local struct {
	clock   Clock
	log     *slog.Logger
	workers int
	share   int // of the workers, for one repository

	mu       sync.Mutex
	idle     *sync.Cond
	queue    timers
	entries  map[Ref]*entry
	inHand   map[string]int      // by group
	held     map[string][]*entry // due, but their group has its share; in order
	stop     func() bool         // the timer that is set
	stopAt   time.Time
	draining bool
	running  bool
	cancel   context.CancelFunc
	done     chan struct{}
}

var _ Waker = (*Local)(nil)

// entry is one item that is to be advanced, or being advanced.
type entry struct {
	ref   Ref
	group string
	at    time.Time
	index int  // in the heap; -1 while it is being advanced
	held  bool // it waits for its group
	again time.Time
	fails int
}

// The rest of an item whose advance could not be done, e.g. for want of a store.
const (
	localRetryFirst = time.Second
	localRetryMax   = time.Minute
)

// NewLocal makes a waker with that many workers; fewer than one means 8.
func NewLocal(clock Clock, log *slog.Logger, workers int) *Local {
	if workers < 1 {
		workers = 8
	}
	l := &Local{
		clock: clock, log: log, workers: workers, share: max(1, workers*3/4), entries: map[Ref]*entry{},
		inHand: map[string]int{}, held: map[string][]*entry{}, done: make(chan struct{}),
	}
	l.idle = sync.NewCond(&l.mu)
	return l
}

// Wake has the item advanced at its WakeAt, or earlier if that was asked for
// before. It never waits.
func (l *Local) Wake(_ context.Context, item Item) error {
	if item.WakeAt.IsZero() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.draining {
		l.add(item.Ref, groupOf(item), item.WakeAt)
	}
	return nil
}

// groupOf is the repository, within its installation.
func groupOf(item Item) string { return tenant(installation(item.ID)) + item.Scope }

func (l *Local) add(ref Ref, group string, at time.Time) {
	e := l.entries[ref]
	switch {
	case e == nil:
		e = &entry{ref: ref, group: group, at: at}
		l.entries[ref] = e
		heap.Push(&l.queue, e)
	case e.held:
		return // it is due already
	case e.index < 0:
		if e.again.IsZero() || at.Before(e.again) {
			e.again = at
		}
		return
	case at.Before(e.at):
		e.at = at
		heap.Fix(&l.queue, e.index)
	default:
		return
	}
	l.idle.Signal()
}

// Run advances items until ctx ends, which interrupts what is in hand, or
// Drain is called, which does not. It is called once, and never fails.
func (l *Local) Run(ctx context.Context, advance func(context.Context, Ref) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.mu.Lock()
	l.running, l.cancel = true, cancel
	l.mu.Unlock()
	end := context.AfterFunc(ctx, l.close)
	defer end()
	var all sync.WaitGroup
	for range l.workers {
		all.Go(func() {
			for e := l.take(); e != nil; e = l.take() {
				l.put(e, advance(ctx, e.ref))
			}
		})
	}
	all.Wait()
	close(l.done)
	return nil
}

// Drain stops taking new work and waits for what is in hand. If ctx ends first,
// that is interrupted, and the error of ctx returned. The rest stays stored.
func (l *Local) Drain(ctx context.Context) error {
	l.close()
	l.mu.Lock()
	running := l.running
	l.mu.Unlock()
	if !running {
		return nil
	}
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		l.cancel()
		<-l.done
		return ctx.Err()
	}
}

// close lets the workers end when they are done with what is in hand.
func (l *Local) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = true
	if l.stop != nil {
		l.stop()
		l.stop = nil
	}
	l.idle.Broadcast()
}

// take waits for an item that is due; nil means that the worker is to end.
func (l *Local) take() *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.draining {
		if len(l.queue) > 0 {
			first := l.queue[0]
			now := l.clock.Now()
			if !first.at.After(now) {
				heap.Pop(&l.queue)
				if !l.seize(first) {
					continue
				}
				if len(l.queue) > 0 {
					l.idle.Signal() // the next may be due too
				}
				return first
			}
			l.arm(first.at, now)
		}
		l.idle.Wait()
	}
	return nil
}

// seize takes an item in hand, or has it wait until its group has less than its share.
func (l *Local) seize(e *entry) bool {
	if l.inHand[e.group] >= l.share {
		e.held = true
		l.held[e.group] = append(l.held[e.group], e)
		return false
	}
	l.inHand[e.group]++
	return true
}

// release gives a group's place to the next that waits for it.
func (l *Local) release(group string) {
	if l.inHand[group]--; l.inHand[group] == 0 {
		delete(l.inHand, group)
	}
	waiting := l.held[group]
	if len(waiting) == 0 {
		return
	}
	next := waiting[0]
	waiting[0], l.held[group] = nil, waiting[1:]
	if len(waiting) == 1 {
		delete(l.held, group)
	}
	next.held = false
	heap.Push(&l.queue, next)
	l.idle.Signal()
}

// arm sets the timer to the earliest time that anybody waits for.
func (l *Local) arm(at, now time.Time) {
	if l.stop != nil && !l.stopAt.After(at) {
		return
	}
	if l.stop != nil {
		l.stop()
	}
	l.stopAt = at
	l.stop = l.clock.AfterFunc(at.Sub(now), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.stopAt.Equal(at) {
			l.stop = nil
		}
		l.idle.Signal()
	})
}

// put ends an item's turn and has it run again if somebody asked meanwhile, or
// if it could not be advanced.
func (l *Local) put(e *entry, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, e.ref)
	l.release(e.group)
	if l.draining {
		return
	}
	if err == nil {
		e.fails = 0
	} else {
		rest := min(localRetryFirst<<min(e.fails, 10), localRetryMax)
		e.fails++
		e.again = l.clock.Now().Add(rest)
		if !errors.Is(err, context.Canceled) {
			l.log.Warn("an item could not be advanced now and is tried again", logItem, e.ref.ID, logError, err, logTries, e.fails)
		}
	}
	if !e.again.IsZero() {
		next := &entry{ref: e.ref, group: e.group, at: e.again, fails: e.fails}
		l.entries[e.ref] = next
		heap.Push(&l.queue, next)
		l.idle.Signal()
	}
}

// timers is a heap of entries by time.
type timers []*entry

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].index, t[j].index = i, j
}

// Push is for package heap.
func (t *timers) Push(x any) {
	e, ok := x.(*entry)
	if !ok {
		return
	}
	e.index = len(*t)
	*t = append(*t, e)
}

// Pop is for package heap.
func (t *timers) Pop() any {
	old := *t
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	e.index = -1
	return e
}

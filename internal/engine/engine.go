package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Clock is where the engine has the time from.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in a goroutine of its own after d, unless stop is
	// called before.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// Machine is the pure machine, as functions, so that the engine can be tested
// with a smaller one.
type Machine struct {
	Next       func(pipeline.State, pipeline.Event) pipeline.Step
	NextIntake func(*pipeline.Intake, pipeline.Event) pipeline.IntakeStep
	Wake       func(pipeline.State) time.Time
	NextLane   func(*pipeline.Lane, pipeline.LaneEvent) pipeline.LaneStep // nil: lanes move only with their runs
	WakeLane   func(*pipeline.Lane) time.Time                             // nil likewise
	Brewing    func(pipeline.State, pipeline.Slot) bool                   // nil: nothing ever is
	Awaited    func(pipeline.State, pipeline.Slot) bool                   // nil likewise
}

// Hooks count what happens. Any may be nil; all may be called concurrently.
type Hooks struct {
	Received  func(Result)
	Performed func(effect, class string, took time.Duration) // class: done, failed, later, at, unsure, stopped, old
	Shown     func(slot pipeline.Slot, class string, took time.Duration)
	Conflict  func(Kind)
	Parked    func(Kind)
	Overdue   func(count int, oldest time.Duration) // what a sweep found

	Unapplied   func(oldest time.Duration) // likewise: how late the oldest delivery is that was not applied; 0: none is
	StillParked func(count int)            // likewise: items that wait for a person
	Changed     func(ref Ref, rev string)  // an item is stored anew; after the swap, once per item. Must not block
}

// Options are the engine's settings. A zero field means its default.
type Options struct {
	EffectTimeout time.Duration            // how long one effect may take; default 2 min
	ShowTimeout   time.Duration            // how long one call of a surface may take; default 1 min
	Coalesce      map[string]time.Duration // rest of a slot between two calls, by longest prefix; "" is the default of 1 s
	Burst         map[string]int           // calls of an awaited slot that go at once after a pause, likewise; default 1
	Patience      time.Duration            // how long a slot waits while it is brewing; default 1 s
	Concurrency   int                      // effects of one item at once; default 8
	Budget        time.Duration            // after this long, an advance begins nothing new; default 5 min
	SoleOwner     bool                     // no other process uses the store: leases of other instances are dead
	SweepGrace    time.Duration            // how overdue an item is before a sweep wakes it; default 5 s, with SoleOwner 0
	SweepLimit    int                      // items that one sweep wakes; default 1000
	KeepRuns      time.Duration            // how long a run is kept after its end; 0: for ever
}

// Config is what an engine is made of.
type Config struct {
	Store     Store
	Waker     Waker
	Machine   Machine
	Performer Performer
	Shower    Shower
	Clock     Clock
	Logger    *slog.Logger
	Instance  string         // names this process in leases; unique among all
	Rand      func() float64 // in [0,1), for jitter; safe for concurrent use
	Zones     pipeline.Zones // the time zones of freezes; nil: none but UTC is known
	Hooks     Hooks
	Tracer    *tracing.Tracer // nil: nothing is traced
	Options   Options
}

// Engine advances stored items. Its methods may be called concurrently, by any
// number of processes on one store.
type Engine struct {
	store     Store
	waker     Waker
	machine   Machine
	performer Performer
	shower    Shower
	clock     Clock
	log       *slog.Logger
	instance  string
	rand      func() float64
	zones     pipeline.Zones
	hooks     Hooks
	tracer    *tracing.Tracer
	opt       Options
	stopping  atomic.Bool
}

// New makes an engine. The error names what is missing.
func New(c Config) (*Engine, error) {
	missing := []struct {
		what string
		ok   bool
	}{
		{"Store", c.Store != nil},
		{"Waker", c.Waker != nil},
		{"Machine", c.Machine.Next != nil && c.Machine.NextIntake != nil && c.Machine.Wake != nil},
		{"Performer", c.Performer != nil},
		{"Shower", c.Shower != nil},
		{"Clock", c.Clock != nil},
		{"Logger", c.Logger != nil},
		{"Instance", c.Instance != ""},
		{"Rand", c.Rand != nil},
	}
	for _, m := range missing {
		if !m.ok {
			return nil, fmt.Errorf("engine: %s is not set: every engine needs one", m.what)
		}
	}
	hooks := c.Hooks.filled()
	return &Engine{
		store: storage{Store: c.Store, changed: hooks.Changed, tracer: c.Tracer}, waker: c.Waker, machine: c.Machine, performer: c.Performer, shower: c.Shower,
		clock: c.Clock, log: c.Logger, instance: c.Instance, rand: c.Rand, zones: c.Zones, hooks: hooks, tracer: c.Tracer, opt: c.Options.filled(),
	}, nil
}

// Stop makes the engine begin nothing new: what is in hand is finished, what
// is owed stays stored for the next process. It cannot be undone.
func (e *Engine) Stop() { e.stopping.Store(true) }

// Check answers whether a delivery could be stored now.
func (e *Engine) Check(ctx context.Context) error { return e.store.Check(ctx) }

// now is the time as the store keeps it: UTC, in microseconds.
func (e *Engine) now() time.Time { return e.clock.Now().UTC().Truncate(time.Microsecond) }

// wake hands a hint to the waker. That it is lost costs time, never work.
func (e *Engine) wake(ctx context.Context, item Item) {
	if item.WakeAt.IsZero() {
		return
	}
	ctx, span := e.spanWake(ctx, item)
	err := e.waker.Wake(ctx, item)
	span.End(err)
	if err != nil && !errors.Is(err, context.Canceled) {
		e.log.WarnContext(ctx, "an item could not be woken; the sweep will find it", logItem, item.ID, logError, err)
	}
}

// within gives a context that ends after d by the engine's clock.
func (e *Engine) within(ctx context.Context, d time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := e.clock.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func (h Hooks) filled() Hooks {
	if h.Received == nil {
		h.Received = func(Result) {}
	}
	if h.Performed == nil {
		h.Performed = func(string, string, time.Duration) {}
	}
	if h.Shown == nil {
		h.Shown = func(pipeline.Slot, string, time.Duration) {}
	}
	if h.Conflict == nil {
		h.Conflict = func(Kind) {}
	}
	if h.Parked == nil {
		h.Parked = func(Kind) {}
	}
	if h.Overdue == nil {
		h.Overdue = func(int, time.Duration) {}
	}
	if h.Unapplied == nil {
		h.Unapplied = func(time.Duration) {}
	}
	if h.StillParked == nil {
		h.StillParked = func(int) {}
	}
	if h.Changed == nil {
		h.Changed = func(Ref, string) {}
	}
	return h
}

func (o Options) filled() Options {
	if o.EffectTimeout == 0 {
		o.EffectTimeout = 2 * time.Minute
	}
	if o.ShowTimeout == 0 {
		o.ShowTimeout = time.Minute
	}
	if o.Patience == 0 {
		o.Patience = time.Second
	}
	if o.Concurrency == 0 {
		o.Concurrency = 8
	}
	if o.Budget == 0 {
		o.Budget = 5 * time.Minute
	}
	if o.SweepGrace == 0 && !o.SoleOwner {
		o.SweepGrace = 5 * time.Second
	}
	if o.SweepLimit == 0 {
		o.SweepLimit = 1000
	}
	return o
}

package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/cloudtasks"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// App is a running process.
type App struct {
	cfg     Config
	log     *slog.Logger
	store   engine.Store
	github  *github.App
	engine  *engine.Engine
	waker   waker
	metrics *metrics
	bot     atomic.Pointer[string]
	feed    *handlers.Feed
	tracer  *tracing.Tracer // nil: off
	public  *site
	pages   *site // nil: switched off
	figures *site // nil: on the public one, for this machine only

	performers *stage.Performers
	login      *login.Login // nil: nobody signs in

	tasks    *cloudtasks.Waker // nil: nobody calls this process
	lost     *lost
	keeper   *housekeeping
	alarm    *alarm
	swept    atomic.Bool
	stopping atomic.Bool
	instance string // names this process
}

// Serve runs the app until ctx ends, finishes what is in hand and leaves the
// rest for the next start.
func Serve(ctx context.Context, cfg Config, log *slog.Logger) error {
	a, err := Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// Open builds the process and listens, without serving yet.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	a := &App{cfg: cfg, log: log, metrics: newMetrics(), feed: handlers.NewFeed(clock{}.Now), instance: strings.ToLower(rand.Text())}
	for _, name := range cfg.Unused {
		log.WarnContext(ctx, "this version does not use a variable that is set", "variable", name)
	}
	if cfg.Store.Shared() {
		a.feed.Close() // it hears this process only; the pages ask every few seconds instead
	}
	if err := a.build(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *App) build(ctx context.Context) error {
	var err error
	if a.tracer, err = tracing.Open(ctx, a.cfg.Tracing, tracing.Service{Version: version(), Instance: a.instance}, a.log); err != nil {
		return fmt.Errorf("traces cannot be written; OTEL_TRACES_EXPORTER=none switches them off: %w", err)
	}
	if a.github, err = github.New(a.cfg.github(), github.Options{
		Clock: clock{}.Now, Logger: a.log, Observe: a.metrics.observeGitHub, Penalty: a.cfg.Penalty, Transport: a.calls("github", github.Operation),
	}); err != nil {
		return err
	}
	a.lost, a.keeper = a.newLost(), &housekeeping{app: a}
	if err := a.openStore(ctx); err != nil {
		return err
	}
	if a.performers, err = a.buildPerformers(ctx); err != nil {
		return err
	}
	if err = a.buildLogin(); err != nil {
		return err
	}
	if err := a.buildEngine(a.performers); err != nil {
		return err
	}
	return a.listen(ctx)
}

func (c Config) github() github.Config {
	return github.Config{
		AppID: c.AppID, PrivateKey: []byte(c.PrivateKey.Reveal()), WebURL: c.WebURL, V3URL: c.V3URL,
		UserAgent: "gatehouse",
	}
}

// decisions is how often a surface may change without a rest while people wait
// for it: asked, approved by one, approved by the last. Slack takes short bursts
// above a message a second and channel; the average stays below.
const decisions = 3

func (a *App) buildEngine(p *stage.Performers) error {
	e, err := engine.New(engine.Config{
		Store: a.store, Waker: a.waker, Performer: p, Shower: p, Clock: clock{}, Logger: a.log,
		Machine:  engine.Machine{Next: pipeline.Next, NextIntake: pipeline.NextIntake, Wake: pipeline.Wake, NextLane: pipeline.NextLane, WakeLane: pipeline.WakeLane, Brewing: pipeline.Brewing, Awaited: pipeline.Awaited},
		Instance: a.instance, Rand: mathrand.Float64, Zones: Zones(), Hooks: a.hooks(), Tracer: a.tracer,
		Options: engine.Options{SoleOwner: !a.cfg.Store.Shared(), Patience: a.cfg.Settle, EffectTimeout: a.cfg.Patience, ShowTimeout: min(a.cfg.Patience, time.Minute), KeepRuns: a.cfg.KeepRuns, Coalesce: map[string]time.Duration{
			"": time.Second, "check/": 200 * time.Millisecond, "deployment": 0, "slack": 1200 * time.Millisecond, "discord": 2 * time.Second,
		}, Burst: map[string]int{"slack": decisions, "door": decisions}},
	})
	a.engine = e
	return err
}

func (a *App) links() templates.Links {
	return templates.Links{Public: a.cfg.PublicURL, Web: a.cfg.WebURL}
}

func (a *App) hooks() engine.Hooks {
	h := a.metrics.hooks()
	h.Changed = a.feed.Changed
	return h
}

// Run serves until ctx ends.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.waker.Run(work, a.engine.Advance) }()
	turns := a.turns(work)
	failed := a.serve(work)
	a.log.InfoContext(ctx, "gatehouse listens", "addr", a.Addr(), "public_url", a.cfg.PublicURL, "pages", a.PagesAddr(), "metrics", a.MetricsAddr(), "store", a.cfg.Store.String())
	select {
	case err := <-failed:
		return fmt.Errorf("the listener failed: %w", err)
	case err := <-done:
		return fmt.Errorf("the waker ended: %w", err)
	case <-ctx.Done():
	}
	a.stop(work)
	cancel()
	a.endTurns(turns)
	return <-done
}

// turns begins what a process does by itself again and again; the channel is
// closed when it has ended.
func (a *App) turns(ctx context.Context) <-chan struct{} {
	var all sync.WaitGroup
	if a.tasks == nil {
		all.Go(func() { a.engine.RunSweeps(ctx) })
		all.Go(func() { a.lost.loop(ctx) })
	} else {
		all.Go(func() { a.learnBot(ctx) })
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		all.Wait()
	}()
	return ended
}

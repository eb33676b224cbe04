package app

import (
	"context"
	"fmt"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/postgres"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

// workers is how many items one process advances at a time.
const (
	localWorkers = 8
	riverWorkers = 32
)

// waker is a waker with a life: it works until it is drained.
type waker interface {
	engine.Waker
	// Run works until ctx ends or Drain is called.
	Run(ctx context.Context, advance func(context.Context, engine.Ref) error) error
	// Drain takes no new work and waits for what is in hand, until ctx ends.
	Drain(ctx context.Context) error
}

// openStore opens the store of the configuration and the waker that goes with it.
func (a *App) openStore(ctx context.Context) error {
	var err error
	switch a.cfg.Store.Kind {
	case StorePostgres:
		err = a.openPostgres(ctx)
	case StoreSQLite:
		a.store, err = sqlite.Open(ctx, a.cfg.Store.Place, sqlite.Options{Logger: a.log})
		a.waker = engine.NewLocal(clock{}, a.log, localWorkers)
	}
	if err != nil {
		return fmt.Errorf("GATEHOUSE_STORE: %w", err)
	}
	return nil
}

func (a *App) openPostgres(ctx context.Context) error {
	s, err := postgres.Open(ctx, a.cfg.Store.Place, a.log)
	if err != nil {
		return err
	}
	a.store = s
	a.waker, err = postgres.NewWaker(s, clock{}, a.log, riverWorkers)
	return err
}

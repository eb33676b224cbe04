package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/cloudtasks"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firestore"
	"github.com/gatehouse-app/gatehouse/internal/postgres"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

// How many items one process advances at a time.
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
	open := map[StoreKind]func(context.Context) error{
		StoreSQLite: a.openSQLite, StorePostgres: a.openPostgres, StoreFirestore: a.openFirestore,
	}[a.cfg.Store.Kind]
	if open == nil {
		return fmt.Errorf("GATEHOUSE_STORE: %q is no store", a.cfg.Store.Kind)
	}
	if err := open(ctx); err != nil {
		return fmt.Errorf("GATEHOUSE_STORE: %w", err)
	}
	return nil
}

func (a *App) openSQLite(ctx context.Context) error {
	s, err := sqlite.Open(ctx, a.cfg.Store.Place, sqlite.Options{Logger: a.log})
	if err != nil {
		return err
	}
	a.store, a.waker = s, engine.NewLocal(clock{}, a.log, localWorkers)
	return nil
}

func (a *App) openPostgres(ctx context.Context) error {
	s, err := postgres.Open(ctx, a.cfg.Store.Place, a.log)
	if err != nil {
		return err
	}
	a.store = s
	w, err := postgres.NewWaker(s, clock{}, a.log, riverWorkers)
	a.waker = w
	return err
}

func (a *App) openFirestore(ctx context.Context) error {
	large, err := a.cfg.Google.open(ctx)
	if err != nil {
		return err
	}
	project, database, _ := strings.Cut(a.cfg.Store.Place, "/")
	s, err := firestore.Open(ctx, firestore.Config{
		Project: project, Database: database, Instance: a.instance, Blobs: large, Logger: a.log,
	})
	if err != nil {
		return err
	}
	a.store, a.waker = s, engine.NewLocal(clock{}, a.log, localWorkers)
	if !a.cfg.Store.Called() {
		return nil
	}
	tasks := a.cfg.Store.Tasks
	w, err := cloudtasks.New(ctx, cloudtasks.Config{
		Queue: tasks.Queue, Target: a.cfg.PublicURL, Account: tasks.Account, AppEngine: tasks.AppEngine, Emulator: tasks.Emulator,
		Clock: clock{}, Logger: a.log,
	})
	a.waker, a.tasks = w, w
	return err
}

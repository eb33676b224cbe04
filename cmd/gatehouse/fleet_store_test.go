package main_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firestore"
	"github.com/gatehouse-app/gatehouse/internal/firestoretest"
	"github.com/gatehouse-app/gatehouse/internal/pgtest"
	"github.com/gatehouse-app/gatehouse/internal/postgres"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/internal/taskstest"
)

// backend is a kind of store with its waker.
type backend struct {
	name      string
	instances int
	apart     int // shops that have an installation each; 0: all share one
	start     func(*fleet) running
}

// running is a store that programs can be told of.
type running struct {
	env    map[string]string
	wakeAt func(context.Context, engine.Ref) (time.Time, error) // of an item, read beside the programs
}

func backends() []backend {
	return []backend{
		{name: "SQLite", instances: 1, start: startSQLite},
		{name: "PostgreSQL, River", instances: 3, start: startPostgres},
		{name: "Firestore, Cloud Tasks", instances: 3, start: startFirestore},
	}
}

// wakeAtOf reads through a store.
func wakeAtOf(s engine.Store) func(context.Context, engine.Ref) (time.Time, error) {
	return func(ctx context.Context, ref engine.Ref) (time.Time, error) {
		item, err := s.Get(ctx, ref)
		return item.WakeAt, err
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// startSQLite looks into the file by itself: the store lets one process in.
func startSQLite(f *fleet) running {
	path := filepath.Join(f.t.TempDir(), "fleet.db")
	return running{env: map[string]string{"GATEHOUSE_STORE": "sqlite:" + path}, wakeAt: func(ctx context.Context, ref engine.Ref) (at time.Time, err error) {
		db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
		if err != nil {
			return at, err
		}
		defer func() { _ = db.Close() }()
		var micros sql.NullInt64
		err = db.QueryRowContext(ctx, "SELECT wake_at FROM item WHERE kind = ? AND id = ?", ref.Kind, ref.ID).Scan(&micros)
		if micros.Valid {
			at = time.UnixMicro(micros.Int64)
		}
		return at, err
	}}
}

func startPostgres(f *fleet) running {
	f.t.Helper()
	address := pgtest.Start(f.t).Database(f.t)
	s, err := postgres.Open(f.ctx, address, quiet())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = s.Close() })
	return running{env: map[string]string{"GATEHOUSE_STORE": address}, wakeAt: wakeAtOf(s)}
}

func startFirestore(f *fleet) running {
	f.t.Helper()
	const project, account = "demo-fleet", "queue@demo-fleet.iam.gserviceaccount.com"
	emulator := firestoretest.Start(f.t)
	// A queue's bad habits beside the kills: what it refuses and loses is the sweep's.
	queue := taskstest.Start(f.t, taskstest.Faults{Refuse: 0.02, Lose: 0.02, Repeat: 0.05, Delay: 0.1})
	f.front.certs = queue.Google
	f.t.Cleanup(f.front.cron(f.ctx, func() string { return queue.Token(account, f.front.url) }))
	large, err := blobs.OpenDir(f.blobs)
	if err != nil {
		f.t.Fatal(err)
	}
	// t.Setenv is not for tests side by side; nothing but this client reads it here.
	if err := os.Setenv("FIRESTORE_EMULATOR_HOST", emulator); err != nil {
		f.t.Fatal(err)
	}
	s, err := firestore.Open(f.ctx, firestore.Config{Project: project, Instance: "test", Blobs: large, Logger: quiet()})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = s.Close() })
	return running{wakeAt: wakeAtOf(s), env: map[string]string{
		"GATEHOUSE_STORE": "firestore:" + project, "FIRESTORE_EMULATOR_HOST": emulator,
		"GATEHOUSE_WAKER":           "cloudtasks:projects/" + project + "/locations/europe-west1/queues/gatehouse",
		"CLOUD_TASKS_EMULATOR_HOST": queue.Addr, "GATEHOUSE_TASKS_ACCOUNT": account,
		"GATEHOUSE_GOOGLE_API_URL": f.front.url + strings.TrimSuffix(google.Prefix, "/"),
	}}
}

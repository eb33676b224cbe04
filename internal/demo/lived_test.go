package demo_test

import (
	"context"
	"database/sql"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // somebody else's look into the database

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/templates"
)

// lived is a town with the app in it, in this process.
type lived struct {
	*demo.Town
	app  *app.App
	env  map[string]string
	db   string
	stop context.CancelFunc
	done chan error
}

// live opens a town whose configuration may be the starter's with changes, and
// starts the app in it.
func live(t testing.TB, o demo.Options, config func(starter, url string) string, tune func(*app.Config)) *lived {
	t.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		o.Files = map[string]string{".github/gatehouse.yml": config(starter(t), "http://"+listener.Addr().String())}
	}
	town, err := demo.Open(listener, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	l := &lived{Town: town, db: filepath.Join(t.TempDir(), "gatehouse.db"), done: make(chan error, 1)}
	l.env = town.Env("127.0.0.1:0", l.db)
	cfg, err := app.LoadConfig(func(name string) string { return l.env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if tune != nil {
		tune(&cfg)
	}
	if err := town.Pair(t.Context(), l.db, demo.Ada, demo.Omar); err != nil {
		t.Fatal(err)
	}
	if l.app, err = app.Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	town.SetHook("http://" + l.app.Addr() + "/api/github/hook")
	var ctx context.Context
	ctx, l.stop = context.WithCancel(context.WithoutCancel(t.Context()))
	go func() { l.done <- l.app.Run(ctx) }()
	t.Cleanup(l.end)
	return l
}

// end stops the app; a second time does nothing.
func (l *lived) end() {
	l.stop()
	if err, open := <-l.done; open {
		close(l.done)
		if err != nil {
			slog.Warn("the app did not stop cleanly", "error", err)
		}
	}
}

// teller tells stories in the town and plays every part.
func (l *lived) teller() *demo.Teller {
	return &demo.Teller{Town: l.Town, Out: io.Discard, Auto: true, Wait: l.Watch(), Now: time.Now}
}

// none reports whether no stored item meets a condition, by somebody else's look
// into the database.
func (l *lived) none(t testing.TB, where string, args ...any) func() bool {
	t.Helper()
	db, err := sql.Open("sqlite", l.db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return func() bool {
		l.World.Drain()
		var n int
		err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM item WHERE "+where, args...).Scan(&n) //nolint:gosec // a test's own words
		return err == nil && n == 0
	}
}

// starter is the configuration of templates/starter.
func starter(t testing.TB) string {
	t.Helper()
	b, err := fs.ReadFile(templates.Starter, "starter/.github/gatehouse.yml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// elevenStages is the starter without its backup: production has eleven stages.
func elevenStages(starter, url string) string {
	return strings.NewReplacer(
		"      - backup\n", "",
		"https://staging.avalo.app", url+"/sites/staging", "https://avalo.app", url+"/sites/production",
	).Replace(starter)
}

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// Records is the store of this configuration without the process around it.
type Records struct {
	*engine.Reader
	Links templates.Links
	Zones pipeline.Zones
	close func() error
}

// OpenRecords opens the store that GATEHOUSE_STORE names, to be read. SQLite
// belongs to one process: while a server runs, it refuses.
func OpenRecords(ctx context.Context, get func(string) string, log *slog.Logger) (*Records, error) {
	l := &loader{get: get}
	a := &App{cfg: Config{Store: l.store(), PublicURL: l.url("GATEHOUSE_PUBLIC_URL", "http://"+l.addr()), WebURL: l.url("GITHUB_WEB_URL", "https://github.com")}, log: log}
	if err := errors.Join(l.wrong...); err != nil {
		return nil, err
	}
	if s := a.cfg.Store; s.Kind == StoreSQLite {
		if _, err := os.Stat(s.Place); err != nil {
			return nil, fmt.Errorf("GATEHOUSE_STORE: there is no store %s to read: %w", s.Place, err)
		}
	}
	if err := a.openStore(ctx); err != nil {
		return nil, fmt.Errorf("%w\nThe store is read here without the server. Where one runs, it has the store to itself: ask it, or stop it first", err)
	}
	return &Records{Reader: engine.NewReader(a.store, log), Links: a.links(), Zones: Zones(), close: a.store.Close}, nil
}

// Close gives the store back.
func (r *Records) Close() error { return r.close() }

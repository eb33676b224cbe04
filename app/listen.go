package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
)

// site is a listener with what it serves.
type site struct {
	listener net.Listener
	server   *http.Server
}

// listen opens the public listener and, unless they are off, those of the pages
// and of the figures.
func (a *App) listen(ctx context.Context) error {
	routes, err := a.routes(ctx)
	if err != nil {
		return err
	}
	if a.public, err = a.site(ctx, a.cfg.Addr, routes); err != nil {
		return fmt.Errorf("GATEHOUSE_ADDR: %w", err)
	}
	if a.cfg.MetricsAddr != "" {
		if a.figures, err = a.site(ctx, a.cfg.MetricsAddr, a.metricsRoutes()); err != nil {
			return fmt.Errorf("GATEHOUSE_METRICS_ADDR: %w", err)
		}
	}
	if a.cfg.PagesAddr == "" || a.login != nil {
		return nil
	}
	if routes, err = a.pageRoutes(); err != nil {
		return err
	}
	if a.pages, err = a.site(ctx, a.cfg.PagesAddr, routes); err != nil {
		return fmt.Errorf("GATEHOUSE_PAGES_ADDR: %w; name another address of this machine, or off", err)
	}
	return nil
}

// sites are those that listen.
func (a *App) sites() []*site {
	return slices.DeleteFunc([]*site{a.public, a.pages, a.figures}, func(s *site) bool { return s == nil })
}

func (a *App) site(ctx context.Context, addr string, routes http.Handler) (*site, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &site{listener: l, server: &http.Server{
		Handler: routes, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}}, nil
}

// Addr is where the app listens.
func (a *App) Addr() string { return a.public.listener.Addr().String() }

// MetricsAddr is where figures are on a listener of their own, or "".
func (a *App) MetricsAddr() string {
	if a.figures == nil {
		return ""
	}
	return a.figures.listener.Addr().String()
}

// PagesAddr is where the pages are, or "" when they are off.
func (a *App) PagesAddr() string {
	if a.pages == nil {
		return ""
	}
	return a.pages.listener.Addr().String()
}

// serve serves every site until it is shut; the first that fails is told.
func (a *App) serve(ctx context.Context) <-chan error {
	sites := a.sites()
	failed := make(chan error, len(sites))
	for _, s := range sites {
		go func() { failed <- s.server.Serve(s.listener) }()
	}
	go a.beat(ctx)
	return failed
}

// beat keeps the streams of the pages open.
func (a *App) beat(ctx context.Context) {
	tick := time.NewTicker(handlers.FeedBeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.feed.Beat()
		case <-ctx.Done():
			return
		}
	}
}

package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
)

// site is a listener with what it serves.
type site struct {
	listener net.Listener
	server   *http.Server
}

// listen opens the public listener and, unless they are off, that of the pages.
func (a *App) listen(ctx context.Context) error {
	routes, err := a.routes(ctx)
	if err != nil {
		return err
	}
	if a.public, err = a.site(ctx, a.cfg.Addr, routes); err != nil {
		return fmt.Errorf("GATEHOUSE_ADDR: %w", err)
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

// PagesAddr is where the pages are, or "" when they are off.
func (a *App) PagesAddr() string {
	if a.pages == nil {
		return ""
	}
	return a.pages.listener.Addr().String()
}

// serve serves every site until it is shut; the first that fails is told.
func (a *App) serve(ctx context.Context) <-chan error {
	failed := make(chan error, 2)
	go func() { failed <- a.public.server.Serve(a.public.listener) }()
	if a.pages != nil {
		go func() { failed <- a.pages.server.Serve(a.pages.listener) }()
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

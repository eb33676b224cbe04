package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
)

// routes is every address that this process serves.
func (a *App) routes(ctx context.Context) (http.Handler, error) {
	hook, err := a.hook()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/github/hook", hook)
	if a.cfg.clicks() {
		clicks, err := a.slackHook()
		if err != nil {
			return nil, err
		}
		mux.Handle("/api/slack/interactions", clicks)
	}
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	if a.cfg.Store.Tasks.AppEngine {
		mux.HandleFunc("GET /_ah/warmup", a.readyz) // App Engine asks before it sends requests
		mux.HandleFunc("GET /_ah/start", a.readyz)
		mux.HandleFunc("GET /_ah/stop", func(w http.ResponseWriter, _ *http.Request) { say(w, "ok\n") }) // SIGTERM follows
	}
	mux.Handle("GET /metrics", a.private(a.metrics.handler()))
	if a.tasks != nil {
		called, err := a.called(ctx)
		if err != nil {
			return nil, err
		}
		mux.Handle("/internal/", called)
	}
	return mux, a.people(mux)
}

// metricsRoutes is what the figures' own listener serves. Who reaches it is up
// to the operator, who set its address: it has counts, no names.
func (a *App) metricsRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.handler())
	return mux
}

// people mounts what browsers and the command line ask for. Until people can
// sign in, the pages are on a listener of this machine's own.
func (a *App) people(mux *http.ServeMux) error {
	signed, err := a.signedPages()
	if err != nil {
		return err
	}
	if a.login != nil {
		mux.Handle("/", signed)
		return nil
	}
	mux.Handle("/api/v1/", signed)
	notice, err := handlers.Elsewhere(a.PagesAddr, clock{}.Now)
	if err != nil {
		return err
	}
	mux.Handle("/", notice)
	return nil
}

func (a *App) pagesConfig() handlers.PagesConfig {
	return handlers.PagesConfig{Reader: a.engine, Trail: a.engine, Feed: a.feed, WebURL: a.cfg.WebURL, TraceURL: a.cfg.TraceURL, Clock: clock{}.Now, Logger: a.log}
}

// pageRoutes is what the pages' own listener serves; handlers.Pages lists it.
func (a *App) pageRoutes() (http.Handler, error) {
	c := a.pagesConfig()
	if u, err := url.Parse(a.cfg.PublicURL); err == nil {
		c.Hosts = append(c.Hosts, strings.ToLower(u.Hostname()))
	}
	return handlers.Pages(c)
}

func (a *App) hook() (http.Handler, error) {
	var secrets [][]byte
	for _, s := range a.cfg.HookSecrets {
		secrets = append(secrets, []byte(s.Reveal()))
	}
	return handlers.GitHub(handlers.Config{
		Secrets: secrets, AppID: a.cfg.AppID, APIURL: a.cfg.V3URL, Receive: a.engine.Receive, Clock: clock{}.Now, Logger: a.log, BotLogin: a.botLogin,
		Revoked: a.revoked, Installed: a.installed, Invalidate: a.forget,
		Count: func(result string) { a.metrics.webhooks.WithLabelValues(result).Inc() },
	})
}

// private lets only this machine in.
func (a *App) private(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		if !loopback(host) || r.Header.Get("X-Forwarded-For") != "" {
			http.Error(w, "This page is for this machine only. GATEHOUSE_METRICS_ADDR serves it elsewhere.", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// healthz says that the process lives, and why if the store does not.
func (a *App) healthz(w http.ResponseWriter, r *http.Request) {
	if a.health(w, r, http.StatusOK) {
		a.sayParked(w, r)
	}
}

// sayParked tells how many items are set aside. Which they are is in the log:
// this page is for everybody.
func (a *App) sayParked(w io.Writer, r *http.Request) {
	parked, err := a.engine.Parked(r.Context(), 0)
	switch {
	case err != nil:
		say(w, "It cannot be read what is set aside.\n")
	case len(parked) > 0:
		say(w, fmt.Sprintf("Set aside because they cannot be processed: %d items. "+
			"The log says which and why; each is tried once more at the next start.\n", len(parked)))
	}
}

func (a *App) health(w http.ResponseWriter, r *http.Request, broken int) bool {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := a.engine.Check(ctx); err != nil {
		w.WriteHeader(broken)
		say(w, fmt.Sprintf("The store takes no writes: %v\nWebhooks are answered 503, so that GitHub keeps them as failed and they are fetched later.\n", err))
		return false
	}
	say(w, "ok\n")
	return true
}

// say writes an answer; if the asker has gone there is nobody to tell.
func say(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

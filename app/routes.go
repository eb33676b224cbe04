package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// routes is every address that this process serves.
func (a *App) routes() (http.Handler, error) {
	hook, err := a.hook()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/github/hook", hook)
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", a.private(promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{})))
	mux.Handle("GET /runs/{id}", a.private(http.HandlerFunc(a.runPage)))
	return mux, nil
}

func (a *App) hook() (http.Handler, error) {
	var secrets [][]byte
	for _, s := range a.cfg.HookSecrets {
		secrets = append(secrets, []byte(s.Reveal()))
	}
	return handlers.GitHub(handlers.Config{
		Secrets: secrets, AppID: a.cfg.AppID, APIURL: a.cfg.V3URL, Receive: a.engine.Receive, Clock: clock{}.Now, Logger: a.log, BotLogin: a.botLogin,
		Count: func(result string) { a.metrics.webhooks.WithLabelValues(result).Inc() },
	})
}

// private lets only this machine in: these pages show what a login will guard.
func (a *App) private(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		if !loopback(host) || r.Header.Get("X-Forwarded-For") != "" {
			http.Error(w, "This page is for this machine only, until signing in with GitHub is available.", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// healthz says that the process lives, and why if the store does not.
func (a *App) healthz(w http.ResponseWriter, r *http.Request) { a.health(w, r, http.StatusOK) }

// readyz says whether a webhook would be stored now.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	a.health(w, r, http.StatusServiceUnavailable)
}

func (a *App) health(w http.ResponseWriter, r *http.Request, broken int) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := a.engine.Check(ctx); err != nil {
		w.WriteHeader(broken)
		say(w, fmt.Sprintf("The store takes no writes: %v\nWebhooks are answered 503, so that GitHub keeps them as failed and they are fetched later.\n", err))
		return
	}
	say(w, "ok\n")
}

// runPage is the run as text, where every check's Details link leads.
func (a *App) runPage(w http.ResponseWriter, r *http.Request) {
	state, err := a.findRun(r.Context(), pipeline.RunID(r.PathValue("id")))
	switch {
	case errors.Is(err, engine.ErrNotFound):
		http.Error(w, "There is no such run.", http.StatusNotFound)
	case err != nil:
		a.log.ErrorContext(r.Context(), "a run could not be read", "error", err)
		http.Error(w, "The run cannot be read now.", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		say(w, templates.Text(templates.NewView(state, clock{}.Now(), a.links())))
	}
}

// findRun looks in every installation: the reader of a private page is the operator.
func (a *App) findRun(ctx context.Context, id pipeline.RunID) (pipeline.State, error) {
	installations, err := a.github.Installations(ctx)
	if err != nil {
		return pipeline.State{}, err
	}
	for _, in := range installations {
		state, _, err := a.engine.Run(ctx, in.ID, id)
		if !errors.Is(err, engine.ErrNotFound) {
			return state, err
		}
	}
	return pipeline.State{}, engine.ErrNotFound
}

// say writes an answer; if the asker has gone there is nobody to tell.
func say(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

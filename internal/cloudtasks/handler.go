package cloudtasks

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// call is the body of a task.
type call struct {
	Kind engine.Kind `json:"kind"`
	ID   string      `json:"id"`
	At   time.Time   `json:"at"`
}

// maxCall is far above the size of a call.
const maxCall = 16 << 10

// Handler serves AdvancePath and SweepPath to Google, and to nobody else. An
// answer that is no 2xx has Google call again, with the queue's backoff.
func (w *Waker) Handler(callers Callers, advance func(context.Context, engine.Ref) error, sweep func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+AdvancePath, w.guard(callers.task, func(r *http.Request) int { return w.advance(r, advance) }))
	serveSweep := w.guard(callers.cron, func(r *http.Request) int {
		if err := sweep(r.Context()); err != nil {
			w.Logger.ErrorContext(r.Context(), "a sweep failed; the next one comes with the next call of cron", "error", err)
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	})
	mux.Handle("POST "+SweepPath, serveSweep)
	mux.Handle("GET "+SweepPath, serveSweep) // App Engine's cron asks by GET
	return mux
}

// guard turns away everybody who is not Google, with one answer for all.
func (w *Waker) guard(allowed func(*http.Request) error, serve func(*http.Request) int) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if err := allowed(r); err != nil {
			w.Logger.WarnContext(r.Context(), "a call to an internal address was refused", "path", r.URL.Path, "error", err)
			http.Error(out, "This address is for Google Cloud Tasks and Cloud Scheduler only.", http.StatusForbidden)
			return
		}
		out.WriteHeader(serve(r))
	})
}

func (w *Waker) advance(r *http.Request, advance func(context.Context, engine.Ref) error) int {
	var c call
	if err := json.NewDecoder(io.LimitReader(r.Body, maxCall)).Decode(&c); err != nil || c.Kind == "" || c.ID == "" {
		w.Logger.WarnContext(r.Context(), "a task that cannot be read is dropped; the sweep finds what it was for", "error", err)
		return http.StatusNoContent // the same again would be no better
	}
	if c.At.After(w.Clock.Now()) {
		return http.StatusTooEarly // Google's clock is ahead of ours: once more, a little later
	}
	if err := advance(r.Context(), engine.Ref{Kind: c.Kind, ID: c.ID}); err != nil {
		w.Logger.WarnContext(r.Context(), "an item could not be advanced now and is tried again", "item", c.ID, "error", err)
		return http.StatusServiceUnavailable
	}
	return http.StatusNoContent
}

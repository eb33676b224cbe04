package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// A stop takes ten seconds at most, after which many a supervisor kills.
const (
	// drainTime is how long it waits for what is in hand; the rest stays stored.
	drainTime = 7 * time.Second
	// shutTime is how long it waits for requests that are being answered.
	shutTime = time.Second
	// turnTime is how long it waits for a look that was interrupted to say so in the
	// store: else the next start would take it for one under way, and wait for that.
	turnTime = 500 * time.Millisecond
	// flushTime is how long it waits for the last traces to be taken.
	flushTime = time.Second
)

// stop ends what Run began. Until what is in hand is finished, webhooks are still
// stored, for the next start or another process, and /readyz says that no more
// should be sent here.
func (a *App) stop(ctx context.Context) {
	a.stopping.Store(true)
	a.log.InfoContext(ctx, "gatehouse stops: what is in hand is finished, the rest stays stored")
	a.feed.Close() // streams have no end of their own
	drain, drained := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer drained()
	if a.tasks != nil {
		a.shut(drain) // the work itself comes as requests
	}
	a.engine.Stop()
	if err := a.waker.Drain(drain); err != nil {
		a.log.WarnContext(ctx, "something in hand was interrupted; the next start goes on with it", "error", err)
	}
	if a.tasks == nil {
		a.shutBy(drain)
	}
}

// endTurns waits for what was interrupted to be told in the store.
func (a *App) endTurns(ended <-chan struct{}) {
	late := make(chan struct{})
	defer clock{}.AfterFunc(turnTime, func() { close(late) })()
	select {
	case <-ended:
	case <-late:
	}
}

// shutBy leaves requests what time ctx has left, and shutTime at least.
func (a *App) shutBy(ctx context.Context) {
	if by, ok := ctx.Deadline(); ok && by.Sub(clock{}.Now()) > shutTime {
		a.shut(ctx)
		return
	}
	last, over := context.WithTimeout(context.WithoutCancel(ctx), shutTime)
	defer over()
	a.shut(last)
}

// shut takes no more requests and waits for those that are being answered.
func (a *App) shut(ctx context.Context) {
	var err error
	for _, s := range a.sites() {
		err = errors.Join(err, s.server.Shutdown(ctx))
	}
	if err != nil {
		a.log.WarnContext(ctx, "some requests were cut off; GitHub's are asked for again by the next start", "error", err)
	}
}

// readyz answers: whether a webhook should be sent here now.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	if a.stopping.Load() {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		say(w, "This process is stopping: it finishes what it has in hand. Webhooks that still come are stored.\n")
		return
	}
	a.health(w, r, http.StatusServiceUnavailable)
}

func (a *App) close() {
	flush, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := a.tracer.Close(flush); err != nil {
		a.log.Warn("the last traces could not be sent", "error", err)
	}
	for _, s := range a.sites() {
		_ = s.listener.Close() // closed by the server already, as a rule
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil && !errors.Is(err, engine.ErrUnavailable) {
			a.log.Error("the store could not be closed", "error", err)
		}
	}
}

package app

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/stage"
)

// redeliverable is how long GitHub keeps a delivery that can be sent again.
const redeliverable = 3 * 24 * time.Hour

// overlap is how far a look for lost webhooks reaches back behind the one before it.
const overlap = 15 * time.Minute

// lost looks for webhooks that GitHub could not deliver: it does not send them
// again by itself.
type lost struct {
	app      *App
	recovery *stage.Recovery
	mu       sync.Mutex
	since    time.Time
}

func (a *App) newLost() *lost {
	return &lost{app: a, recovery: stage.NewRecovery(a.github, clock{}.Now, a.log), since: time.Now().Add(-redeliverable)}
}

// turn looks once, unless another look is under way.
func (l *lost) turn(ctx context.Context) {
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	began := time.Now()
	if l.app.recoverLost(ctx, l.recovery, l.since) {
		l.since = began.Add(-overlap) // what was tried again since then is listed anew
	}
}

// loop looks at once, and then again and again.
func (l *lost) loop(ctx context.Context) {
	tick := time.NewTicker(l.app.cfg.Sweep)
	defer tick.Stop()
	for {
		l.turn(ctx)
		l.app.learnBot(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

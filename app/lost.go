package app

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// reconcileEvery is how often open runs are compared with GitHub's lists.
const reconcileEvery = time.Hour

// lost looks for webhooks that are missing here: GitHub does not send them
// again by itself. Of several processes one looks at a time, and how far it
// looked is stored with what it found. A look may take as long as an effect: by
// then another process may look, should this one have died.
type lost struct {
	app      *App
	recovery *stage.Recovery
	mu       sync.Mutex
	looked   bool
	compared bool
}

func (a *App) newLost() *lost {
	return &lost{app: a, recovery: stage.NewRecovery(a.github, a.holds, clock{}.Now, a.log)}
}

func (a *App) holds(ctx context.Context, installation int64, guid string) (bool, error) {
	return a.engine.Holds(ctx, installation, a.cfg.AppID, guid)
}

// turn looks once, unless another look is under way. Its place is taken in the
// store first: while that takes no writes, webhooks would only be lost once more.
func (l *lost) turn(ctx context.Context) {
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	err := l.app.engine.Take(ctx, engine.Duty{
		Name: "lost-webhooks/" + strconv.FormatInt(l.app.cfg.AppID, 10), Every: l.app.cfg.Sweep, Hold: l.app.cfg.Patience, Do: l.look,
	}, !l.looked)
	switch {
	case err == nil:
		l.looked = true
	case ctx.Err() == nil:
		l.app.log.WarnContext(ctx, "lost webhooks could not be looked for", "error", err)
	}
}

func (l *lost) look(ctx context.Context, mark time.Time) (time.Time, error) {
	n, next, err := l.recovery.Recover(ctx, mark)
	l.app.metrics.recovered.Add(float64(n))
	if err == nil {
		l.app.metrics.looked.Set(float64(clock{}.Now().Unix()))
	}
	return next, err
}

// reconcile compares open runs with what GitHub lists, at the start and hourly:
// GitHub forgets webhooks after three days.
func (l *lost) reconcile(ctx context.Context) {
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	r := stage.Reconciler{
		AppID: l.app.cfg.AppID, Work: l.app.engine.OpenWork, Receive: l.app.engine.Receive, Clock: clock{}.Now, Logger: l.app.log,
		Repos: func(r pipeline.Repo) stage.Dispatched {
			return l.app.github.Repo(github.RepoRef{Installation: r.Installation, ID: r.ID, Owner: r.Owner, Name: r.Name})
		},
	}
	err := l.app.engine.Take(ctx, engine.Duty{
		Name: l.reconciling(), Every: reconcileEvery, Hold: l.app.cfg.Patience,
		Do: func(ctx context.Context, _ time.Time) (time.Time, error) {
			l.compared = true // a repository that cannot be read is read again in an hour
			n, err := r.Reconcile(ctx)
			l.app.metrics.reconciled.Add(float64(n))
			return time.Time{}, err
		},
	}, !l.compared)
	if err != nil && ctx.Err() == nil {
		l.app.log.WarnContext(ctx, "open runs could not all be compared with GitHub; the next look is in an hour", "error", err)
	}
}

// loop looks at once, and then again and again.
func (l *lost) loop(ctx context.Context) {
	tick := time.NewTicker(l.app.cfg.Sweep)
	defer tick.Stop()
	for {
		l.turn(ctx)
		l.reconcile(ctx)
		l.app.learnBot(ctx)
		l.app.keeper.turn(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// reconciling is the name of the duty to compare open runs with GitHub's lists.
func (l *lost) reconciling() string { return "reconcile/" + strconv.FormatInt(l.app.cfg.AppID, 10) }

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// installed is the body of the item that says when an installation was last
// seen at GitHub.
type installed struct {
	V      int            `json:"v"`
	SeenAt time.Time      `json:"seen_at"`
	Said   bool           `json:"said,omitempty"`  // that it is gone
	Lacks  []string       `json:"lacks,omitempty"` // what it was said to be without, sorted
	Lack   *pipeline.Lack `json:"lack,omitempty"`  // the same in words
}

const (
	// seenAgain is how old a sight may be before it is stored anew.
	seenAgain = 24 * time.Hour
	// goneAfter is how long an installation is not seen before it is said: GitHub
	// may leave one out of a list once.
	goneAfter = 48 * time.Hour
)

// Installed takes over what GitHub lists as installed. What is stored of an
// installation that has not been listed for as long as runs are kept is deleted,
// with its audit trail: nobody is left who could read it. It says how many
// installations it forgot.
func (e *Engine) Installed(ctx context.Context, listed []int64) (int, error) {
	stored, err := e.Installations(ctx)
	if err != nil {
		return 0, err
	}
	forgot := 0
	var failed error
	for _, inst := range stored {
		gone, err := e.sight(ctx, inst, slices.Contains(listed, inst))
		if err == nil && gone {
			err = e.forget(ctx, inst)
			forgot++
		}
		failed = errors.Join(failed, err)
	}
	return forgot, failed
}

// sight stores that an installation is there, or tells for how long it has not
// been. One that was never looked for counts as seen.
func (e *Engine) sight(ctx context.Context, inst int64, there bool) (gone bool, err error) {
	now := e.now()
	item, body, err := e.installed(ctx, inst)
	if err != nil {
		return false, err
	}
	missing := now.Sub(body.SeenAt)
	switch {
	case there && missing >= seenAgain || body.SeenAt.IsZero():
		body.SeenAt, body.Said = now, false
	case there || missing < goneAfter:
		return false, nil
	case e.opt.KeepRuns > 0 && missing >= e.opt.KeepRuns:
		return true, nil
	case body.Said:
		return false, nil
	default:
		body.Said = true
		e.sayGone(ctx, inst, body.SeenAt)
	}
	return false, e.storeInstalled(ctx, inst, item, body)
}

func (e *Engine) installed(ctx context.Context, inst int64) (Item, *installed, error) {
	item, err := e.store.Get(ctx, installedRef(inst))
	if errors.Is(err, ErrNotFound) {
		return Item{Ref: installedRef(inst)}, &installed{V: bodyVersion}, nil
	}
	if err != nil {
		return item, nil, fmt.Errorf("read what is known of installation %d: %w", inst, err)
	}
	body, err := decode[installed](item)
	return item, body, err
}

func (e *Engine) storeInstalled(ctx context.Context, inst int64, item Item, body *installed) error {
	if keep := e.opt.KeepRuns; keep > 0 {
		item.Expires = body.SeenAt.Add(keep + keepDelivery) // should its lanes have gone first
	}
	if err := encode(&item, body); err != nil {
		return err
	}
	if err := e.store.Swap(ctx, &item); err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("store what is known of installation %d: %w", inst, err)
	}
	return nil
}

func (e *Engine) sayGone(ctx context.Context, inst int64, seen time.Time) {
	until := "never, as GATEHOUSE_KEEP_RUNS says"
	if e.opt.KeepRuns > 0 {
		until = seen.Add(e.opt.KeepRuns).Format(time.DateOnly)
	}
	e.log.WarnContext(ctx, "the App is no longer installed there; `gatehouse audit export` keeps a copy of what is deleted then", logInstallation, inst, logSeen, seen, logDeleted, until)
}

// forget has everything of an installation expire, so that the sweep deletes
// it. The item that says so goes last: what fails is done again.
func (e *Engine) forget(ctx context.Context, inst int64) error {
	now, n := e.now(), 0
	for _, kind := range kinds() {
		err := e.each(ctx, Query{Kind: kind, Prefix: tenant(inst)}, func(item Item) error {
			item.WakeAt, item.Expires = time.Time{}, now
			n++
			return e.store.Swap(ctx, &item)
		})
		if err != nil {
			return fmt.Errorf("forget installation %d: %w", inst, err)
		}
	}
	e.log.WarnContext(ctx, "an installation that GitHub no longer lists is deleted, with its audit trail", logInstallation, inst, logItems, n)
	return nil
}

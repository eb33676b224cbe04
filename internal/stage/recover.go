package stage

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

const (
	hookWindow   = 3 * 24 * time.Hour // GitHub redelivers what is no older
	askAgain     = 5 * time.Minute    // a redelivery may take that long to be listed
	mostAttempts = 20                 // of one webhook, before it is left to people
)

// Recovery asks GitHub for the webhooks that did not arrive, because GitHub
// never repeats one by itself.
type Recovery struct {
	hooks  Hooks
	clock  func() time.Time
	logger *slog.Logger

	mu    sync.Mutex
	asked map[string]time.Time // by GUID
}

// NewRecovery makes a Recovery. A nil logger discards.
func NewRecovery(hooks Hooks, clock func() time.Time, logger *slog.Logger) *Recovery {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Recovery{hooks: hooks, clock: clock, logger: logger, asked: map[string]time.Time{}}
}

// Recover has every webhook since then redelivered of which no attempt was
// answered 2xx, and says how many that were.
func (r *Recovery) Recover(ctx context.Context, since time.Time) (int, error) {
	now := r.clock()
	if earliest := now.Add(-hookWindow); since.Before(earliest) {
		since = earliest
	}
	all, err := r.hooks.Deliveries(ctx, since)
	if err != nil {
		return 0, fmt.Errorf("look for lost webhooks: %w", err)
	}
	n := 0
	for _, d := range lost(all) {
		if !r.due(d.GUID, now) {
			continue
		}
		err := r.hooks.Redeliver(ctx, d.ID)
		switch class := github.ClassOf(err); {
		case err == nil:
			n++
		case class == github.NotFound || class == github.Invalid || class == github.Conflict:
			r.logger.WarnContext(ctx, "a webhook cannot be redelivered", "delivery", d.GUID, "event", d.Event, "error", err.Error())
		default:
			r.forget(d.GUID)
			return n, fmt.Errorf("redeliver a webhook: %w", err)
		}
	}
	return n, nil
}

// lost picks the newest attempt of each webhook that never arrived, oldest
// first, so that they arrive in their order.
func lost(all []github.HookDelivery) []github.HookDelivery {
	arrived, attempts := map[string]bool{}, map[string]int{}
	newest := map[string]github.HookDelivery{}
	for _, d := range all {
		attempts[d.GUID]++
		arrived[d.GUID] = arrived[d.GUID] || d.StatusCode >= 200 && d.StatusCode < 300
		if known, ok := newest[d.GUID]; !ok || d.DeliveredAt.After(known.DeliveredAt) {
			newest[d.GUID] = d
		}
	}
	var out []github.HookDelivery
	seen := map[string]bool{}
	for i := len(all) - 1; i >= 0; i-- {
		guid := all[i].GUID
		if !seen[guid] && !arrived[guid] && attempts[guid] < mostAttempts {
			out = append(out, newest[guid])
		}
		seen[guid] = true
	}
	return out
}

// due notes that a webhook is asked for, unless it was a moment ago.
func (r *Recovery) due(guid string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for old, at := range r.asked {
		if now.Sub(at) >= askAgain {
			delete(r.asked, old)
		}
	}
	if _, ok := r.asked[guid]; ok {
		return false
	}
	r.asked[guid] = now
	return true
}

func (r *Recovery) forget(guid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asked, guid)
}

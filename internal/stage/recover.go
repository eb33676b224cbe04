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
	failedPause  = time.Second        // after a redelivery that failed, twice as long each time, up to askAgain
	mostAttempts = 20                 // of one webhook, before it is left to people
)

// Recovery asks GitHub for the webhooks that did not arrive, because GitHub
// never repeats one by itself.
type Recovery struct {
	hooks  Hooks
	clock  func() time.Time
	logger *slog.Logger

	mu    sync.Mutex
	asked map[string]ask // by GUID
}

// ask is a redelivery that was asked for.
type ask struct {
	of int64 // the attempt that was the newest then
	at time.Time
}

// attempt is the newest of a webhook's attempts, none of which arrived.
type attempt struct {
	github.HookDelivery
	number int
}

// pause is how long to wait behind an attempt before the next: the first
// redelivery is asked for at once.
func (a attempt) pause() time.Duration {
	if a.number < 2 {
		return 0
	}
	return min(failedPause<<(a.number-2), askAgain)
}

// NewRecovery makes a Recovery. A nil logger discards.
func NewRecovery(hooks Hooks, clock func() time.Time, logger *slog.Logger) *Recovery {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Recovery{hooks: hooks, clock: clock, logger: logger, asked: map[string]ask{}}
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
		if !r.due(d, now) {
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
func lost(all []github.HookDelivery) []attempt {
	arrived, attempts := map[string]bool{}, map[string]int{}
	newest := map[string]github.HookDelivery{}
	for _, d := range all {
		attempts[d.GUID]++
		arrived[d.GUID] = arrived[d.GUID] || d.StatusCode >= 200 && d.StatusCode < 300
		if known, ok := newest[d.GUID]; !ok || d.DeliveredAt.After(known.DeliveredAt) {
			newest[d.GUID] = d
		}
	}
	var out []attempt
	seen := map[string]bool{}
	for i := len(all) - 1; i >= 0; i-- {
		guid := all[i].GUID
		if !seen[guid] && !arrived[guid] && attempts[guid] < mostAttempts {
			out = append(out, attempt{newest[guid], attempts[guid]})
		}
		seen[guid] = true
	}
	return out
}

// due notes that a webhook is asked for, unless GitHub has not listed yet what
// came of the last time, or that has failed a moment ago.
func (r *Recovery) due(d attempt, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for guid, old := range r.asked {
		if now.Sub(old.at) >= askAgain {
			delete(r.asked, guid)
		}
	}
	if last, ok := r.asked[d.GUID]; ok && last.of == d.ID || now.Sub(d.DeliveredAt) < d.pause() {
		return false
	}
	r.asked[d.GUID] = ask{of: d.ID, at: now}
	return true
}

func (r *Recovery) forget(guid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asked, guid)
}

package stage

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

const (
	hookWindow   = 3*24*time.Hour + 2*time.Hour // GitHub redelivers for three days; its clock and ours may differ
	overlap      = 15 * time.Minute             // how far a look reaches back behind the mark of the one before it
	askAgain     = 5 * time.Minute              // a redelivery may take that long to be listed
	failedPause  = time.Second                  // between two redeliveries that failed, twice as long each time, up to askAgain
	mostAttempts = 20                           // of one webhook, before it is left to people
)

// Recovery asks GitHub for the webhooks that did not arrive, because GitHub
// never repeats one by itself, and for those that were acknowledged and are not
// stored: a store that came back from a backup knows nothing of its last day.
// What was answered 200 is of no interest. A command that was acknowledged is
// never repeated: it may have been carried out, and a second rollback is worse
// than a lost word.
type Recovery struct {
	hooks  Hooks
	inbox  Inbox
	clock  func() time.Time
	logger *slog.Logger

	mu    sync.Mutex
	asked map[string]ask  // by GUID
	told  map[string]bool // GUIDs of commands that are missing
}

// ask is a redelivery that was asked for.
type ask struct {
	of int64 // the attempt that was the newest then
	at time.Time
}

// attempt is the newest of a webhook's attempts.
type attempt struct {
	github.HookDelivery
	number int
	status int // of the newest attempt that was answered 2xx; 0: none was
}

// pause is how long to wait behind one redelivery before the next.
func (a attempt) pause() time.Duration {
	if a.number < 2 {
		return 0
	}
	return min(failedPause<<(a.number-2), askAgain)
}

// NewRecovery makes a Recovery. A nil logger discards.
func NewRecovery(hooks Hooks, inbox Inbox, clock func() time.Time, logger *slog.Logger) *Recovery {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Recovery{hooks: hooks, inbox: inbox, clock: clock, logger: logger, asked: map[string]ask{}, told: map[string]bool{}}
}

// Recover has every webhook that is missing redelivered, as far back as a
// little before mark, and says how many that were. Where GitHub's list ended is
// the next mark: it is GitHub's time, so that a wrong clock here skips nothing.
func (r *Recovery) Recover(ctx context.Context, mark time.Time) (n int, next time.Time, err error) {
	now := r.clock()
	since := mark.Add(-overlap)
	if earliest := now.Add(-hookWindow); since.Before(earliest) {
		since = earliest
	}
	all, err := r.hooks.Deliveries(ctx, since)
	if err != nil {
		return 0, mark, fmt.Errorf("look for lost webhooks: %w", err)
	}
	next = mark
	for _, d := range all {
		if d.DeliveredAt.After(next) {
			next = d.DeliveredAt
		}
	}
	n, err = r.again(ctx, webhooks(all), now)
	return n, next, err
}

// again asks for each of these that is missing and not asked for already.
func (r *Recovery) again(ctx context.Context, all []attempt, now time.Time) (int, error) {
	n := 0
	for _, d := range all {
		missing, err := r.missing(ctx, d)
		if err != nil {
			return n, fmt.Errorf("look whether a webhook is stored: %w", err)
		}
		if !missing || !r.due(d, now) {
			continue
		}
		err = r.hooks.Redeliver(ctx, d.ID)
		switch class := github.ClassOf(err); {
		case err == nil:
			n++
			r.logger.InfoContext(ctx, "a missing webhook is asked for again", "delivery", d.GUID, "event", d.Event, "acknowledged", d.status != 0)
		case class == github.NotFound || class == github.Invalid || class == github.Conflict:
			r.logger.WarnContext(ctx, "a webhook cannot be redelivered", "delivery", d.GUID, "event", d.Event, "error", err.Error())
		default:
			r.forget(d.GUID)
			return n, fmt.Errorf("redeliver a webhook: %w", err)
		}
	}
	return n, nil
}

// missing tells whether a webhook never arrived, or was acknowledged as stored
// and is not.
func (r *Recovery) missing(ctx context.Context, d attempt) (bool, error) {
	switch {
	case d.number >= mostAttempts:
		return false, nil
	case d.status == 0:
		return true, nil
	case d.status != http.StatusAccepted || d.InstallationID == 0:
		return false, nil
	}
	stored, err := r.inbox(ctx, d.InstallationID, d.GUID)
	if err != nil || stored {
		return false, err
	}
	if d.commands() {
		r.tell(ctx, d)
		return false, nil
	}
	return true, nil
}

// commands tells whether a person may have given a command by this webhook.
func (a attempt) commands() bool {
	switch a.Event {
	case "issue_comment", "commit_comment":
		return true
	}
	return a.Action == "requested_action" || a.Action == "rerequested"
}

// tell says once that a command is missing.
func (r *Recovery) tell(ctx context.Context, d attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.told[d.GUID] {
		r.told[d.GUID] = true
		r.logger.WarnContext(ctx, "a command was acknowledged and is not in the store; it may have been carried out, so it is not repeated: look, and give it again",
			"delivery", d.GUID, "event", d.Event, "action", d.Action, "at", d.DeliveredAt)
	}
}

// webhooks gathers the attempts of each webhook, the oldest webhook first, so
// that they arrive in their order. The list has the newest attempt first.
func webhooks(list []github.HookDelivery) []attempt {
	at := map[string]int{}
	var out []attempt
	for _, d := range slices.Backward(list) {
		i, known := at[d.GUID]
		if !known {
			i = len(out)
			at[d.GUID], out = i, append(out, attempt{})
		}
		w := &out[i]
		w.HookDelivery = d
		w.number++
		if d.StatusCode >= 200 && d.StatusCode < 300 {
			w.status = d.StatusCode
		}
	}
	return out
}

// due notes that a webhook is asked for, unless GitHub has not listed yet what
// came of the last time, or that was a moment ago. All of it is our own time:
// GitHub's clock may be another.
func (r *Recovery) due(d attempt, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for guid, old := range r.asked {
		if now.Sub(old.at) >= askAgain {
			delete(r.asked, guid)
		}
	}
	if last, ok := r.asked[d.GUID]; ok && (last.of == d.ID || now.Sub(last.at) < d.pause()) {
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

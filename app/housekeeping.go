package app

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
	"github.com/gatehouse-app/gatehouse/internal/engine"
)

const (
	// blobsEvery is how often blobs are swept, and unusedBlobs how long one stays
	// that nothing refers to: a store that is restored from a backup of some weeks
	// ago finds its own.
	blobsEvery  = 7 * 24 * time.Hour
	unusedBlobs = 35 * 24 * time.Hour
	// housekeepingHold is how long a turn may take.
	housekeepingHold = time.Hour
)

// housekeeping deletes what nobody needs any more. Of several processes one does it at a time.
type housekeeping struct {
	app      *App
	place    blobs.Place // nil: there are no blobs
	mu       sync.Mutex
	claimed  bool
	compared bool // what installations grant, with what is needed
}

// turn does what is due.
func (h *housekeeping) turn(ctx context.Context) {
	if !h.mu.TryLock() {
		return
	}
	defer h.mu.Unlock()
	h.lacking(ctx)
	h.do(ctx, "looking for removed installations", engine.Duty{
		Name: "installed/" + strconv.FormatInt(h.app.cfg.AppID, 10), Every: 24 * time.Hour, Do: h.installed,
	})
	if h.place == nil {
		return
	}
	h.claim(ctx)
	h.do(ctx, "deleting blobs that nothing needs", engine.Duty{Name: "blobs", Every: blobsEvery, Do: h.sweep})
}

func (h *housekeeping) do(ctx context.Context, failed string, d engine.Duty) {
	d.Hold, d.Later = housekeepingHold, true
	if err := h.app.engine.Take(ctx, d, false); err != nil && ctx.Err() == nil {
		h.app.log.WarnContext(ctx, "housekeeping failed; nothing else is held up by that, and it is tried again", "failed", failed, "error", err, "every", d.Every)
	}
}

func (h *housekeeping) installed(ctx context.Context, mark time.Time) (time.Time, error) {
	all, err := h.app.github.Installations(ctx)
	if err != nil {
		return mark, err
	}
	var ids []int64
	for _, in := range all {
		ids = append(ids, in.ID)
	}
	_, err = h.app.engine.Installed(ctx, ids)
	return mark, err
}

// claim says from the start on that this store keeps blobs there, so that
// another Gatehouse deletes none of them.
func (h *housekeeping) claim(ctx context.Context) {
	if h.claimed {
		return
	}
	owner, err := h.app.engine.Identity(ctx)
	if err == nil {
		_, err = h.place.Claim(ctx, owner)
	}
	if err != nil {
		h.app.log.WarnContext(ctx, "it could not be said in GATEHOUSE_BLOBS who keeps blobs there", "error", err)
		return
	}
	h.claimed = true
}

func (h *housekeeping) sweep(ctx context.Context, mark time.Time) (time.Time, error) {
	owner, err := h.app.engine.Identity(ctx)
	if err != nil {
		return mark, err
	}
	did, err := blobs.Sweep(ctx, h.place, owner, clock{}.Now().Add(-unusedBlobs), h.used)
	if errors.Is(err, blobs.ErrShared) {
		h.app.log.WarnContext(ctx, "several stores keep blobs in GATEHOUSE_BLOBS, so none is ever deleted there: give each a place of its own; "+
			"of a store that is gone for good, delete its name in owners/", "place", h.app.cfg.Google.Blobs, "this_store", owner)
		return mark, nil
	}
	h.app.log.InfoContext(ctx, "blobs were swept", "used", did.Used, "unused", did.Waiting, "deleted", did.Deleted, "bytes", did.Freed)
	return mark, err
}

// used asks everything that is stored.
func (h *housekeeping) used(ctx context.Context, there map[string]bool) (map[string]bool, error) {
	m := blobs.NewMentions(there)
	err := h.app.engine.Everything(ctx, func(item engine.Item) error {
		m.Read(item.Body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m.In, m.Follow(ctx, h.place.Get)
}

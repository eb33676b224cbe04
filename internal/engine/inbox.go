package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Result is what became of a delivery.
type Result string

// The results of Receive. Both are good: GitHub is answered 2xx.
const (
	Stored    Result = "stored"
	Duplicate Result = "duplicate" // the same app and GUID came before
)

// inbox is the body of a delivery item.
type inbox struct {
	V          int           `json:"v"`
	AppID      int64         `json:"app_id"`
	GUID       string        `json:"guid"`
	Event      string        `json:"event"`
	Action     string        `json:"action,omitempty"`
	Repo       pipeline.Repo `json:"repo"`
	ReceivedAt time.Time     `json:"received_at"`
	Signals    []*signal     `json:"signals"`
}

// signal is a stored Signal with what has become of it. The marks are stored
// together with the runs that they speak of: law 2.
type signal struct {
	Run      pipeline.RunID   `json:"run,omitempty"`
	Workflow int64            `json:"workflow,omitempty"`
	Commit   string           `json:"commit,omitempty"`
	Fact     json.RawMessage  `json:"fact"`
	Applied  []pipeline.RunID `json:"applied,omitempty"`
	Done     bool             `json:"done,omitempty"`
	Note     string           `json:"note,omitempty"` // why it went nowhere
	Waits    int              `json:"waits,omitempty"`
	fact     pipeline.Fact
}

// maxGUID is far above GitHub's 36 characters.
const maxGUID = 200

// Receive stores a delivery. When it returns nil the delivery survives this
// process, and will be applied. An error that is ErrUnavailable is the store's;
// the sender must be told to come again.
func (e *Engine) Receive(ctx context.Context, d Delivery) (Result, error) {
	item, err := e.seal(d)
	if err != nil {
		return "", fmt.Errorf("receive delivery %s: %w", d.GUID, err)
	}
	ctx, end := e.spanReceive(ctx, item, d)
	result, err := e.keep(ctx, item, d)
	end(result, err)
	return result, err
}

// keep stores a delivery, once.
func (e *Engine) keep(ctx context.Context, item Item, d Delivery) (Result, error) {
	err := e.store.Swap(ctx, &item)
	if errors.Is(err, ErrConflict) {
		e.wakeAgain(ctx, item.Ref)
		e.hooks.Received(Duplicate)
		return Duplicate, nil
	}
	if err != nil {
		return "", fmt.Errorf("store delivery %s: %w", d.GUID, err)
	}
	e.hooks.Received(Stored)
	e.log.InfoContext(ctx, "a delivery is stored", logDelivery, item.ID, logFact, d.Event+"."+d.Action)
	e.wake(ctx, item)
	return Stored, nil
}

// wakeAgain has a delivery that came twice but is not yet applied looked at.
func (e *Engine) wakeAgain(ctx context.Context, ref Ref) {
	item, err := e.store.Get(ctx, ref)
	if err != nil {
		e.log.WarnContext(ctx, "a delivery that came twice could not be read; the sweep will find it", logDelivery, ref.ID, logError, err)
		return
	}
	e.wake(ctx, item)
}

func (e *Engine) seal(d Delivery) (Item, error) {
	switch {
	case d.Repo.Installation <= 0 || d.Repo.ID <= 0:
		return Item{}, errors.New("it names no installation and repository, so it belongs to nobody")
	case d.GUID == "" || len(d.GUID) > maxGUID || strings.ContainsAny(d.GUID, "/\x00"):
		return Item{}, errors.New("its id is empty or not an id: X-GitHub-Delivery must be GitHub's GUID")
	}
	now := e.now()
	body := inbox{
		V: bodyVersion, AppID: d.AppID, GUID: d.GUID, Event: d.Event, Action: d.Action, Repo: d.Repo, ReceivedAt: d.ReceivedAt.UTC(),
	}
	if body.ReceivedAt.IsZero() {
		body.ReceivedAt = now
	}
	for _, s := range d.Signals {
		fact, err := pipeline.MarshalFact(s.Fact)
		if err != nil {
			return Item{}, err
		}
		body.Signals = append(body.Signals, &signal{Run: s.Run, Workflow: s.Workflow, Commit: s.Commit, Fact: fact})
	}
	item := Item{
		Ref: DeliveryRef(d.Repo.Installation, d.AppID, d.GUID), Scope: scopeOf(d.Repo), State: StateOpen, WakeAt: now,
	}
	return item, encode(&item, body)
}

// decodeInbox reads a delivery with its facts. One unknown fact leaves the
// whole delivery to a newer process.
func decodeInbox(item Item) (*inbox, error) {
	body, err := decode[inbox](item)
	if err != nil {
		return nil, err
	}
	for _, s := range body.Signals {
		if s.fact, err = pipeline.UnmarshalFact(s.Fact); err != nil {
			return nil, fmt.Errorf("%s %s: %w", item.Kind, item.ID, err)
		}
	}
	return body, nil
}

// close writes the body back, and ends the item once nothing is left of it.
func (b *inbox) close(item *Item, now time.Time) error {
	open := false
	for _, s := range b.Signals {
		open = open || !s.Done
	}
	if !open {
		item.State, item.WakeAt, item.Expires = StateDone, time.Time{}, now.Add(keepDelivery)
	}
	return encode(item, b)
}

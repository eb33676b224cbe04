package firestore

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// document is an item as it is stored. WakeAt and Expires are absent for never,
// so that no query meets them.
type document struct {
	Kind    string     `firestore:"kind"`
	ID      string     `firestore:"id"`
	WakeAt  *time.Time `firestore:"wakeAt"`
	Scope   string     `firestore:"scope"`
	State   string     `firestore:"state"`
	Expires *time.Time `firestore:"expires"`
	Body    []byte     `firestore:"body"`
	Blob    string     `firestore:"blob"` // where the body is, if it is not here
	Salt    []byte     `firestore:"salt"` // a write that changes nothing would keep the update time
}

// headFields are all but the body.
func headFields() []string {
	return []string{"kind", "id", "wakeAt", "scope", "state", "expires", "blob", "salt"}
}

// maxName is Firestore's limit for the name of a document.
const maxName = 1500

// docName is the name of an item's document. A slash would make it two.
func docName(ref engine.Ref) string {
	return url.PathEscape(string(ref.Kind)) + ":" + url.PathEscape(ref.ID)
}

// seal makes the document of an item; a large body goes to the blob store first.
func (s *Store) seal(ctx context.Context, it *engine.Item) (document, error) {
	d := document{
		Kind: string(it.Kind), ID: it.ID, WakeAt: stamp(it.WakeAt), Scope: it.Scope, State: it.State, Expires: stamp(it.Expires), Body: it.Body,
		Salt: make([]byte, 8),
	}
	if len(docName(it.Ref)) > maxName {
		return d, fmt.Errorf("the ID of %s %q is too long for Firestore", it.Kind, it.ID)
	}
	if _, err := rand.Read(d.Salt); err != nil {
		return d, err
	}
	if len(it.Body) <= inlineMost {
		return d, nil
	}
	if s.blobs == nil {
		return d, &problem{reason: "a body is too large for Firestore and there is no blob store: set GATEHOUSE_BLOBS"}
	}
	var err error
	if d.Blob, err = s.blobs.Put(ctx, it.Body); err != nil {
		return d, &problem{reason: "the blob store does not take a large body: check GATEHOUSE_BLOBS", cause: err}
	}
	d.Body = nil
	return d, nil
}

// open reads an item from its document.
func (s *Store) open(ctx context.Context, snap *firestore.DocumentSnapshot, withBody bool) (engine.Item, error) {
	var d document
	if err := snap.DataTo(&d); err != nil {
		return engine.Item{}, fmt.Errorf("the document %s: %w", snap.Ref.ID, err)
	}
	it := engine.Item{
		Ref: engine.Ref{Kind: engine.Kind(d.Kind), ID: d.ID}, Rev: revision(snap.UpdateTime),
		WakeAt: moment(d.WakeAt), Scope: d.Scope, State: d.State, Expires: moment(d.Expires),
	}
	if !withBody {
		return it, nil
	}
	it.Body = d.Body
	if d.Blob == "" {
		return it, nil
	}
	if s.blobs == nil {
		return it, &problem{reason: fmt.Sprintf("the body of %s %q lies in a blob store and there is none: set GATEHOUSE_BLOBS", it.Kind, it.ID)}
	}
	var err error
	if it.Body, err = s.blobs.Get(ctx, d.Blob); err != nil {
		return it, &problem{reason: fmt.Sprintf("the body of %s %q cannot be read: look whether GATEHOUSE_BLOBS is the right place", it.Kind, it.ID), cause: err}
	}
	return it, nil
}

// revision is an update time as a revision.
func revision(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// updated is the update time of a revision. What no update time reads like is
// a conflict: it cannot be the stored one.
func updated(rev string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, rev)
	if err != nil || revision(t) != rev {
		return t, engine.ErrConflict
	}
	return t, nil
}

// stamp is a time as it is stored, to the microsecond as Firestore keeps it.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Truncate(time.Microsecond)
	return &t
}

// moment is the time of a stored stamp.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

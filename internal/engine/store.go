package engine

import (
	"context"
	"errors"
	"time"
)

// The errors that every store returns, wrapped or bare.
var (
	// ErrNotFound means that no item has this Ref.
	ErrNotFound = errors.New("no such item")
	// ErrConflict means that an item changed since it was read, or exists
	// though it was to be new. Nothing of the swap was stored.
	ErrConflict = errors.New("the item has changed")
	// ErrUnavailable means that the store cannot be used now: locked, full,
	// closed or out of reach. Nothing is known to be stored.
	ErrUnavailable = errors.New("the store is not available")
)

// Kind is the kind of a stored item.
type Kind string

// Ref names one stored item. ID begins with the installation's id and a slash,
// so that tenants are apart by their keys.
type Ref struct {
	Kind Kind
	ID   string
}

// Item is one stored thing. Its body is opaque to the store.
type Item struct {
	Ref
	Rev     string    // opaque revision; empty means not stored yet
	WakeAt  time.Time // when the engine must look at it next; zero means never
	Scope   string    // what Query filters by, e.g. "7/lane/avalo-c8c46"
	State   string    // likewise, e.g. "open"
	Expires time.Time // may be deleted after; zero means never
	Body    []byte
}

// Query selects items of one kind. Empty fields do not filter.
type Query struct {
	Kind   Kind
	Prefix string // of the ID, e.g. "7/" for one tenant
	Scope  string
	State  string
	After  string // an ID: go on behind it, in the order of the answer
	Limit  int    // 1 to 1000; 0 means 100
}

// Store keeps items durably. internal/storetest says exactly what it promises.
type Store interface {
	// Get returns one item, or ErrNotFound.
	Get(ctx context.Context, ref Ref) (Item, error)
	// Swap stores all items or none, each only if its Rev is still the stored
	// one ("" means: not there yet), and sets the new Revs in place. When it
	// returns nil the items survive the machine's death. An item given twice is
	// an error of the caller. A conflict is ErrConflict.
	Swap(ctx context.Context, items ...*Item) error
	// Due returns items whose WakeAt is set and not after before, oldest first,
	// without bodies.
	Due(ctx context.Context, before time.Time, limit int) ([]Item, error)
	// List returns items newest ID first (IDs of listed kinds sort by age),
	// with bodies.
	List(ctx context.Context, q Query) ([]Item, error)
	// Purge deletes at most limit items whose Expires is set and not after
	// before, and says how many.
	Purge(ctx context.Context, before time.Time, limit int) (int, error)
	// Check answers whether the store could take a write now, for readiness.
	Check(ctx context.Context) error
	Close() error
}

// Package enginetest has a store in memory, with faults, for tests of the
// engine and of what is built on it. It keeps nothing beyond the process.
package enginetest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// MemStore is a store in memory that passes storetest.
type MemStore struct {
	mu     sync.Mutex
	items  map[engine.Ref]engine.Item
	rev    int64
	swaps  int
	closed bool
	before func(items []*engine.Item) error
}

var _ engine.Store = (*MemStore)(nil)

// NewMemStore makes an empty store.
func NewMemStore() *MemStore { return &MemStore{items: map[engine.Ref]engine.Item{}} }

// BeforeSwap has f asked before every swap; its error is what Swap returns.
func (m *MemStore) BeforeSwap(f func(items []*engine.Item) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = f
}

// Swaps counts the swaps that stored something.
func (m *MemStore) Swaps() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.swaps
}

// All lists everything of a kind by ID, oldest first.
func (m *MemStore) All(kind engine.Kind) []engine.Item {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []engine.Item
	for ref, item := range m.items {
		if ref.Kind == kind {
			all = append(all, clone(item))
		}
	}
	slices.SortFunc(all, func(a, b engine.Item) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Get returns one item.
func (m *MemStore) Get(ctx context.Context, ref engine.Ref) (engine.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return engine.Item{}, err
	}
	item, ok := m.items[ref]
	if !ok {
		return engine.Item{}, engine.ErrNotFound
	}
	return clone(item), nil
}

// Swap stores all items or none.
func (m *MemStore) Swap(ctx context.Context, items ...*engine.Item) error {
	if err := engine.CheckSwap(items); err != nil {
		return err
	}
	m.mu.Lock()
	before := m.before
	m.mu.Unlock()
	if before != nil {
		if err := before(items); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return err
	}
	for _, item := range items {
		if m.items[item.Ref].Rev != item.Rev {
			return engine.ErrConflict
		}
	}
	for _, item := range items {
		m.rev++
		item.Rev = strconv.FormatInt(m.rev, 10)
		m.items[item.Ref] = clone(*item)
	}
	m.swaps++
	return nil
}

// Due returns what is to be woken, oldest first, without bodies.
func (m *MemStore) Due(ctx context.Context, before time.Time, limit int) ([]engine.Item, error) {
	if err := engine.CheckLimit(limit); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	var due []engine.Item
	for _, item := range m.items {
		if !item.WakeAt.IsZero() && !item.WakeAt.After(before) {
			item.Body = nil
			due = append(due, item)
		}
	}
	slices.SortFunc(due, func(a, b engine.Item) int {
		return cmp.Or(a.WakeAt.Compare(b.WakeAt), strings.Compare(a.ID, b.ID))
	})
	return due[:min(limit, len(due))], nil
}

// List returns items, newest ID first.
func (m *MemStore) List(ctx context.Context, q engine.Query) ([]engine.Item, error) {
	q, err := q.Checked()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	var found []engine.Item
	for _, item := range m.items {
		if item.Kind == q.Kind && strings.HasPrefix(item.ID, q.Prefix) && (q.Scope == "" || item.Scope == q.Scope) &&
			(q.State == "" || item.State == q.State) && (q.After == "" || item.ID < q.After) {
			found = append(found, clone(item))
		}
	}
	slices.SortFunc(found, func(a, b engine.Item) int { return strings.Compare(b.ID, a.ID) })
	return found[:min(q.Limit, len(found))], nil
}

// Purge deletes what has expired.
func (m *MemStore) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := engine.CheckLimit(limit); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return 0, err
	}
	n := 0
	for ref, item := range m.items {
		if n < limit && !item.Expires.IsZero() && !item.Expires.After(before) {
			delete(m.items, ref)
			n++
		}
	}
	return n, nil
}

// Check answers whether the store is open.
func (m *MemStore) Check(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usable(ctx)
}

// Close makes everything else fail.
func (m *MemStore) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *MemStore) usable(ctx context.Context) error {
	if m.closed {
		return engine.ErrUnavailable
	}
	return ctx.Err()
}

func clone(item engine.Item) engine.Item {
	item.Body = slices.Clone(item.Body)
	item.WakeAt = keep(item.WakeAt)
	item.Expires = keep(item.Expires)
	return item
}

func keep(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

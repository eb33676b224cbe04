package engine

import (
	"context"
	"errors"
	"time"
)

// storage marks a store's errors as such. ErrNotFound and ErrConflict are
// answers, not errors.
type storage struct{ Store }

// Get marks errors.
func (s storage) Get(ctx context.Context, ref Ref) (Item, error) {
	item, err := s.Store.Get(ctx, ref)
	return item, marked(err)
}

// Swap marks errors.
func (s storage) Swap(ctx context.Context, items ...*Item) error {
	return marked(s.Store.Swap(ctx, items...))
}

// Due marks errors.
func (s storage) Due(ctx context.Context, before time.Time, limit int) ([]Item, error) {
	items, err := s.Store.Due(ctx, before, limit)
	return items, marked(err)
}

// List marks errors.
func (s storage) List(ctx context.Context, q Query) ([]Item, error) {
	items, err := s.Store.List(ctx, q)
	return items, marked(err)
}

func marked(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) {
		return err
	}
	return &storeError{err: err}
}

package engine

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
)

// storage marks a store's errors as such. ErrNotFound and ErrConflict are
// answers, not errors. Whoever asked for it hears of every swap that was stored.
type storage struct {
	Store
	changed func(Ref, string)
	tracer  *tracing.Tracer
}

// Get marks errors.
func (s storage) Get(ctx context.Context, ref Ref) (Item, error) {
	item, err := s.Store.Get(ctx, ref)
	return item, marked(err)
}

// Swap marks errors, and tells of what is stored now.
func (s storage) Swap(ctx context.Context, items ...*Item) error {
	ctx, span := s.spanSwap(ctx, items)
	err := s.Store.Swap(ctx, items...)
	span.End(err)
	if err != nil {
		return marked(err)
	}
	for _, item := range items {
		s.changed(item.Ref, item.Rev)
	}
	return nil
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

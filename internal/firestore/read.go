package firestore

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// Get returns one item; see engine.Store.
func (s *Store) Get(ctx context.Context, ref engine.Ref) (it engine.Item, err error) {
	if ref.Kind == "" || ref.ID == "" {
		return it, fmt.Errorf("get %s %q: %w", ref.Kind, ref.ID, engine.ErrNotFound)
	}
	err = s.use(ctx, fmt.Sprintf("get %s %q", ref.Kind, ref.ID), func(ctx context.Context) error {
		snap, err := s.items.Doc(docName(ref)).Get(ctx)
		if status.Code(err) == codes.NotFound {
			return engine.ErrNotFound
		}
		if err != nil {
			return err
		}
		it, err = s.open(ctx, snap, true)
		return err
	})
	return it, err
}

// Due returns the items to look at, oldest first, without bodies; see engine.Store.
func (s *Store) Due(ctx context.Context, before time.Time, limit int) ([]engine.Item, error) {
	if err := engine.CheckLimit(limit); err != nil {
		return nil, fmt.Errorf("list due items: %w", err)
	}
	q := s.items.Where("wakeAt", "<=", before).OrderBy("wakeAt", firestore.Asc).Limit(limit).Select(headFields()...)
	return s.list(ctx, "list due items", q, false)
}

// List returns the items of a query, newest ID first; see engine.Store.
func (s *Store) List(ctx context.Context, q engine.Query) ([]engine.Item, error) {
	q, err := q.Checked()
	if err != nil {
		return nil, fmt.Errorf("list items: %w", err)
	}
	return s.list(ctx, fmt.Sprintf("list items of kind %s", q.Kind), s.where(q), true)
}

// where writes a query. Firestore compares texts by their bytes in UTF-8.
func (s *Store) where(q engine.Query) firestore.Query {
	w := s.items.Where("kind", "==", string(q.Kind))
	from, end := q.Span()
	if from != "" {
		w = w.Where("id", ">=", from)
	}
	if end != "" {
		w = w.Where("id", "<", end)
	}
	if q.Scope != "" {
		w = w.Where("scope", "==", q.Scope)
	}
	if q.State != "" {
		w = w.Where("state", "==", q.State)
	}
	return w.OrderBy("id", firestore.Desc).Limit(q.Limit)
}

func (s *Store) list(ctx context.Context, doing string, q firestore.Query, bodies bool) (items []engine.Item, err error) {
	err = s.use(ctx, doing, func(ctx context.Context) error {
		docs, err := s.query(ctx, q)
		for _, snap := range docs {
			it, err := s.open(ctx, snap, bodies)
			if err != nil {
				return err
			}
			items = append(items, it)
		}
		return err
	})
	return items, err
}

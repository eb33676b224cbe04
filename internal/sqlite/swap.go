package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// Swap stores all items or none; see engine.Store.
func (s *Store) Swap(ctx context.Context, items ...*engine.Item) error {
	if err := engine.CheckSwap(items); err != nil {
		return fmt.Errorf("swap: %w", err)
	}
	revs := make([]string, len(items))
	err := s.do(ctx, func(w *writer) error {
		for n, it := range items {
			rev, err := w.put(it)
			if err != nil {
				return fmt.Errorf("%s %q: %w", it.Kind, it.ID, err)
			}
			revs[n] = rev
		}
		return nil
	})
	if err != nil {
		return explain("swap", err)
	}
	for n, it := range items {
		it.Rev = revs[n]
	}
	return nil
}

// put stores one item over the revision that it was read at. Numbers of failed
// swaps are skipped, so that none is ever given twice.
func (w *writer) put(it *engine.Item) (string, error) {
	w.rev++
	body := it.Body
	if body == nil {
		body = []byte{}
	}
	args := []any{w.rev, micros(it.WakeAt), it.Scope, it.State, micros(it.Expires), body, string(it.Kind), it.ID}
	stmt := w.insert
	if it.Rev != "" {
		was, err := strconv.ParseInt(it.Rev, 10, 64)
		if err != nil || strconv.FormatInt(was, 10) != it.Rev {
			return "", engine.ErrConflict // No revision of ours reads like this.
		}
		stmt, args = w.update, append(args, was)
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return "", err
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return "", err
	}
	if changed == 0 {
		return "", engine.ErrConflict
	}
	return strconv.FormatInt(w.rev, 10), nil
}

// Purge deletes expired items, those that expired first before others; see engine.Store.
func (s *Store) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := engine.CheckLimit(limit); err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	var deleted int64
	err := s.do(ctx, func(w *writer) error {
		result, err := w.purge.ExecContext(context.Background(), before.UnixMicro(), limit)
		if err != nil {
			return err
		}
		deleted, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, explain("purge", err)
	}
	return int(deleted), nil
}

// micros is a time as it is stored: microseconds since 1970, or NULL for zero.
func micros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// moment is the time of a stored number.
func moment(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}

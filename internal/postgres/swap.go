package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

const (
	insert = `INSERT INTO item (kind, id, rev, wake_at, scope, state, expires, body)
		VALUES ($1, $2, nextval('item_rev'), $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING rev`
	update = `UPDATE item SET rev = nextval('item_rev'), wake_at = $3, scope = $4, state = $5, expires = $6, body = $7
		WHERE kind = $1 AND id = $2 AND rev = $8 RETURNING rev`
)

// put stores the items and returns their revisions, in the caller's order.
func (s *Store) put(ctx context.Context, items []*engine.Item) ([]string, error) {
	order, batch, err := plan(items)
	if err != nil {
		return nil, err
	}
	if len(items) == 1 {
		// One statement is a transaction by itself: one way there and back.
		one := batch.QueuedQueries[0]
		rev, err := revision(items[0], s.pool.QueryRow(ctx, one.SQL, one.Arguments...))
		return []string{rev}, err
	}
	revs := make([]string, len(items))
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		results := tx.SendBatch(ctx, batch)
		for _, n := range order {
			rev, err := revision(items[n], results.QueryRow())
			if err != nil {
				return errors.Join(err, results.Close())
			}
			revs[n] = rev
		}
		return results.Close()
	})
	return revs, err
}

// plan writes a statement for each item, in the order of their names: swaps
// that share items take their rows in one order and cannot block each other.
func plan(items []*engine.Item) (order []int, batch *pgx.Batch, err error) {
	for n := range items {
		order = append(order, n)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(items[a].Kind, items[b].Kind), cmp.Compare(items[a].ID, items[b].ID))
	})
	batch = &pgx.Batch{}
	for _, n := range order {
		it := items[n]
		body := it.Body
		if body == nil {
			body = []byte{}
		}
		args := []any{string(it.Kind), it.ID, stamp(it.WakeAt), it.Scope, it.State, stamp(it.Expires), body}
		if it.Rev == "" {
			batch.Queue(insert, args...)
			continue
		}
		was, err := strconv.ParseInt(it.Rev, 10, 64)
		if err != nil || strconv.FormatInt(was, 10) != it.Rev {
			return nil, nil, fmt.Errorf("%s %q: %w", it.Kind, it.ID, engine.ErrConflict) // No revision of ours reads like this.
		}
		batch.Queue(update, append(args, was)...)
	}
	return order, batch, nil
}

// revision reads the new revision of an item; no row means that it was not as
// the caller had read it.
func revision(it *engine.Item, row pgx.Row) (string, error) {
	var rev int64
	err := row.Scan(&rev)
	if errors.Is(err, pgx.ErrNoRows) {
		err = engine.ErrConflict
	}
	if err != nil {
		return "", fmt.Errorf("%s %q: %w", it.Kind, it.ID, err)
	}
	return strconv.FormatInt(rev, 10), nil
}

// stamp is a time as it is stored, NULL for zero.
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

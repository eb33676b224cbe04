package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

const headColumns = "kind, id, rev, wake_at, scope, state, expires"

// Get returns one item; see engine.Store.
func (s *Store) Get(ctx context.Context, ref engine.Ref) (engine.Item, error) {
	const query = "SELECT " + headColumns + ", body FROM item WHERE kind = $1 AND id = $2"
	doing := fmt.Sprintf("get %s %q", ref.Kind, ref.ID)
	items, err := s.query(ctx, true, query, string(ref.Kind), ref.ID)
	if err != nil {
		return engine.Item{}, explain(ctx, doing, err)
	}
	if len(items) == 0 {
		return engine.Item{}, fmt.Errorf("%s: %w", doing, engine.ErrNotFound)
	}
	return items[0], nil
}

// Due returns the items to look at, oldest first, without bodies; see engine.Store.
func (s *Store) Due(ctx context.Context, before time.Time, limit int) ([]engine.Item, error) {
	const query = "SELECT " + headColumns + " FROM item WHERE wake_at <= $1 ORDER BY wake_at, kind, id LIMIT $2"
	if err := engine.CheckLimit(limit); err != nil {
		return nil, fmt.Errorf("list due items: %w", err)
	}
	items, err := s.query(ctx, false, query, before, limit)
	return items, explain(ctx, "list due items", err)
}

// List returns the items of a query, newest ID first; see engine.Store.
func (s *Store) List(ctx context.Context, q engine.Query) ([]engine.Item, error) {
	q, err := q.Checked()
	if err != nil {
		return nil, fmt.Errorf("list items: %w", err)
	}
	query, args := listQuery(q)
	items, err := s.query(ctx, true, query, args...)
	return items, explain(ctx, fmt.Sprintf("list items of kind %s", q.Kind), err)
}

// listQuery writes the statement of a query. The columns compare by bytes.
func listQuery(q engine.Query) (string, []any) {
	where, args := []string{"kind = $1"}, []any{string(q.Kind)}
	add := func(condition, value string) {
		if value != "" {
			args = append(args, value)
			where = append(where, condition+" $"+strconv.Itoa(len(args)))
		}
	}
	from, end := q.Span()
	add("id >=", from)
	add("id <", end)
	add("scope =", q.Scope)
	add("state =", q.State)
	args = append(args, q.Limit)
	return "SELECT " + headColumns + ", body FROM item WHERE " + strings.Join(where, " AND ") +
		" ORDER BY id DESC LIMIT $" + strconv.Itoa(len(args)), args
}

func (s *Store) query(ctx context.Context, bodies bool, query string, args ...any) ([]engine.Item, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (engine.Item, error) { return scan(row, bodies) })
}

func scan(row pgx.CollectableRow, withBody bool) (engine.Item, error) {
	var it engine.Item
	var rev int64
	var wake, expires *time.Time
	into := []any{&it.Kind, &it.ID, &rev, &wake, &it.Scope, &it.State, &expires}
	if withBody {
		into = append(into, &it.Body)
	}
	if err := row.Scan(into...); err != nil {
		return engine.Item{}, err
	}
	it.Rev = strconv.FormatInt(rev, 10)
	it.WakeAt, it.Expires = moment(wake), moment(expires)
	return it, nil
}

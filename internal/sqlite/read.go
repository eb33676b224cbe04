package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

const headColumns = "kind, id, rev, wake_at, scope, state, expires"

// Get returns one item; see engine.Store.
func (s *Store) Get(ctx context.Context, ref engine.Ref) (engine.Item, error) {
	const query = "SELECT " + headColumns + ", body FROM item WHERE kind = ? AND id = ?"
	doing := fmt.Sprintf("get %s %q", ref.Kind, ref.ID)
	items, err := s.query(ctx, true, query, string(ref.Kind), ref.ID)
	if err != nil {
		return engine.Item{}, explain(doing, err)
	}
	if len(items) == 0 {
		return engine.Item{}, fmt.Errorf("%s: %w", doing, engine.ErrNotFound)
	}
	return items[0], nil
}

// Due returns the items to look at, oldest first, without bodies; see engine.Store.
func (s *Store) Due(ctx context.Context, before time.Time, limit int) ([]engine.Item, error) {
	const query = "SELECT " + headColumns + " FROM item WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at, kind, id LIMIT ?"
	if err := engine.CheckLimit(limit); err != nil {
		return nil, fmt.Errorf("list due items: %w", err)
	}
	items, err := s.query(ctx, false, query, before.UnixMicro(), limit)
	return items, explain("list due items", err)
}

// List returns the items of a query, newest ID first; see engine.Store.
func (s *Store) List(ctx context.Context, q engine.Query) ([]engine.Item, error) {
	q, err := q.Checked()
	if err != nil {
		return nil, fmt.Errorf("list items: %w", err)
	}
	query, args := listQuery(q)
	items, err := s.query(ctx, true, query, args...)
	return items, explain(fmt.Sprintf("list items of kind %s", q.Kind), err)
}

// listQuery writes the statement of a query. All comparisons are by bytes.
func listQuery(q engine.Query) (string, []any) {
	where, args := []string{"kind = ?"}, []any{string(q.Kind)}
	add := func(condition, value string) {
		if value != "" {
			where, args = append(where, condition), append(args, value)
		}
	}
	from, end := q.Span() // one bound each: SQLite searches by the first and filters by the second
	add("id >= ?", from)
	add("id < ?", end)
	add("scope = ?", q.Scope)
	add("state = ?", q.State)
	return "SELECT " + headColumns + ", body FROM item" + indexFor(q) + " WHERE " + strings.Join(where, " AND ") +
		" ORDER BY id DESC LIMIT ?", append(args, q.Limit)
}

// indexFor names the index of a query. SQLite would rather walk the table, which
// holds the body too, through everything with the prefix: the whole trail of a
// lane to find 20 entries of it.
func indexFor(q engine.Query) string {
	switch {
	case q.Scope != "":
		return " INDEXED BY item_scope"
	case q.State != "":
		return " INDEXED BY item_state"
	default:
		return ""
	}
}

// query reads items through a connection that cannot write.
func (s *Store) query(ctx context.Context, bodies bool, query string, args ...any) (items []engine.Item, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.isClosed() {
		return nil, errClosed()
	}
	defer func() {
		if err != nil && s.isClosed() {
			err = errClosed() // The pool was closed under the query.
		}
	}()
	rows, err := s.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		it, err := scan(rows, bodies)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, rows.Err()
}

func scan(rows *sql.Rows, withBody bool) (engine.Item, error) {
	var it engine.Item
	var rev int64
	var wake, expires sql.NullInt64
	into := []any{&it.Kind, &it.ID, &rev, &wake, &it.Scope, &it.State, &expires}
	if withBody {
		into = append(into, &it.Body)
	}
	if err := rows.Scan(into...); err != nil {
		return engine.Item{}, err
	}
	it.Rev = strconv.FormatInt(rev, 10)
	it.WakeAt, it.Expires = moment(wake), moment(expires)
	return it, nil
}

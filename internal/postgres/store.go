// Package postgres is the store of several processes: one table in one
// PostgreSQL database, and the waker beside it on River.
//
// A swap of one item is one statement; a swap of more is one short transaction
// that goes through the items in the order of their names, so that two of them
// never wait for each other in a circle. Each statement names the revision that
// the item was read at; a row that is not met is the conflict, and all is taken
// back. Revisions come from a sequence, which gives no number twice, whatever
// becomes of the transaction.
//
// The duties at start, in order: refuse a server that forgets what it
// acknowledged, then bring the schema up to date under a lock of its own, so
// that replicas that start together do it once; refuse a schema that a newer
// version left.
//
// The package never locks a row while a caller thinks, never runs a caller's
// code inside a transaction, and never asks the server for the time.
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

var _ engine.Store = (*Store)(nil)

// patience is how long a write may take: less than the 10 s that GitHub waits
// for its answer.
const patience = 8 * time.Second

// leastConns is what a start needs at once: one connection holds the lock of the
// schema, another changes it; and no swap should wait for the waker.
const leastConns = 8

// Store is a pool of connections to a database. Its methods may be called from
// any goroutine, and by any number of processes on one database.
type Store struct {
	pool *pgxpool.Pool
	log  *slog.Logger
}

// Open connects to the database of a postgres:// address and brings its schema
// up to date. The address may set the pool's size (pool_max_conns), the schema
// (search_path) and whatever else pgx reads. Every error is ErrUnavailable and
// holds no password.
func Open(ctx context.Context, address string, log *slog.Logger) (*Store, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		// pgx blanks passwords in its words, but an address that it cannot read may hold one anywhere.
		return nil, fmt.Errorf("open the store: %w: the address cannot be read: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE", engine.ErrUnavailable)
	}
	config.AfterConnect = keepPromises
	config.MaxConns = max(config.MaxConns, leastConns)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, explain(ctx, "open the store", err)
	}
	s := &Store{pool: pool, log: log}
	if err := s.prepare(ctx); err != nil {
		pool.Close()
		return nil, explain(ctx, "open the store", err)
	}
	log.InfoContext(ctx, "store opened", "host", config.ConnConfig.Host, "database", config.ConnConfig.Database)
	return s, nil
}

// keepPromises has every connection answer a commit only when it is on disk,
// also where the server's default is to answer earlier.
func keepPromises(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')")
	return err
}

// Close waits for what is in hand and answers all later calls ErrUnavailable.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Check answers whether a swap would be stored now, by one write of its own.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.pool.Exec(ctx, "UPDATE gatehouse SET beats = beats + 1")
	return explain(ctx, "check the store", err)
}

// Swap stores all items or none; see engine.Store. Once it is under way it is
// carried to its end, so that the caller learns what became of it.
func (s *Store) Swap(ctx context.Context, items ...*engine.Item) error {
	if err := engine.CheckSwap(items); err != nil {
		return fmt.Errorf("swap: %w", err)
	}
	if err := ctx.Err(); err != nil || len(items) == 0 {
		return explain(ctx, "swap", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	revs, err := s.put(ctx, items)
	if err != nil {
		return explain(ctx, "swap", err)
	}
	for n, it := range items {
		it.Rev = revs[n]
	}
	return nil
}

// Purge deletes expired items, those that expired first before others, and
// leaves those that another replica is deleting; see engine.Store.
func (s *Store) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	const query = `DELETE FROM item WHERE (kind, id) IN (SELECT kind, id FROM item
		WHERE expires <= $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED)`
	if err := engine.CheckLimit(limit); err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	tag, err := s.pool.Exec(ctx, query, before, limit)
	return int(tag.RowsAffected()), explain(ctx, "purge", err)
}

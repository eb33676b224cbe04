package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// job is one caller's write. It runs inside the writer's transaction and is
// answered after the commit.
type job struct {
	run  func(*writer) error
	done chan error
}

// writer owns the connection that writes. Only the writing goroutine uses it.
type writer struct {
	path  string
	file  os.FileInfo
	db    *sql.DB
	conn  *sql.Conn
	rev   int64 // the revision given last
	stats counters

	insert, update, purge, keepRev *sql.Stmt
}

// counters are written by the writer and read by anybody.
type counters struct{ jobs, commits, failures atomic.Int64 }

// Stats say what the writer did since the store was opened.
type Stats struct {
	Writes   int64 // swaps, purges and checks that were taken in hand
	Commits  int64 // transactions that reached the disk, one fsync each
	Failures int64 // transactions that failed as a whole
}

// Stats returns the counts. Commits well below Writes are group commit at work.
func (s *Store) Stats() Stats {
	c := &s.writer.stats
	return Stats{Writes: c.jobs.Load(), Commits: c.commits.Load(), Failures: c.failures.Load()}
}

func newWriter(ctx context.Context, path string, file os.FileInfo, o Options) (w *writer, err error) {
	db, err := openPool(path, writerPragmas(o), 1)
	if err != nil {
		return nil, err
	}
	w = &writer{path: path, file: file, db: db}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
			w = nil
		}
	}()
	if w.conn, err = db.Conn(ctx); err != nil {
		return w, err
	}
	if err := prepareSchema(ctx, w.conn); err != nil {
		return w, err
	}
	if err := w.prepare(ctx); err != nil {
		return w, err
	}
	err = w.conn.QueryRowContext(ctx, "SELECT last_rev FROM store").Scan(&w.rev)
	return w, err
}

func (w *writer) prepare(ctx context.Context) error {
	for into, query := range map[**sql.Stmt]string{
		&w.insert: `INSERT INTO item (rev, wake_at, scope, state, expires, body, kind, id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		&w.update: `UPDATE item SET rev = ?, wake_at = ?, scope = ?, state = ?, expires = ?, body = ?
			WHERE kind = ? AND id = ? AND rev = ?`,
		&w.purge: `DELETE FROM item WHERE (kind, id) IN (SELECT kind, id FROM item
			WHERE expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?)`,
		&w.keepRev: `UPDATE store SET last_rev = ?`,
	} {
		stmt, err := w.conn.PrepareContext(ctx, query) //nolint:sqlclosecheck // It lives as long as the writer, whose close closes it.
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		*into = stmt
	}
	return nil
}

func (w *writer) close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{w.insert, w.update, w.purge, w.keepRev} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	return errors.Join(append(errs, w.db.Close())...)
}

// do hands a job to the writer and waits for its answer. A canceled call that
// the writer has not taken is withdrawn; one that it has taken is waited for,
// so that the caller always learns what became of it.
func (s *Store) do(ctx context.Context, run func(*writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.isClosed() {
		return errClosed()
	}
	j := &job{run: run, done: make(chan error, 1)}
	select {
	case s.jobs <- j:
		return <-j.done
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return errClosed()
	}
}

func errClosed() error { return &problem{reason: "the store was closed"} }

// write is the writing goroutine: it takes what waits, commits it, answers.
func (s *Store) write() {
	defer close(s.stopped)
	for {
		select {
		case j := <-s.jobs:
			s.writer.commit(s.gather(j))
		case <-s.closing:
			return
		}
	}
}

// gather takes the jobs that wait at this moment, up to the batch size.
func (s *Store) gather(first *job) []*job {
	batch := []*job{first}
	for len(batch) < s.options.BatchSize {
		select {
		case j := <-s.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit writes a batch and answers each job. When a full disk fails the batch
// as a whole, each job is tried alone: a smaller one may still find room.
func (w *writer) commit(batch []*job) {
	w.stats.jobs.Add(int64(len(batch)))
	own, err := w.try(context.Background(), batch)
	if err != nil {
		w.stats.failures.Add(1)
	}
	for n, j := range batch {
		switch {
		case err == nil:
			j.done <- own[n]
		case isFull(err) && len(batch) > 1:
			w.commitAlone(j)
		default:
			j.done <- err
		}
	}
}

func (w *writer) commitAlone(j *job) {
	own, err := w.try(context.Background(), []*job{j})
	if err != nil {
		j.done <- err
		return
	}
	j.done <- own[0]
}

// try writes a batch in one transaction. It returns each job's own error, or
// the one error for which nothing at all was stored.
func (w *writer) try(ctx context.Context, batch []*job) (own []error, err error) {
	if err := unmoved(w.path, w.file); err != nil {
		return nil, err
	}
	if err := w.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	stored := 0
	for _, j := range batch {
		mine, err := w.attempt(ctx, j)
		if err != nil {
			return nil, w.rollback(ctx, err)
		}
		if mine == nil {
			stored++
		}
		own = append(own, mine)
	}
	if stored == 0 {
		return own, w.rollback(ctx, nil)
	}
	if _, err := w.keepRev.ExecContext(ctx, w.rev); err != nil {
		return nil, w.rollback(ctx, err)
	}
	if err := w.exec(ctx, "COMMIT"); err != nil {
		return nil, w.rollback(ctx, err)
	}
	w.stats.commits.Add(1)
	return own, nil
}

// attempt runs one job in its savepoint. It returns the job's own error, or
// the error by which the whole transaction is lost.
func (w *writer) attempt(ctx context.Context, j *job) (own, lost error) {
	if err := w.exec(ctx, "SAVEPOINT job"); err != nil {
		return nil, err
	}
	own = j.run(w)
	if own != nil {
		// SQLite may have ended the transaction by itself, e.g. on a full disk.
		if err := w.exec(ctx, "ROLLBACK TO job"); err != nil {
			return nil, own
		}
	}
	return own, w.exec(ctx, "RELEASE job")
}

// rollback ends the transaction and returns why. It fails harmlessly where
// SQLite has ended the transaction already, so a cause hides its error.
func (w *writer) rollback(ctx context.Context, cause error) error {
	if err := w.exec(ctx, "ROLLBACK"); err != nil && cause == nil {
		return err
	}
	return cause
}

func (w *writer) exec(ctx context.Context, query string) error {
	_, err := w.conn.ExecContext(ctx, query)
	return err
}

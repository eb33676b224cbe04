// Package sqlite is the embedded store: one SQLite database in one local file,
// for one process.
//
// One goroutine owns the only connection that writes. It takes every swap that
// is waiting, gives each a savepoint, and commits them together: one fsync for
// all, so that a slow disk costs a batch and not a swap. A conflict rolls back
// its own savepoint and never spoils the batch. Nobody is answered before the
// commit. Readers have connections of their own that cannot write.
//
// The duties at start, in order: refuse what is not a plain local file, take
// the lock file against a second process, refuse a database that is not ours
// or is newer than this program, and assert that WAL and synchronous=FULL hold.
//
// The package never runs a caller's code inside a transaction, never reads the
// clock, and never opens the database file by itself while SQLite has it open,
// since closing such a file would drop SQLite's own locks.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

var _ engine.Store = (*Store)(nil)

// Options tune a store. The zero value is good for production.
type Options struct {
	// Logger hears of the opening and of repairs; nil means silence.
	Logger *slog.Logger
	// BatchSize is how many writes share one commit at most; 0 means 256.
	BatchSize int
	// Readers is how many reads run side by side; 0 means 4.
	Readers int
	// BusyTimeout is how long a write waits for another program that has the
	// database locked, to the millisecond; 0 means 2 seconds. A write may wait
	// behind one that waits itself, so that twice as much must fit into the
	// patience of who asks: 5 seconds of /readyz, 10 of GitHub.
	BusyTimeout time.Duration
	// MaxBytes is the size that the database file may reach; 0 means no limit.
	// A write beyond it is ErrUnavailable, as on a full disk.
	MaxBytes int64
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.BatchSize <= 0 {
		o.BatchSize = 256
	}
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = 2 * time.Second
	}
	return o
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	path    string
	options Options
	lock    io.Closer
	readers *sql.DB
	writer  *writer
	jobs    chan *job
	closing chan struct{}
	stopped chan struct{}
	close   func() error
}

// Open opens the database at path, a plain file name, and creates it if it is
// absent. The directory must exist. Every error wraps engine.ErrUnavailable and
// says what to do.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s, err := open(ctx, path, o.withDefaults())
	if err != nil {
		return nil, unavailable(fmt.Sprintf("open the store %q", path), err)
	}
	s.options.Logger.InfoContext(ctx, "store opened", "path", s.path)
	return s, nil
}

func open(ctx context.Context, path string, o Options) (s *Store, err error) {
	path, err = locate(path)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(path + ".lock")
	if err != nil {
		return nil, err
	}
	s = &Store{
		path: path, options: o, lock: lock,
		jobs: make(chan *job), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
			s = nil
		}
	}()
	file, err := prepareFile(ctx, path, o.Logger)
	if err != nil {
		return s, err
	}
	if s.writer, err = newWriter(ctx, path, file, o); err != nil {
		return s, err
	}
	if s.readers, err = openReaders(ctx, path, o); err != nil {
		return s, err
	}
	s.close = sync.OnceValue(s.shut)
	go s.write()
	return s, nil
}

// Close finishes the writes in hand, answers all later calls ErrUnavailable,
// and gives the lock back. A second Close does nothing.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	close(s.closing)
	<-s.stopped
	if err := s.release(); err != nil {
		return explain("close the store", err)
	}
	return nil
}

// release gives back whatever was opened, the lock last.
func (s *Store) release() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// isClosed says whether Close was called.
func (s *Store) isClosed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// unmoved returns an error if the path no longer leads to the file that was
// opened: what is written then would be lost with the process.
func unmoved(path string, file os.FileInfo) error {
	now, err := os.Stat(path)
	if err == nil && os.SameFile(now, file) {
		return nil
	}
	if err == nil {
		err = errors.New("another file is in its place")
	}
	return &problem{
		reason: fmt.Sprintf("the database file was moved or deleted under the running process (%v): put it back or restart", err),
	}
}

package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	driversqlite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// problem is a reason why the store cannot be used, in the operator's words.
type problem struct {
	reason string
	cause  error
}

func (p *problem) Error() string {
	if p.cause == nil {
		return p.reason
	}
	return fmt.Sprintf("%s (%v)", p.reason, p.cause)
}

// Unwrap returns the operating system's or SQLite's own error.
func (p *problem) Unwrap() error { return p.cause }

// unavailable says what was being done and why the store cannot do it.
func unavailable(doing string, err error) error {
	if reason := reasonOf(err); reason != "" {
		err = &problem{reason: reason, cause: err}
	}
	return fmt.Errorf("%s: %w: %w", doing, engine.ErrUnavailable, err)
}

// explain turns an error of the database into one of the contract's. What it
// does not know stays an internal error.
func explain(doing string, err error) error {
	var known *problem
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, engine.ErrConflict), errors.Is(err, engine.ErrNotFound):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.As(err, &known), reasonOf(err) != "":
		return unavailable(doing, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// isFull says whether a write failed for want of room, so that a smaller one
// may still succeed.
func isFull(err error) bool { return codeOf(err) == lib.SQLITE_FULL }

// codeOf returns SQLite's primary result code, or SQLITE_OK for other errors.
func codeOf(err error) int {
	var e *driversqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return lib.SQLITE_OK
}

// reasonOf is the one place that maps causes to sentences. It returns "" for an
// error that does not make the store unavailable, or that explains itself.
func reasonOf(err error) string {
	var known *problem
	switch {
	case errors.As(err, &known):
		return ""
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, driver.ErrBadConn):
		return "the connection to the database was lost: restart the process"
	}
	switch codeOf(err) {
	case lib.SQLITE_FULL:
		return "the disk or the database's size limit is full: free space, or raise the limit"
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return "another program has the database locked: end its transaction, e.g. close the sqlite3 shell"
	case lib.SQLITE_IOERR:
		return "the disk failed to read or write: look into the system's log and check the disk"
	case lib.SQLITE_READONLY:
		return "the database is read-only: make the file, its directory and its file system writable"
	case lib.SQLITE_CORRUPT:
		return "the database file is damaged: stop, keep a copy of it, and restore the latest backup"
	case lib.SQLITE_NOTADB:
		return "the file is not an SQLite database: name another file, or move this one away"
	case lib.SQLITE_CANTOPEN, lib.SQLITE_PERM, lib.SQLITE_AUTH:
		return "the database file cannot be opened: check that it exists and its permissions"
	case lib.SQLITE_NOMEM:
		return "the memory is used up: give the process more"
	case lib.SQLITE_PROTOCOL, lib.SQLITE_NOLFS:
		return "the file system lacks locks or large files: use a local disk, not a network share"
	default:
		return ""
	}
}

package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	driversqlite "modernc.org/sqlite"
)

const pageSize = 4096

// pragma is one setting of a connection. It is read back after it was set:
// SQLite ignores what it does not know without a word.
type pragma struct {
	name  string
	value int64
}

// commonPragmas hold on every connection.
func commonPragmas(o Options) []pragma {
	return []pragma{
		{"busy_timeout", o.BusyTimeout.Milliseconds()},
		{"synchronous", 2}, // FULL: a commit is on the disk before it returns.
		{"fullfsync", 1},   // macOS: through the disk's own cache as well.
		{"checkpoint_fullfsync", 1},
		{"cell_size_check", 1}, // Finds damage sooner.
		{"trusted_schema", 0},
	}
}

func writerPragmas(o Options) []pragma {
	p := append(commonPragmas(o), pragma{"journal_size_limit", 64 << 20})
	if o.MaxBytes > 0 {
		p = append(p, pragma{"max_page_count", max(1, o.MaxBytes/pageSize)})
	}
	return p
}

func readerPragmas(o Options) []pragma {
	return append(commonPragmas(o), pragma{"query_only", 1})
}

// connector opens connections of which every setting has been asserted.
type connector struct {
	driver.Connector
	pragmas []pragma
}

// openPool returns a pool for the existing file; mode=rw never creates one.
func openPool(path string, pragmas []pragma, connections int) (*sql.DB, error) {
	name := filepath.ToSlash(path)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	uri := url.URL{Scheme: "file", Path: name, RawQuery: "mode=rw"}
	base, err := driversqlite.NewConnector(uri.String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{base, pragmas})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// Connect opens one connection, sets its pragmas and reads each one back.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range c.pragmas {
		if err := p.set(ctx, conn); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

func (p pragma) set(ctx context.Context, conn driver.Conn) error {
	if err := execute(ctx, conn, fmt.Sprintf("PRAGMA %s = %d", p.name, p.value)); err != nil {
		return fmt.Errorf("set %s: %w", p.name, err)
	}
	got, err := readNumber(ctx, conn, "PRAGMA "+p.name)
	if err != nil {
		return fmt.Errorf("read %s: %w", p.name, err)
	}
	// SQLite does not shrink a file that has outgrown a new limit.
	if got != p.value && (p.name != "max_page_count" || got < p.value) {
		return &problem{reason: fmt.Sprintf("SQLite keeps %s at %d, not %d: this build of SQLite is not fit", p.name, got, p.value)}
	}
	return nil
}

func execute(ctx context.Context, conn driver.Conn, query string) error {
	e, ok := conn.(driver.ExecerContext)
	if !ok {
		return errors.New("the SQLite driver cannot execute statements")
	}
	_, err := e.ExecContext(ctx, query, nil)
	return err
}

func readNumber(ctx context.Context, conn driver.Conn, query string) (n int64, err error) {
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		return 0, errors.New("the SQLite driver cannot answer queries")
	}
	rows, err := q.QueryContext(ctx, query, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); err != nil {
		return 0, err
	}
	n, ok = row[0].(int64)
	if !ok {
		return 0, fmt.Errorf("%s answered %v, not a number", query, row[0])
	}
	return n, nil
}

// openReaders returns the pool of connections that cannot write.
func openReaders(ctx context.Context, path string, o Options) (*sql.DB, error) {
	db, err := openPool(path, readerPragmas(o), o.Readers)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// applicationID marks a database file as ours: "GtHs" in its header.
const applicationID = 0x47744873

// migrations are the steps from an empty file to today's schema. A step that
// was released is never edited; its number is the file's user_version.
//
// Times are microseconds since 1970 in UTC. The body is the last column, so that
// the others are read without it. The single row of store holds the revision
// that was given last, a counter that Check moves, and room that Check tries.
func migrations() []string {
	return []string{`
CREATE TABLE item (
	kind    TEXT    NOT NULL,
	id      TEXT    NOT NULL,
	rev     INTEGER NOT NULL,
	wake_at INTEGER,
	scope   TEXT    NOT NULL,
	state   TEXT    NOT NULL,
	expires INTEGER,
	body    BLOB    NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_due     ON item (wake_at, kind, id) WHERE wake_at IS NOT NULL;
CREATE INDEX item_scope   ON item (kind, scope, id);
CREATE INDEX item_state   ON item (kind, state, id);
CREATE INDEX item_expires ON item (expires) WHERE expires IS NOT NULL;
CREATE TABLE store (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	last_rev INTEGER NOT NULL,
	beats    INTEGER NOT NULL,
	room     BLOB    NOT NULL
) STRICT;
INSERT INTO store (one, last_rev, beats, room) VALUES (1, 0, 0, x'');
`}
}

// identity is what a file says of itself.
type identity struct {
	application, version, objects int64
}

// prepareSchema refuses a file that is not ours before it changes a byte of it,
// then sets WAL and brings the schema up to date.
func prepareSchema(ctx context.Context, conn *sql.Conn) error {
	id, err := identify(ctx, conn)
	if err != nil {
		return err
	}
	if err := judge(id, int64(len(migrations()))); err != nil {
		return err
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return fmt.Errorf("set the journal mode: %w", err)
	}
	if mode != "wal" {
		return &problem{reason: fmt.Sprintf("the journal mode stays %q where WAL is needed: use a local disk, not a network share", mode)}
	}
	for version := id.version; version < int64(len(migrations())); version++ {
		if err := migrate(ctx, conn, version); err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", version+1, err)
		}
	}
	return nil
}

func identify(ctx context.Context, conn *sql.Conn) (id identity, err error) {
	for query, into := range map[string]*int64{
		"PRAGMA application_id":              &id.application,
		"PRAGMA user_version":                &id.version,
		"SELECT count(*) FROM sqlite_schema": &id.objects,
	} {
		if err := conn.QueryRowContext(ctx, query).Scan(into); err != nil {
			return id, fmt.Errorf("read the file's header: %w", err)
		}
	}
	return id, nil
}

// judge decides whether a file may be used by a program that knows the given version.
func judge(id identity, known int64) error {
	switch {
	case id == identity{}:
		return nil
	case id.application != applicationID:
		return &problem{reason: "this is the database of another program: name another file"}
	case id.version > known:
		return &problem{reason: fmt.Sprintf("the database has version %d and this Gatehouse knows up to %d: "+
			"start the newer Gatehouse, or restore the backup from before the upgrade", id.version, known)}
	case id.version < 1 || id.objects == 0:
		return &problem{reason: "the database says that it is Gatehouse's and holds no tables: restore the latest backup, or move the file away"}
	default:
		return nil
	}
}

// migrate makes one step, with the marks in the file's header, or nothing.
func migrate(ctx context.Context, conn *sql.Conn, version int64) (err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	for _, step := range []string{
		migrations()[version],
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", version+1),
	} {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return err
		}
	}
	return tx.Commit()
}

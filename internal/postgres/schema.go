package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// steps are the steps from an empty database to today's schema, in the order of
// their names. A step that was released is never edited. While replicas are
// replaced one by one the older ones work on the newer schema, so a step only
// adds.
//
//go:embed migrations/*.sql
var steps embed.FS

// schemaLock is the key of the server's lock under which the schema is changed:
// "Gatehous" as a number.
const schemaLock = 0x4761746568_6f7573

// prepare refuses a server that breaks the promise of a swap and brings the
// schema up to date: ours, then River's. Replicas that start together wait for
// one another.
func (s *Store) prepare(ctx context.Context) error {
	var fsync string
	if err := s.pool.QueryRow(ctx, "SHOW fsync").Scan(&fsync); err != nil {
		return err
	}
	if fsync == "off" {
		return &problem{reason: "the server runs with fsync = off and would lose what it acknowledged: set fsync = on"}
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(schemaLock)); err != nil {
			return err
		}
		if err := migrate(ctx, tx); err != nil {
			return err
		}
		river, err := rivermigrate.New(riverpgxv5.New(s.pool), &rivermigrate.Config{Logger: s.log})
		if err != nil {
			return err
		}
		// River needs transactions of its own, on another connection than the one that holds the lock.
		if _, err := river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("bring River's schema up to date: %w", err)
		}
		return nil
	})
}

// migrate makes the steps that the database has not seen.
func migrate(ctx context.Context, tx pgx.Tx) error {
	const mark = `CREATE TABLE IF NOT EXISTS gatehouse (
		one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL, beats bigint NOT NULL DEFAULT 0)`
	if _, err := tx.Exec(ctx, mark); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO gatehouse (version) VALUES (0) ON CONFLICT DO NOTHING"); err != nil {
		return err
	}
	var version int
	if err := tx.QueryRow(ctx, "SELECT version FROM gatehouse").Scan(&version); err != nil {
		return err
	}
	files, err := fs.Glob(steps, "migrations/*.sql")
	if err != nil {
		return err
	}
	if version > len(files) {
		return &problem{reason: fmt.Sprintf("the database has version %d and this Gatehouse knows up to %d: "+
			"start the newer Gatehouse, or restore the backup from before the upgrade", version, len(files))}
	}
	for n, file := range files[version:] {
		step, err := steps.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, string(step)); err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", version+n+1, err)
		}
	}
	_, err = tx.Exec(ctx, "UPDATE gatehouse SET version = $1", len(files))
	return err
}

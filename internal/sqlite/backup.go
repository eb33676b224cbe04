package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a compact copy of the database to a new file at path while the
// store is in use. The file appears only when it is whole and on the disk, and
// is private to its owner. An existing file is never replaced.
func (s *Store) Backup(ctx context.Context, path string) error {
	doing := fmt.Sprintf("back up the store to %q", path)
	if s.isClosed() {
		return explain(doing, errClosed())
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: a file of this name exists or cannot be seen: name a new one: %w", doing, errors.Join(fs.ErrExist, err))
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return fmt.Errorf("%s: the directory must exist and be writable: %w", doing, err)
	}
	err = s.copyInto(ctx, f.Name())
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return explain(doing, errors.Join(err, os.Remove(f.Name())))
	}
	return explain(doing, syncDir(filepath.Dir(path)))
}

// copyInto fills an empty file with a copy, over a connection of its own, so
// that neither the writer nor a reader waits for it.
func (s *Store) copyInto(ctx context.Context, path string) (err error) {
	db, err := openPool(s.path, commonPragmas(s.options), 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}

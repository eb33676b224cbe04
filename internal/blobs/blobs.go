// Package blobs keeps what is too large for the store, or must outlive its place at Google: snapshots of what is live, the text
// of rules, the sources of functions.
//
// A blob is named by the SHA-256 of its content, so that it never changes, is stored once however often it is put, and tells by
// itself whether it is whole. A release can be returned to for as long as its lane remembers it: [Sweep] deletes only what
// nothing refers to, and has not for weeks.
package blobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// ErrNotFound means that there is no blob of that name.
var ErrNotFound = errors.New("no such blob")

// Name is what a content is stored under: the SHA-256 of it, in hex.
func Name(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

var nameForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Dir keeps blobs as files of a folder, one a blob, readable by this user only.
type Dir struct{ path string }

// OpenDir makes the folder if it is missing.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of GATEHOUSE_BLOBS cannot be made: %w", err)
	}
	return &Dir{path: path}, nil
}

// Put stores a content and gives its name. When it returns nil, the content survives the machine's death.
func (d *Dir) Put(ctx context.Context, content []byte) (string, error) {
	name := Name(content)
	if err := d.Touch(ctx, name); !errors.Is(err, ErrNotFound) {
		return name, err
	}
	folder := filepath.Dir(d.file(name))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("store a blob: %w", err)
	}
	f, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return "", fmt.Errorf("store a blob: %w", err)
	}
	if err := write(f, content, filepath.Join(folder, name)); err != nil {
		return "", errors.Join(fmt.Errorf("store a blob: %w", err), os.Remove(f.Name()))
	}
	return name, errors.Join(synced(folder), synced(d.path))
}

func write(f *os.File, content []byte, to string) error {
	_, err := f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
}

// synced has a folder's own entries reach the disk.
func synced(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get reads a content by its name, and refuses one that has changed on the disk.
func (d *Dir) Get(_ context.Context, name string) ([]byte, error) {
	if !nameForm.MatchString(name) {
		return nil, fmt.Errorf("%w: %q is no name of one", ErrNotFound, name)
	}
	content, err := os.ReadFile(d.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		content, err = os.ReadFile(d.file(name) + going)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read a blob: %w", err)
	}
	if Name(content) != name {
		return nil, fmt.Errorf("the blob %s was changed on the disk", name)
	}
	return content, nil
}

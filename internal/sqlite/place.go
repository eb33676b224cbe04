package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

const private fs.FileMode = 0o600

// locate turns the operator's path into the one true path of the file, so that
// two names of one database meet at one lock.
func locate(path string) (string, error) {
	switch {
	case path == "":
		return "", &problem{reason: "no path was given: name a file on a local disk"}
	case strings.Contains(path, ":memory:"):
		return "", &problem{reason: "a database in memory forgets every release: name a file on a local disk"}
	case strings.HasPrefix(path, "file:"):
		return "", &problem{reason: "this is a URI: give the plain path of the file, without \"file:\" and parameters"}
	case strings.ContainsRune(path, 0):
		return "", &problem{reason: "the path holds a NUL byte: name a file on a local disk"}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", &problem{reason: "the path cannot be made absolute", cause: err}
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return "", &problem{reason: fmt.Sprintf("the directory %s does not exist: create it", filepath.Dir(path)), cause: err}
	}
	if err != nil {
		return "", &problem{reason: "the directory cannot be reached: check its path and permissions", cause: err}
	}
	path = filepath.Join(dir, filepath.Base(path))
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", &problem{reason: "the file cannot be reached: check its path and permissions", cause: err}
	}
	return target, nil
}

// prepareFile makes sure that a private, writable, regular file is there, and
// returns its identity. It must be done before SQLite opens the file.
func prepareFile(ctx context.Context, path string, logger *slog.Logger) (fs.FileInfo, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &problem{reason: "this is not a regular file: name a file on a local disk"}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, private)
	if err != nil {
		return nil, &problem{reason: "the file cannot be opened for writing: check the permissions of the file and its directory", cause: err}
	}
	info, err := tighten(ctx, f, logger)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, &problem{reason: "the file cannot be made private to its owner (mode 0600): change its owner or mode", cause: err}
	}
	// The name of a new file survives a power cut only when its directory is synced.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, &problem{reason: "the directory cannot be synced to disk: use a local disk", cause: err}
	}
	return info, nil
}

// tighten takes the file's permissions from everybody but its owner.
func tighten(ctx context.Context, f *os.File, logger *slog.Logger) (fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&0o077 == 0 || !hasModes() {
		return info, err
	}
	logger.WarnContext(ctx, "store file was open to others, made private", "path", f.Name(), "mode", info.Mode().String())
	return info, f.Chmod(private)
}

package blobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// owners is the folder, in a bucket the beginning of the names, that holds who
// keeps blobs here.
const owners = "owners"

// going is at the end of the name of a file that is being deleted.
const going = ".going"

// List yields the blobs of the folder. What a sweep that died was about to
// delete is among them.
func (d *Dir) List(ctx context.Context) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		err := fs.WalkDir(os.DirFS(d.path), ".", func(_ string, e fs.DirEntry, err error) error {
			name, left := strings.CutSuffix(e.Name(), going)
			if err = errors.Join(err, ctx.Err()); err != nil || e.IsDir() || !nameForm.MatchString(name) {
				return err
			}
			if left {
				if err := os.Rename(d.file(e.Name()), d.file(name)); err != nil {
					return err
				}
			}
			info, err := os.Stat(d.file(name))
			if errors.Is(err, fs.ErrNotExist) {
				return nil // deleted meanwhile
			}
			if err == nil && !yield(Blob{Name: name, Size: info.Size(), Used: info.ModTime()}, nil) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			yield(Blob{}, fmt.Errorf("list the blobs: %w", err))
		}
	}
}

// Touch sets the file's time.
func (d *Dir) Touch(_ context.Context, name string) error {
	err := os.Chtimes(d.file(name), time.Time{}, time.Now()) //nolint:forbidigo // the clock by which the system dates the files that are written
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	if err != nil {
		return fmt.Errorf("touch a blob: %w", err)
	}
	return nil
}

// Remove moves the file aside first: a touch meets it before or not at all, and
// a blob that was touched before goes back. Until then [Dir.Get] finds it there.
func (d *Dir) Remove(_ context.Context, b Blob) (bool, error) {
	path := d.file(b.Name)
	aside := path + going
	if err := os.Rename(path, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, fmt.Errorf("delete a blob: %w", err)
	}
	info, err := os.Stat(aside)
	if err == nil && info.ModTime().Equal(b.Used) {
		if err := os.Remove(aside); err != nil {
			return false, fmt.Errorf("delete a blob: %w", err)
		}
		return true, nil
	}
	if err := errors.Join(err, os.Rename(aside, path)); err != nil {
		return false, fmt.Errorf("keep a blob after all: %w", err)
	}
	return false, nil
}

// Claim writes a file with the owner's name.
func (d *Dir) Claim(_ context.Context, owner string) ([]string, error) {
	folder := filepath.Join(d.path, owners)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("say who keeps blobs here: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, owner), nil, 0o600); err != nil {
		return nil, fmt.Errorf("say who keeps blobs here: %w", err)
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read who keeps blobs here: %w", err)
	}
	var all []string
	for _, f := range files {
		all = append(all, f.Name())
	}
	return all, nil
}

func (d *Dir) file(name string) string { return filepath.Join(d.path, name[:2], name) }

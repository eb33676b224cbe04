package starter

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// State is what became of a file.
type State string

// The states.
const (
	Written State = "written"
	Same    State = "same" // it is there, word for word
	Kept    State = "kept" // another one is there and was left alone
)

// Look says what Write would do with a file.
func Look(root *os.Root, f File) (State, error) {
	_, err := root.Lstat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return Written, nil
	}
	if err != nil {
		return "", err
	}
	if b, err := root.ReadFile(f.Path); err == nil && string(b) == f.Content {
		return Same, nil
	}
	return Kept, nil
}

// Write puts a file where there is none yet, whole or not at all: it is written
// beside its place and then linked to it, which fails if somebody was faster.
func Write(root *os.Root, f File) (State, error) {
	if state, err := Look(root, f); err != nil || state != Written {
		return state, err
	}
	if err := root.MkdirAll(path.Dir(f.Path), 0o755); err != nil {
		return "", err
	}
	temp := path.Join(path.Dir(f.Path), ".gatehouse-"+rand.Text())
	if err := root.WriteFile(temp, []byte(f.Content), 0o644); err != nil {
		return "", errors.Join(err, removed(root, temp))
	}
	err := root.Link(temp, f.Path)
	if err := removed(root, temp); err != nil {
		return "", err
	}
	switch {
	case err == nil:
		return Written, nil
	case errors.Is(err, fs.ErrExist):
		return Look(root, f)
	}
	return create(root, f)
}

// create is for file systems without links. A crash in the middle leaves part
// of a file, which the next try lists as kept.
func create(root *os.Root, f File) (State, error) {
	file, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return Look(root, f)
	}
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(f.Content)
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, removed(root, f.Path))
	}
	return Written, nil
}

func removed(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is left over: %w", name, err)
	}
	return nil
}

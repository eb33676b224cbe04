package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// errHeld means that another open file has the lock.
var errHeld = errors.New("the lock is held")

// fileLock is a locked file. The file stays behind when the lock is given back:
// deleting it would let two processes lock two files of one name.
type fileLock struct{ f *os.File }

// takeLock takes the lock that keeps a second process out, or says who has it.
// The operating system gives it back when the process dies, however it dies.
func takeLock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, private)
	if err != nil {
		return nil, &problem{reason: "the lock file cannot be created: the directory must be writable", cause: err}
	}
	if err := lockFile(f); err != nil {
		holder := readHolder(f)
		return nil, errors.Join(refuseLock(path, holder, err), f.Close())
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(&problem{reason: "the lock file cannot be written: check the disk", cause: err}, f.Close())
	}
	return fileLock{f}, nil
}

func refuseLock(path, holder string, err error) error {
	if !errors.Is(err, errHeld) {
		return &problem{reason: fmt.Sprintf("the lock file %s cannot be locked: use a local disk", path), cause: err}
	}
	return &problem{reason: fmt.Sprintf("%s uses this database (lock file %s): stop it first, or give this process a database of its own; "+
		"the embedded store serves one process", holder, path)}
}

// readHolder names the process that wrote the lock file.
func readHolder(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	pid, bad := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || bad != nil {
		return "another process"
	}
	return fmt.Sprintf("the process with pid %d", pid)
}

// Close empties the file, so that it names nobody, and gives the lock back.
func (l fileLock) Close() error {
	return errors.Join(l.f.Truncate(0), l.f.Close())
}

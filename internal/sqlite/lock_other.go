//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package sqlite

import (
	"errors"
	"os"
)

// lockFile refuses: without a lock a second process could not be kept out.
func lockFile(*os.File) error {
	return errors.New("this operating system has no file locks that Gatehouse knows")
}

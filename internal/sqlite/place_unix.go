//go:build !windows

package sqlite

import (
	"errors"
	"os"
)

// hasModes says whether files have permission bits that mean something here.
func hasModes() bool { return true }

// syncDir makes the names in a directory survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

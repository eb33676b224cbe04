package main_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// On a disk that is really full webhooks are answered 503 and the reason can be
// read; once there is room again GitHub is asked for what was lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := mounted(t)
	s := closed(t, demo.Options{Files: short(nil)})
	s.env["GATEHOUSE_STORE"] = "sqlite:" + filepath.Join(disk, "gatehouse.db")
	s.start()
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	sha := s.release()
	s.until("the push is answered 503", s.refused("push"))
	s.sick("the disk or the database's size limit is full: free space, or raise the limit")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.gate(sha)
	s.well()
}

// fill writes until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // what did not fit is not missed
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
}

// A file system that may only be read stops the start, with the reason; root is
// stopped by it too.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	disk := mounted(t)
	s := closed(t, demo.Options{Files: short(nil)})
	s.env["GATEHOUSE_STORE"] = "sqlite:" + filepath.Join(disk, "gatehouse.db")
	s.start()
	s.stop()
	if err := syscall.Mount("none", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	cmd, err := s.launch()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code is what counts
	if code := cmd.ProcessState.ExitCode(); code != 1 || !s.log.has("gatehouse: GATEHOUSE_STORE: ", "the directory must be writable", "read-only file system") {
		t.Errorf("exit code %d:\n%s", code, s.log.tail())
	}
}

// mounted is a small disk of the test's own.
func mounted(t *testing.T) string {
	t.Helper()
	disk := t.TempDir()
	if err := syscall.Mount("none", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("only who may mount has a disk of his own: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return disk
}

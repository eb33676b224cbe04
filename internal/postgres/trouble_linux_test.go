package postgres_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// TestServerDiskFull has the disk of a database run full: that is said, what was
// refused is not stored, and with some room the same store goes on.
func TestServerDiskFull(t *testing.T) {
	server, model := start(t)
	disk := filepath.Join(server.Dir(), "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", disk, "tmpfs", 0, fmt.Sprintf("size=64m,mode=0700,uid=%d,gid=%d", server.User(), server.User())); err != nil {
		t.Skipf("only who may mount has a disk of his own: %v", err)
	}
	t.Cleanup(func() {
		server.Stop(t)
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	address := server.Copy(t, model)
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	server.Exec(t, model, "CREATE TABLESPACE small LOCATION '"+disk+"'")
	server.Exec(t, model, "ALTER DATABASE "+config.Database+" SET TABLESPACE small")
	s := open(t, address)
	large := bytes.Repeat([]byte{'x'}, 200<<10)
	swap := func(id string) error {
		return s.Swap(t.Context(), &engine.Item{Ref: engine.Ref{Kind: engine.KindRun, ID: id}, Body: large})
	}
	if err := swap("7/before"); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	for n := 0; n < 100 && err == nil; n++ { // what the tables still have room for
		err = swap(fmt.Sprintf("7/full-%d", n))
	}
	unavailable(t, "a full disk", err, "the server's disk is full: free space")
	if _, err := s.Get(t.Context(), engine.Ref{Kind: engine.KindRun, ID: "7/before"}); err != nil {
		t.Errorf("what was stored before cannot be read: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := swap("7/after"); err != nil {
		t.Errorf("there is room again, and yet: %v", err)
	}
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
			_, err = f.Write(bytes.Repeat([]byte{'x'}, size))
		}
	}
}

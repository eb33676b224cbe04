package blobs_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
)

func TestDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "blobs")
	d, err := blobs.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("rules "), 10_000)
	var all sync.WaitGroup
	for range 8 { // the same content at once is one blob
		all.Go(func() {
			if name, err := d.Put(t.Context(), content); err != nil || name != blobs.Name(content) {
				t.Errorf("put: %s, %v", name, err)
			}
		})
	}
	all.Wait()
	again, err := blobs.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := again.Get(t.Context(), blobs.Name(content))
	if err != nil || !bytes.Equal(got, content) {
		t.Fatalf("get: %d bytes, %v", len(got), err)
	}
	files, err := filepath.Glob(filepath.Join(path, "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files: %v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(files[0], []byte("forged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(t.Context(), blobs.Name(content)); err == nil {
		t.Error("a changed blob is handed out")
	}
	for _, name := range []string{blobs.Name([]byte("never")), "", "../../etc/passwd", "ZZ"} {
		if _, err := d.Get(t.Context(), name); !errors.Is(err, blobs.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

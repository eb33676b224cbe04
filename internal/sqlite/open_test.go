package sqlite_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

func TestOpenRefusesPaths(t *testing.T) {
	dir := t.TempDir()
	for path, words := range map[string]string{
		"":                                 "no path was given",
		":memory:":                         "forgets every release",
		"file::memory:?cache=shared":       "forgets every release",
		"file:/tmp/x.db":                   "plain path",
		filepath.Join(dir, "none", "x.db"): "does not exist: create it",
		dir:                                "not a regular file",
	} {
		refusedWith(t, path, words)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, filepath.Join(file, "x.db"), "directory")
}

func TestOpenRefusesReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("the owner of this process may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, inDir(dir), "must be writable")
}

func TestOpenRefusesForeignFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, text, "not an SQLite database", "name another file")

	other := filepath.Join(dir, "other.db")
	conn := raw(t, other)
	tell(t, conn, "CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)")
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	refusedWith(t, other, "another program")
	if after, err := os.ReadFile(other); err != nil || string(after) != string(before) {
		t.Errorf("the refusal changed the other program's file (error %v)", err)
	}
}

func TestOpenRefusesNewerSchema(t *testing.T) {
	path := inDir(t.TempDir())
	if err := open(t, path, sqlite.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	conn := raw(t, path)
	tell(t, conn, "PRAGMA user_version = 99")
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, path, "version 99", "start the newer Gatehouse", "backup")
}

func TestOpenRefusesDamagedFile(t *testing.T) {
	path := inDir(t.TempDir())
	s := open(t, path, sqlite.Options{})
	swap(t, s, &engine.Item{Ref: engine.Ref{Kind: "run", ID: "7/a"}, Body: make([]byte, 100_000)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 100; n < len(data); n++ {
		data[n] = 0xaa
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, path, "damaged", "restore the latest backup")
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no permission bits here")
	}
	path := inDir(t.TempDir())
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, sqlite.Options{})
	swap(t, s, &engine.Item{Ref: engine.Ref{Kind: "run", ID: "7/a"}})
	copied := path + ".copy"
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock", copied} {
		info, err := os.Stat(name)
		if err != nil {
			t.Errorf("%v", err)
		} else if info.Mode().Perm() != fs.FileMode(0o600) {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode())
		}
	}
}

func TestOddNames(t *testing.T) {
	for _, name := range []string{"a b.db", "q?mode=memory.db", "h#1.db", "100%41.db", "ü.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := open(t, path, sqlite.Options{})
		swap(t, s, &engine.Item{Ref: engine.Ref{Kind: "run", ID: "7/a"}})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q was not used: %v", name, err)
		}
	}
}

// swap stores the items and fails the test if the store does not.
func swap(t *testing.T, s *sqlite.Store, items ...*engine.Item) {
	t.Helper()
	if err := s.Swap(t.Context(), items...); err != nil {
		t.Fatalf("Swap: %v", err)
	}
}

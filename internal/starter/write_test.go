package starter_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/starter"
)

func open(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

var one = starter.File{Path: ".github/workflows/test.yml", Content: "on: workflow_dispatch\n"}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	root := open(t, dir)
	for _, want := range []starter.State{starter.Written, starter.Same} {
		if got, err := starter.Write(root, one); got != want || err != nil {
			t.Fatalf("%s, %v, want %s", got, err, want)
		}
	}
	other := one
	other.Content = "something else"
	if got, err := starter.Write(root, other); got != starter.Kept || err != nil {
		t.Fatalf("%s, %v", got, err)
	}
	name := filepath.Join(dir, one.Path)
	b, err := os.ReadFile(name)
	info, errStat := os.Stat(name)
	if err != nil || errStat != nil || string(b) != one.Content || info.Mode().Perm()&0o644 != 0o644 {
		t.Errorf("%q %v %v %v", b, info.Mode(), err, errStat)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("left over: %v %v", left, err)
	}
}

// A link that leads nowhere, a folder, and a way out of the folder are not
// written through.
func TestWriteLeavesOddThings(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	root := open(t, dir)
	place := filepath.Join(dir, filepath.Dir(one.Path))
	if err := os.MkdirAll(place, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "x"), filepath.Join(dir, one.Path)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(place, "lint.yml"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{one.Path, ".github/workflows/lint.yml"} {
		if got, err := starter.Write(root, starter.File{Path: p, Content: "x"}); got != starter.Kept || err != nil {
			t.Errorf("%s: %s %v", p, got, err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if got, err := starter.Write(root, starter.File{Path: "out/x.yml", Content: "x"}); err == nil {
		t.Errorf("out of the folder: %s", got)
	}
	if files, err := os.ReadDir(outside); err != nil || len(files) > 0 {
		t.Errorf("outside: %v %v", files, err)
	}
}

// Of many that write at once, exactly one does, and its file is whole.
func TestWriteRace(t *testing.T) {
	dir := t.TempDir()
	root := open(t, dir)
	var wg sync.WaitGroup
	states := make([]starter.State, 8)
	for i := range states {
		wg.Go(func() {
			f := one
			f.Content += string(rune('a' + i))
			states[i], _ = starter.Write(root, f)
		})
	}
	wg.Wait()
	written := 0
	for i, s := range states {
		if s != starter.Written {
			continue
		}
		written++
		if b, err := os.ReadFile(filepath.Join(dir, one.Path)); err != nil || string(b) != one.Content+string(rune('a'+i)) {
			t.Errorf("%q %v", b, err)
		}
	}
	if written != 1 {
		t.Errorf("%v", states)
	}
}

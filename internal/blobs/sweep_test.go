package blobs_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
)

// place is a place of either kind, and a way to make what is stored there older.
type place struct {
	blobs.Place
	age func(name string, by time.Duration)
}

func places(t *testing.T) map[string]place {
	t.Helper()
	path := t.TempDir()
	dir, err := blobs.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	bucket, google := openBucket(t)
	return map[string]place{
		"dir": {dir, func(name string, by time.Duration) {
			file := filepath.Join(path, name[:2], name)
			info, err := os.Stat(file)
			if err == nil {
				err = os.Chtimes(file, time.Time{}, info.ModTime().Add(-by))
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
		"bucket": {bucket, func(name string, by time.Duration) {
			google.mu.Lock()
			defer google.mu.Unlock()
			google.objects[name].updated = google.objects[name].updated.Add(-by)
		}},
	}
}

func (p place) put(t *testing.T, content string) string {
	t.Helper()
	name, err := p.Put(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// sweep sweeps as the owner "one", who uses what is given.
func (p place) sweep(t *testing.T, used ...string) blobs.Swept {
	t.Helper()
	did, err := blobs.Sweep(t.Context(), p, "one", time.Now().Add(-weeks), using(used...))
	if err != nil {
		t.Fatal(err)
	}
	return did
}

func using(names ...string) func(context.Context, map[string]bool) (map[string]bool, error) {
	return func(_ context.Context, there map[string]bool) (map[string]bool, error) {
		in := map[string]bool{}
		for _, name := range names {
			if there[name] {
				in[name] = true
			}
		}
		return in, nil
	}
}

func (p place) left(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	for b, err := range p.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names[b.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

const weeks = 35 * 24 * time.Hour

func TestSweep(t *testing.T) {
	for kind, p := range places(t) {
		t.Run(kind, func(t *testing.T) {
			used, unused, again := p.put(t, "used"), p.put(t, "unused"), p.put(t, "put again")
			for _, name := range []string{used, unused, again} {
				p.age(name, weeks+time.Hour)
			}
			p.put(t, "put again")
			young := p.put(t, "young")
			if did := p.sweep(t, used, "no name of a blob"); did != (blobs.Swept{Used: 1, Waiting: 2, Deleted: 1, Freed: int64(len("unused"))}) {
				t.Errorf("%+v", did)
			}
			want := []string{used, again, young}
			slices.Sort(want)
			if got := p.left(t); !slices.Equal(got, want) {
				t.Errorf("left %v, want %v", got, want)
			}
			// What was used at the last sweep stays for as long as what was put then.
			p.age(used, weeks-time.Hour)
			if did := p.sweep(t); did.Deleted != 0 {
				t.Errorf("%+v", did)
			}
		})
	}
}

// Nobody deletes what somebody else may use, or what he could not ask about.
func TestSweepDeletesNothingInDoubt(t *testing.T) {
	for kind, p := range places(t) {
		t.Run(kind, func(t *testing.T) {
			name := p.put(t, "old")
			p.age(name, 2*weeks)
			broken := errors.New("the store is away")
			_, err := blobs.Sweep(t.Context(), p, "one", time.Now().Add(-weeks), func(context.Context, map[string]bool) (map[string]bool, error) { return nil, broken })
			if !errors.Is(err, broken) {
				t.Error(err)
			}
			if owners, err := p.Claim(t.Context(), "other"); err != nil || !slices.Equal(owners, []string{"one", "other"}) {
				t.Errorf("owners %v, %v", owners, err)
			}
			if _, err := blobs.Sweep(t.Context(), p, "one", time.Now().Add(-weeks), using()); !errors.Is(err, blobs.ErrShared) {
				t.Error(err)
			}
			if got := p.left(t); !slices.Equal(got, []string{name}) {
				t.Errorf("left: %v", got)
			}
		})
	}
}

// A blob that is put between the list and its deletion stays.
func TestPutWhileSwept(t *testing.T) {
	for kind, p := range places(t) {
		t.Run(kind, func(t *testing.T) {
			name := p.put(t, "once more")
			p.age(name, 2*weeks)
			did, err := blobs.Sweep(t.Context(), p, "one", time.Now().Add(-weeks), func(context.Context, map[string]bool) (map[string]bool, error) {
				p.put(t, "once more")
				return nil, nil //nolint:nilnil // nothing is used
			})
			if err != nil || did.Deleted != 0 {
				t.Errorf("%+v, %v", did, err)
			}
			if got, err := p.Get(t.Context(), name); err != nil || string(got) != "once more" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// A sweep that dies in the middle of a deletion takes nothing along.
func TestSweepThatDied(t *testing.T) {
	path := t.TempDir()
	dir, err := blobs.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	p := place{Place: dir}
	name := p.put(t, "moved aside")
	file := filepath.Join(path, name[:2], name)
	if err := os.Rename(file, file+".going"); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Get(t.Context(), name); err != nil || string(got) != "moved aside" {
		t.Errorf("%q, %v", got, err)
	}
	if got := p.left(t); !slices.Equal(got, []string{name}) {
		t.Errorf("left: %v", got)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// A name counts wherever it stands: in a stored item, as its body, or in a snapshot that one mentions.
func TestMentions(t *testing.T) {
	dir, err := blobs.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := place{Place: dir}
	source, deep := p.put(t, "PK a function"), p.put(t, "PK not to be reached")
	body := p.put(t, `{"large":"body of an item"}`)
	snapshot := p.put(t, `{"v":1,"sources":{"api":"`+source+`"}}`)
	p.put(t, `{"unused":"`+deep+`"}`)
	there := map[string]bool{}
	for _, name := range p.left(t) {
		there[name] = true
	}
	m := blobs.NewMentions(there)
	m.Read([]byte(`{"effect":"{\"before\":\"` + snapshot + `\"}","other":"` + blobs.Name([]byte("not there")) + `"}`))
	m.Read([]byte(`{"large":"body of an item"}`))
	if err := m.Follow(t.Context(), p.Get); err != nil {
		t.Fatal(err)
	}
	if want := map[string]bool{source: true, body: true, snapshot: true}; !maps.Equal(m.In, want) {
		t.Errorf("%v, want %v", m.In, want)
	}
}

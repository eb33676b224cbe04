package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

// TestBackupUnderLoad: a copy that is taken while the store is written to is
// whole. What was stored before it is there, with its revision and its time to
// wake; of a swap that was under way there is all or nothing; and a store
// opened on the copy goes on.
func TestBackupUnderLoad(t *testing.T) {
	path := inDir(t.TempDir())
	s := open(t, path, sqlite.Options{})
	before := &engine.Item{Ref: engine.RunRef(7, "before"), WakeAt: time.Unix(1000, 0), State: "open"}
	swap(t, s, before)
	stop, ended, under := make(chan struct{}), make(chan error, 1), make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			id := fmt.Sprintf("7/%08d", n)
			err := s.Swap(t.Context(), &engine.Item{Ref: engine.Ref{Kind: "left", ID: id}}, &engine.Item{Ref: engine.Ref{Kind: "right", ID: id}})
			if n == 0 {
				close(under)
			}
			select {
			case <-stop:
				ended <- err
				return
			default:
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	<-under
	copied := path + ".copy"
	err := s.Backup(t.Context(), copied)
	close(stop)
	if lost := <-ended; err != nil || lost != nil {
		t.Fatalf("the backup: %v, the load: %v", err, lost)
	}

	r := open(t, copied, sqlite.Options{})
	got, err := r.Get(t.Context(), before.Ref)
	if err != nil || got.Rev != before.Rev || !got.WakeAt.Equal(before.WakeAt) {
		t.Errorf("in the copy: %+v, %v", got, err)
	}
	left, err := r.List(t.Context(), engine.Query{Kind: "left", Limit: 1000})
	if err != nil || len(left) == 0 {
		t.Fatalf("%d pairs, %v: the load did not begin before the copy", len(left), err)
	}
	right, err := r.List(t.Context(), engine.Query{Kind: "right", Limit: 1000})
	if err != nil || len(left) != len(right) || left[0].ID != right[0].ID {
		t.Errorf("%d left and %d right, %v: a swap is there in part", len(left), len(right), err)
	}
	got.State = "done"
	swap(t, r, &got)
}

package firestore_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firestoretest"
)

// TestBackup: what was exported is there after an import into an empty database,
// with its time to wake and what lies in the blob store, and the store goes on
// from there. Documents that are imported are new to the database: so are their
// revisions, and one that was read before is refused.
func TestBackup(t *testing.T) {
	const project = "demo-backup"
	exported, blobs := t.TempDir(), t.TempDir()
	large := bytes.Repeat([]byte("x"), 1<<20)
	before := &engine.Item{Ref: engine.RunRef(7, "before"), WakeAt: time.Unix(1000, 0), State: "open", Body: large}
	addr := firestoretest.Start(t)
	t.Setenv("FIRESTORE_EMULATOR_HOST", addr)
	s := open(t, project, blobs)
	if err := s.Swap(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	export := firestoretest.Export(t, addr, project, exported)
	if err := s.Swap(t.Context(), &engine.Item{Ref: engine.RunRef(7, "after")}); err != nil {
		t.Fatal(err)
	}

	t.Setenv("FIRESTORE_EMULATOR_HOST", firestoretest.StartFrom(t, export))
	r := open(t, project, blobs)
	got, err := r.Get(t.Context(), before.Ref)
	if err != nil || !bytes.Equal(got.Body, large) || !got.WakeAt.Equal(before.WakeAt) || got.State != "open" {
		t.Errorf("after the restore: %d bytes, %v, %s, %v", len(got.Body), got.WakeAt, got.State, err)
	}
	due, err := r.Due(t.Context(), time.Unix(2000, 0), 10)
	if err != nil || len(due) != 1 || due[0].Ref != before.Ref {
		t.Errorf("due after the restore: %+v, %v", due, err)
	}
	if _, err := r.Get(t.Context(), engine.RunRef(7, "after")); err == nil {
		t.Error("what was stored after the export is there")
	}
	got.State = "done"
	if err := r.Swap(t.Context(), &got); err != nil {
		t.Errorf("the restored store does not go on: %v", err)
	}
	if err := r.Swap(t.Context(), before); err == nil {
		t.Error("a revision from before the restore is taken for today's")
	}
}

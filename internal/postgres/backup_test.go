package postgres_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// TestBackup: a dump that is taken while the store is written to is whole. What
// was stored before it is there after a restore, with its revision and its time
// to wake; of a swap that was under way there is all or nothing; and the store
// goes on from there.
func TestBackup(t *testing.T) {
	server, model := start(t)
	address := server.Copy(t, model)
	s := open(t, address)
	before := &engine.Item{Ref: engine.RunRef(7, "before"), WakeAt: time.Unix(1000, 0), State: "open", Body: json.RawMessage(`{}`)}
	if err := s.Swap(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	under := make(chan struct{})
	go func() { ended <- writePairs(t, s, under, stop) }()
	<-under
	dump := filepath.Join(server.Dir(), "dump")
	server.Tool(t, "pg_dump", "--format=custom", "--file="+dump, name(t, address))
	close(stop)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}

	restored := server.Database(t)
	server.Tool(t, "pg_restore", "--dbname="+name(t, restored), dump)
	r := open(t, restored)
	got, err := r.Get(t.Context(), before.Ref)
	if err != nil || got.Rev != before.Rev || !got.WakeAt.Equal(before.WakeAt) {
		t.Errorf("after the restore: %+v, %v", got, err)
	}
	due, err := r.Due(t.Context(), time.Unix(2000, 0), 10)
	if err != nil || len(due) != 1 || due[0].Ref != before.Ref {
		t.Errorf("due after the restore: %+v, %v", due, err)
	}
	left, err := r.List(t.Context(), engine.Query{Kind: "left", Limit: 1000})
	if err != nil || len(left) == 0 {
		t.Fatalf("%d pairs, %v: the load did not begin before the dump", len(left), err)
	}
	right, err := r.List(t.Context(), engine.Query{Kind: "right", Limit: 1000})
	if err != nil || len(left) != len(right) {
		t.Errorf("%d left and %d right, %v: a swap is there in part", len(left), len(right), err)
	}
	got.State = "done"
	if err := r.Swap(t.Context(), &got); err != nil {
		t.Errorf("the restored store does not go on: %v", err)
	}
}

// writePairs stores two items in each swap until it is stopped; under is closed
// after the first.
func writePairs(t *testing.T, s engine.Store, under, stop chan struct{}) error {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		id := fmt.Sprintf("7/%08d", n)
		err := s.Swap(t.Context(),
			&engine.Item{Ref: engine.Ref{Kind: "left", ID: id}, Body: json.RawMessage(`{}`)},
			&engine.Item{Ref: engine.Ref{Kind: "right", ID: id}, Body: json.RawMessage(`{}`)})
		if n == 0 {
			close(under)
		}
		if err != nil {
			return err
		}
	}
}

// name is the name of the database of an address.
func name(t *testing.T, address string) string {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	return config.Database
}

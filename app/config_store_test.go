package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestStore reads each store with its waker, and says what is wrong without a password.
func TestStore(t *testing.T) {
	for _, c := range []struct {
		store, waker, gae string
		kind              StoreKind
		says              string
	}{
		{kind: StoreSQLite},
		{store: "sqlite:/var/lib/gatehouse.db", waker: "local", kind: StoreSQLite},
		{store: "postgres://u:hush@db/gatehouse", kind: StorePostgres},
		{store: "postgresql://u:hush@db/gatehouse", waker: "river", kind: StorePostgres},
		{store: "postgres://u:hush@db/gatehouse", waker: "local", kind: StorePostgres, says: "goes with the waker river"},
		{store: "sqlite:", kind: StoreSQLite, says: "the path is missing"},
		{store: "sqlite:x.db", gae: "standard", kind: StoreSQLite, says: "the disk is memory"},
		{gae: "standard", kind: StoreSQLite, says: "the disk is memory"},
		{store: "mysql://u:hush@db/x", says: "expected sqlite:PATH or postgres://"},
	} {
		l := &loader{get: func(name string) string {
			return map[string]string{"GATEHOUSE_STORE": c.store, "GATEHOUSE_WAKER": c.waker, "GAE_ENV": c.gae}[name]
		}}
		got := l.store()
		l.waker(got)
		said := fmt.Sprint(errors.Join(l.wrong...), got.String())
		if got.Kind != c.kind || (len(l.wrong) == 0) != (c.says == "") || !strings.Contains(said, c.says) || strings.Contains(said, "hush") {
			t.Errorf("%q with %q: kind %q, %s", c.store, c.waker, got.Kind, said)
		}
	}
}

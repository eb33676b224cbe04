package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestStore reads each store with its waker, and says what is wrong without a password.
func TestStore(t *testing.T) {
	const queue = "cloudtasks:projects/acme-releases/locations/europe-west1/queues/gatehouse"
	for _, c := range []struct {
		store, waker string
		env          map[string]string
		kind         StoreKind
		says         string
	}{
		{kind: StoreSQLite},
		{store: "sqlite:/var/lib/gatehouse.db", waker: "local", kind: StoreSQLite},
		{store: "sqlite:x.db", waker: queue, kind: StoreSQLite, says: "goes with the waker local"},
		{store: "postgres://u:hush@db/gatehouse", kind: StorePostgres},
		{store: "postgresql://u:hush@db/gatehouse", waker: "river", kind: StorePostgres},
		{store: "postgres://u:hush@db/gatehouse", waker: "local", kind: StorePostgres, says: "goes with the waker river"},
		{store: "sqlite:", kind: StoreSQLite, says: "the path is missing"},
		{store: "sqlite:x.db", env: map[string]string{"GAE_ENV": "standard"}, kind: StoreSQLite, says: "the disk is memory"},
		{env: map[string]string{"GAE_ENV": "standard"}, kind: StoreSQLite, says: "the disk is memory"},
		{store: "mysql://u:hush@db/x", says: "expected sqlite:PATH, postgres://"},
		{store: "firestore:acme-releases", kind: StoreFirestore},
		{store: "firestore:acme-releases/gatehouse", waker: "local", kind: StoreFirestore},
		{store: "firestore:", kind: StoreFirestore, says: "expected firestore:PROJECT"},
		{store: "firestore:acme-releases", waker: "river", kind: StoreFirestore, says: "goes with the waker local, or cloudtasks:"},
		{store: "firestore:acme-releases", env: map[string]string{"K_SERVICE": "gatehouse"}, kind: StoreFirestore, says: "must be called"},
		{store: "firestore:acme-releases", env: map[string]string{"GAE_ENV": "standard"}, kind: StoreFirestore, says: "must be called"},
		{store: "firestore:acme-releases", waker: queue, env: map[string]string{"GAE_ENV": "standard"}, kind: StoreFirestore},
		{store: "firestore:acme-releases", waker: queue, kind: StoreFirestore, says: "GATEHOUSE_TASKS_ACCOUNT: expected"},
		{
			store: "firestore:acme-releases", waker: queue, kind: StoreFirestore,
			env: map[string]string{"GATEHOUSE_TASKS_ACCOUNT": "tasks@acme-releases.iam.gserviceaccount.com", "GATEHOUSE_PUBLIC_URL": "https://gatehouse.example.com"},
		},
		{store: "firestore:acme-releases", waker: "cloudtasks:gatehouse", env: map[string]string{"GAE_ENV": "standard"}, kind: StoreFirestore, says: "projects/P/locations/L/queues/Q"},
	} {
		l := &loader{get: func(name string) string {
			switch name {
			case "GATEHOUSE_STORE":
				return c.store
			case "GATEHOUSE_WAKER":
				return c.waker
			}
			return c.env[name]
		}}
		got := l.store()
		said := fmt.Sprint(errors.Join(l.wrong...), got.String())
		if got.Kind != c.kind || (len(l.wrong) == 0) != (c.says == "") || !strings.Contains(said, c.says) || strings.Contains(said, "hush") {
			t.Errorf("%q with %q: kind %q, %s", c.store, c.waker, got.Kind, said)
		}
	}
}

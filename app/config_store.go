package app

import (
	"regexp"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/cloudtasks"
)

// StoreKind is a kind of store.
type StoreKind string

// The stores.
const (
	StoreSQLite    StoreKind = "sqlite"
	StorePostgres  StoreKind = "postgres"
	StoreFirestore StoreKind = "firestore"
)

// The wakers, as GATEHOUSE_WAKER names them.
const (
	wakerLocal = "local"
	wakerRiver = "river"
	wakerTasks = "cloudtasks"
)

// StoreConfig says where the data live and what wakes them.
type StoreConfig struct {
	Kind  StoreKind
	Place string // a path, an address that may hold a password, or PROJECT/DATABASE
	Tasks TasksConfig
}

// TasksConfig is the queue that calls this service; without a queue nobody calls.
type TasksConfig struct {
	Queue     string // projects/P/locations/L/queues/Q
	Account   string // the service account that may call, except on App Engine
	AppEngine bool   // App Engine runs this process, and its headers can be trusted
	Emulator  string // host:port of a stand-in, for tests
}

// String hides a password.
func (s StoreConfig) String() string {
	if s.Kind == StorePostgres {
		return string(s.Kind) + ":…"
	}
	return string(s.Kind) + ":" + s.Place
}

// Shared says whether other processes may use the store too.
func (s StoreConfig) Shared() bool { return s.Kind != StoreSQLite }

// Called says whether Google calls this process when there is something to do,
// and it does nothing between requests.
func (s StoreConfig) Called() bool { return s.Tasks.Queue != "" }

const storeForms = "sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE or firestore:PROJECT"

// firestorePlace is a Google project, perhaps with a database of it.
func firestorePlace(v string) bool {
	return regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9](/[a-z][a-z0-9-]{3,62})?$`).MatchString(v)
}

func (l *loader) store() StoreConfig {
	const name = "GATEHOUSE_STORE"
	v := l.get(name)
	if v == "" {
		v = "sqlite:gatehouse.db"
	}
	scheme, rest, _ := strings.Cut(v, ":")
	s := StoreConfig{Kind: StoreKind(scheme), Place: rest}
	switch scheme {
	case "sqlite":
		l.sqlite(name, rest)
	case "postgres", "postgresql":
		s.Kind, s.Place = StorePostgres, v
	case "firestore":
		if !firestorePlace(rest) {
			l.fail(name, "expected firestore:PROJECT, such as firestore:acme-releases, or firestore:PROJECT/DATABASE, got %q", v)
		}
	default:
		l.fail(name, "expected %s, got %q", storeForms, scheme+":…")
		return StoreConfig{}
	}
	l.waker(&s)
	return s
}

func (l *loader) sqlite(name, path string) {
	switch {
	case path == "":
		l.fail(name, "expected sqlite:PATH, such as sqlite:/var/lib/gatehouse/gatehouse.db; the path is missing")
	case l.get("GAE_ENV") != "":
		l.fail(name, "on App Engine the disk is memory and is lost with the instance, so SQLite cannot be used there: set firestore:PROJECT and a queue in GATEHOUSE_WAKER (docs/operations.md)")
	}
}

// waker reads the waker, which must go with the store: an instance that sleeps
// between requests must be called, and a queue needs a store that all see.
func (l *loader) waker(s *StoreConfig) {
	const name = "GATEHOUSE_WAKER"
	v := l.get(name)
	kind, queue, _ := strings.Cut(v, ":")
	asleep := l.get("GAE_ENV") != "" || l.get("K_SERVICE") != ""
	switch {
	case kind == wakerTasks && s.Kind == StoreFirestore:
		l.tasks(s, name, queue)
	case s.Kind == StoreFirestore && asleep:
		l.fail(name, "App Engine and Cloud Run let a process sleep between requests, so that it must be called: expected cloudtasks:projects/P/locations/L/queues/Q, got %q", v)
	case s.Kind == StorePostgres && (v == "" || v == wakerRiver), s.Kind != StorePostgres && (v == "" || v == wakerLocal):
	case s.Kind == StorePostgres:
		l.fail(name, "the store postgres goes with the waker river, got %q: leave it out", v)
	case s.Kind == StoreFirestore:
		l.fail(name, "the store firestore goes with the waker local, or cloudtasks:projects/P/locations/L/queues/Q, got %q", v)
	default:
		l.fail(name, "the store sqlite goes with the waker local, got %q: leave it out", v)
	}
}

func (l *loader) tasks(s *StoreConfig, name, queue string) {
	s.Tasks = TasksConfig{
		Queue: queue, Account: l.get("GATEHOUSE_TASKS_ACCOUNT"), AppEngine: l.get("GAE_ENV") != "", Emulator: l.get("CLOUD_TASKS_EMULATOR_HOST"),
	}
	if !cloudtasks.ValidQueue(queue) {
		l.fail(name, "expected cloudtasks:projects/P/locations/L/queues/Q, got %q", l.get(name))
	}
	if !s.Tasks.AppEngine && !strings.Contains(s.Tasks.Account, "@") {
		l.fail("GATEHOUSE_TASKS_ACCOUNT", "expected the e-mail of the service account that the queue and the scheduler call as; without it anybody could, got %q", s.Tasks.Account)
	}
	if !s.Tasks.AppEngine && l.get("GATEHOUSE_PUBLIC_URL") == "" {
		l.fail("GATEHOUSE_PUBLIC_URL", "expected the address of this service, such as https://gatehouse-abc.a.run.app: the queue calls there")
	}
}

// patience is how long one effect may take. What a process had in hand when it
// died is taken over by another after that time.
func (l *loader) patience() time.Duration {
	return l.duration("GATEHOUSE_EFFECT_TIMEOUT", 2*time.Minute)
}

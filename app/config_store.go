package app

import (
	"strings"
	"time"
)

// StoreKind is a kind of store.
type StoreKind string

// The stores.
const (
	StoreSQLite   StoreKind = "sqlite"
	StorePostgres StoreKind = "postgres"
)

// StoreConfig says where the data live.
type StoreConfig struct {
	Kind  StoreKind
	Place string // a path or an address; an address may hold a password
}

// String hides a password.
func (s StoreConfig) String() string {
	if s.Kind == StoreSQLite {
		return string(s.Kind) + ":" + s.Place
	}
	return string(s.Kind) + ":…"
}

// Shared says whether other processes may use the store too.
func (s StoreConfig) Shared() bool { return s.Kind != StoreSQLite }

// Waker is the name of the waker that belongs to the store.
func (s StoreConfig) Waker() string {
	if s.Kind == StorePostgres {
		return "river"
	}
	return "local"
}

func (l *loader) store() StoreConfig {
	const name = "GATEHOUSE_STORE"
	v := l.get(name)
	if v == "" {
		v = "sqlite:gatehouse.db"
	}
	scheme, rest, _ := strings.Cut(v, ":")
	switch scheme {
	case "sqlite":
		l.sqlite(name, rest)
		return StoreConfig{Kind: StoreSQLite, Place: rest}
	case "postgres", "postgresql":
		return StoreConfig{Kind: StorePostgres, Place: v}
	default:
		l.fail(name, "expected sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE, got %q", scheme+":…")
		return StoreConfig{}
	}
}

func (l *loader) sqlite(name, path string) {
	switch {
	case path == "":
		l.fail(name, "expected sqlite:PATH, such as sqlite:/var/lib/gatehouse/gatehouse.db; the path is missing")
	case l.get("GAE_ENV") != "":
		l.fail(name, "on App Engine the disk is memory and is lost with the instance, so SQLite cannot be used there; run Gatehouse on a machine with a disk")
	}
}

// waker accepts the one waker that belongs to the store, so that who sets both
// learns of a mistake.
func (l *loader) waker(s StoreConfig) {
	const name = "GATEHOUSE_WAKER"
	if v := l.get(name); v != "" && s.Kind != "" && v != s.Waker() {
		l.fail(name, "the store %s goes with the waker %s, got %q: leave it out", s.Kind, s.Waker(), v)
	}
}

// patience is how long one effect may take; a process that dies is followed by
// another after that time.
func (l *loader) patience() time.Duration {
	return l.duration("GATEHOUSE_EFFECT_TIMEOUT", 2*time.Minute)
}

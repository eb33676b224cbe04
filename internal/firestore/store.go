// Package firestore is the store for App Engine and Cloud Run: one collection
// of a Firestore database in native mode.
//
// A document's update time is the item's revision. A swap writes each document
// on the condition that it still has that time, or is not there yet, and reads
// nothing inside a transaction: a read would take locks, and those of a killed
// process hold up all others for a minute. A document holds up to 900 KiB of
// body; a larger body lies in the blob store, written before the document that
// names it.
//
// The package never keeps a counter in a document, never waits for a lock, and
// never asks the server for the time. The queries need firestore.indexes.json;
// the emulator does not, so that file is checked by a test of its own.
package firestore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

var _ engine.Store = (*Store)(nil)

const (
	// patience is how long a call may take: less than the 10 s that GitHub
	// waits for its answer.
	patience = 8 * time.Second
	// inlineMost is how large a body may be in its document, of which all may
	// have 1 MiB.
	inlineMost = 900 << 10
	// schemaVersion is the form of the documents that this version writes.
	schemaVersion = 1

	itemsName  = "gatehouse_items"
	systemName = "gatehouse_system"
)

// Blobs keeps what is too large for a document, named by its content. A
// content that is stored once stays: a document may name it at any time.
type Blobs interface {
	Put(ctx context.Context, content []byte) (name string, err error)
	Get(ctx context.Context, name string) ([]byte, error)
}

// Config names a database.
type Config struct {
	Project  string
	Database string // empty means the default one
	Instance string // names this process
	Blobs    Blobs
	Logger   *slog.Logger
	Options  []option.ClientOption // of Google's client, besides its own
}

// Store is a database. Its methods may be called from any goroutine, and by any
// number of processes on one database.
type Store struct {
	client *firestore.Client
	items  *firestore.CollectionRef
	beat   *firestore.DocumentRef
	blobs  Blobs
	log    *slog.Logger

	mu     sync.RWMutex // held for reading by every call in hand
	closed bool
}

// Open reaches the database and marks it as one of this version. With
// FIRESTORE_EMULATOR_HOST set it is the emulator's. Every error of the database
// is ErrUnavailable.
func Open(ctx context.Context, c Config) (*Store, error) {
	database := c.Database
	if database == "" {
		database = firestore.DefaultDatabaseID
	}
	client, err := firestore.NewClientWithDatabase(ctx, c.Project, database, append(hearing(), c.Options...)...)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w: Google's credentials or the project are not right: %w", engine.ErrUnavailable, err)
	}
	system := client.Collection(systemName)
	s := &Store{
		client: client, items: client.Collection(itemsName), beat: system.Doc("check-" + c.Instance[:min(1, len(c.Instance))]), blobs: c.Blobs, log: c.Logger,
	}
	if err := s.use(ctx, "open the store", func(ctx context.Context) error { return s.mark(ctx, system.Doc("schema")) }); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.log.InfoContext(ctx, "store opened", "project", c.Project, "database", database)
	return s, nil
}

// mark notes the version of the documents in the database, and refuses one that
// a newer version has written to.
func (s *Store) mark(ctx context.Context, doc *firestore.DocumentRef) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := doc.Create(ctx, map[string]any{"version": schemaVersion})
	if err == nil || !isConflict(err) {
		return err
	}
	was, err := doc.Get(ctx)
	if err != nil {
		return err
	}
	version, err := was.DataAt("version")
	if n, ok := version.(int64); err != nil || !ok || n > schemaVersion {
		return &problem{reason: fmt.Sprintf("the database has version %v and this Gatehouse knows up to %d: "+
			"start the newer Gatehouse, or restore the backup from before the upgrade", version, schemaVersion)}
	}
	return nil
}

// Close waits for what is in hand and answers all later calls ErrUnavailable.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.client.Close()
}

// use runs a call unless the store is closed.
func (s *Store) use(ctx context.Context, doing string, call func(context.Context) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch err := ctx.Err(); {
	case s.closed:
		return explain(doing, &problem{reason: "the store was closed"})
	case err != nil:
		return explain(doing, err)
	}
	inside, h := listening(ctx)
	err := call(inside)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // gRPC has words of its own for it
	}
	return explain(doing, h.reason(err))
}

// Check answers whether a swap would be stored now, by one write to a document
// that few processes share: one for each process would stay behind it forever.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.use(ctx, "check the store", func(ctx context.Context) error {
		_, err := s.beat.Set(ctx, map[string]any{"at": firestore.ServerTimestamp})
		return err
	})
}

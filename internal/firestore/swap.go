package firestore

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/iterator"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// Swap stores all items or none; see engine.Store. Once it is under way it is
// carried to its end, so that the caller learns what became of it.
func (s *Store) Swap(ctx context.Context, items ...*engine.Item) error {
	if err := engine.CheckSwap(items); err != nil {
		return fmt.Errorf("swap: %w", err)
	}
	var revs []string
	err := s.use(ctx, "swap", func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		switch len(items) {
		case 0:
		case 1:
			revs, err = s.putOne(ctx, items[0])
		default:
			revs, err = s.putAll(ctx, items)
		}
		return err
	})
	if err != nil {
		return err
	}
	for n, it := range items {
		it.Rev = revs[n]
	}
	return nil
}

// putOne writes one document with its condition: one call.
func (s *Store) putOne(ctx context.Context, it *engine.Item) ([]string, error) {
	d, err := s.seal(ctx, it)
	if err != nil {
		return nil, err
	}
	doc := s.items.Doc(docName(it.Ref))
	var result *firestore.WriteResult
	if it.Rev == "" {
		if result, err = doc.Create(ctx, d); isStored(err) {
			err = engine.ErrConflict
		}
	} else {
		var was time.Time
		if was, err = updated(it.Rev); err != nil {
			return nil, err
		}
		if result, err = doc.Update(ctx, fields(d), firestore.LastUpdateTime(was)); isConflict(err) {
			err = engine.ErrConflict
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", it.Kind, it.ID, err)
	}
	return []string{revision(result.UpdateTime)}, nil
}

// putAll writes several documents with their conditions in one commit. All
// have the time of that commit.
func (s *Store) putAll(ctx context.Context, items []*engine.Item) ([]string, error) {
	documents := make([]document, len(items))
	times := make([]time.Time, len(items))
	for n, it := range items {
		var err error
		if it.Rev != "" {
			if times[n], err = updated(it.Rev); err != nil {
				return nil, err
			}
		}
		if documents[n], err = s.seal(ctx, it); err != nil {
			return nil, err
		}
	}
	var commit firestore.CommitResponse
	err := s.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		for n, it := range items {
			if err := write(tx, s.items.Doc(docName(it.Ref)), documents[n], times[n]); err != nil {
				return err
			}
		}
		return nil
	}, firestore.WithCommitResponseTo(&commit))
	if isConflict(err) {
		err = engine.ErrConflict
	}
	if err != nil {
		return nil, err
	}
	results, err := commit.WriteResults()
	if err != nil {
		return nil, err
	}
	revs := make([]string, len(items))
	for n := range items {
		revs[n] = revision(results[n].UpdateTime)
	}
	return revs, nil
}

// write adds one document to a commit; the zero time means that it is new.
func write(tx *firestore.Transaction, doc *firestore.DocumentRef, d document, was time.Time) error {
	if was.IsZero() {
		return tx.Create(doc, d)
	}
	return tx.Update(doc, fields(d), firestore.LastUpdateTime(was))
}

// fields are all fields of a document: an update leaves those that it does not name.
func fields(d document) []firestore.Update {
	return []firestore.Update{
		{Path: "wakeAt", Value: d.WakeAt},
		{Path: "scope", Value: d.Scope},
		{Path: "state", Value: d.State},
		{Path: "expires", Value: d.Expires},
		{Path: "body", Value: d.Body},
		{Path: "blob", Value: d.Blob},
		{Path: "salt", Value: d.Salt},
	}
}

// deletes is how many documents are deleted side by side.
const deletes = 16

// Purge deletes expired items, those that expired first before others; see
// engine.Store. Firestore's own TTL deletes them too, a day later or so.
func (s *Store) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := engine.CheckLimit(limit); err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	var deleted atomic.Int64
	err := s.use(ctx, "purge", func(ctx context.Context) error {
		expired, err := s.query(ctx, s.items.Where("expires", "<=", before).OrderBy("expires", firestore.Asc).Limit(limit).Select())
		if err != nil {
			return err
		}
		var group errgroup.Group
		group.SetLimit(deletes)
		for _, snap := range expired {
			group.Go(func() error {
				done, err := remove(ctx, snap)
				if done {
					deleted.Add(1)
				}
				return err
			})
		}
		return group.Wait()
	})
	return int(deleted.Load()), err
}

// remove deletes a document unless it was written meanwhile.
func remove(ctx context.Context, snap *firestore.DocumentSnapshot) (bool, error) {
	_, err := snap.Ref.Delete(ctx, firestore.LastUpdateTime(snap.UpdateTime))
	if isConflict(err) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) query(ctx context.Context, q firestore.Query) ([]*firestore.DocumentSnapshot, error) {
	docs := q.Documents(ctx)
	defer docs.Stop()
	var all []*firestore.DocumentSnapshot
	for {
		snap, err := docs.Next()
		if err == iterator.Done { //nolint:errorlint // the package's own mark of the end
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, snap)
	}
}

package blobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Blob is one that is stored, as a list shows it.
type Blob struct {
	Name string
	Size int64
	Used time.Time // when it was put or touched last
	mark int64     // changes with Used, where the place counts it
}

// Place is where blobs are kept: [Dir] or [Bucket].
type Place interface {
	Put(ctx context.Context, content []byte) (string, error)
	Get(ctx context.Context, name string) ([]byte, error)
	// List yields every blob, in no order. It ends at the first error.
	List(ctx context.Context) iter.Seq2[Blob, error]
	// Touch makes a blob as young as one that was put now, or is ErrNotFound.
	Touch(ctx context.Context, name string) error
	// Remove deletes a blob unless it was put or touched since it was listed,
	// and says whether it did.
	Remove(ctx context.Context, b Blob) (bool, error)
	// Claim writes down that owner keeps blobs here, and lists all that do.
	Claim(ctx context.Context, owner string) ([]string, error)
}

var (
	_ Place = (*Dir)(nil)
	_ Place = (*Bucket)(nil)
)

// ErrShared means that others keep blobs in the same place.
var ErrShared = errors.New("others keep blobs here, too")

// Swept is what a sweep found and did.
type Swept struct {
	Used, Waiting, Deleted int
	Freed                  int64 // bytes
}

// Sweep touches what is used, and deletes what neither is, nor was put or
// touched since before: it takes two sweeps, as far apart as before is ago, to
// lose a blob. used is given the names of all blobs and answers which of them
// anything refers to; if it fails, nothing is deleted. Where anybody but owner
// keeps blobs, whose use nobody here knows, it is ErrShared.
func Sweep(ctx context.Context, p Place, owner string, before time.Time, used func(context.Context, map[string]bool) (map[string]bool, error)) (Swept, error) {
	var did Swept
	owners, err := p.Claim(ctx, owner)
	if err != nil {
		return did, err
	}
	if len(owners) != 1 {
		return did, fmt.Errorf("%w: %d claims", ErrShared, len(owners))
	}
	there := map[string]bool{}
	var old []Blob
	for b, err := range p.List(ctx) {
		if err != nil {
			return did, err
		}
		there[b.Name] = true
		if b.Used.Before(before) {
			old = append(old, b)
		}
	}
	in, err := used(ctx, there)
	if err != nil {
		return did, fmt.Errorf("find out which blobs are used: %w", err)
	}
	for name := range in {
		if err := p.Touch(ctx, name); err != nil && !errors.Is(err, ErrNotFound) {
			return did, err
		}
	}
	did.Used, did.Waiting = len(in), len(there)-len(in)
	return did, did.remove(ctx, p, old, in)
}

func (d *Swept) remove(ctx context.Context, p Place, old []Blob, in map[string]bool) error {
	for _, b := range old {
		if in[b.Name] {
			continue
		}
		gone, err := p.Remove(ctx, b)
		if err != nil {
			return err
		}
		if gone {
			d.Waiting, d.Deleted, d.Freed = d.Waiting-1, d.Deleted+1, d.Freed+b.Size
		}
	}
	return nil
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Reader reads a store and changes nothing: for commands that look at it while
// no server runs.
type Reader struct{ e *Engine }

// NewReader makes a Reader of a store.
func NewReader(s Store, log *slog.Logger) *Reader {
	return &Reader{e: &Engine{store: storage{Store: s}, log: log}}
}

// Installations lists those that have a lane.
func (r *Reader) Installations(ctx context.Context) ([]int64, error) { return r.e.Installations(ctx) }

// Lanes lists the lanes of an installation.
func (r *Reader) Lanes(ctx context.Context, inst int64) ([]*pipeline.Lane, error) {
	return r.e.Lanes(ctx, inst)
}

// Log reads the whole audit trail of a lane, oldest first.
func (r *Reader) Log(ctx context.Context, inst int64, lane pipeline.LaneID) ([]pipeline.Entry, error) {
	return r.e.Log(ctx, inst, lane)
}

// Run reads a run with its lane, or ErrNotFound.
func (r *Reader) Run(ctx context.Context, inst int64, id pipeline.RunID) (pipeline.State, error) {
	runs, err := r.e.RunsByID(ctx, inst, id)
	if err != nil {
		return pipeline.State{}, err
	}
	if len(runs) == 0 {
		return pipeline.State{}, ErrNotFound
	}
	item, err := r.e.store.Get(ctx, LaneRef(inst, runs[0].Lane))
	if errors.Is(err, ErrNotFound) {
		return pipeline.State{Lane: &pipeline.Lane{V: pipeline.RunVersion, ID: runs[0].Lane}, Run: runs[0]}, nil // an observed run is in none
	}
	if err != nil {
		return pipeline.State{}, fmt.Errorf("read the lane of run %s: %w", id, err)
	}
	lane, err := decodeLane(item)
	return pipeline.State{Lane: lane, Run: runs[0]}, err
}

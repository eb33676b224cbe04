package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// started is the word by which the audit trail holds a run's arrival in its
// lane: once a run, in the order of arrival. That makes the trail the index of
// a lane's runs.
const started = "run-started"

// maxRunLog bounds what is read of one run's part of the trail.
const maxRunLog = 500

// Past is a run in its lane's history. Seq is the place to go on behind.
type Past struct {
	Seq int64
	Run *pipeline.Run
}

// Installations lists those that have a lane. The store answers it, so that the
// pages work while GitHub does not.
func (e *Engine) Installations(ctx context.Context) ([]int64, error) {
	var all []int64
	q := Query{Kind: KindLane, Limit: 1}
	for {
		items, err := e.store.List(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("list installations: %w", err)
		}
		if len(items) == 0 {
			slices.Sort(all)
			return all, nil
		}
		inst := installation(items[0].ID)
		all, q.After = append(all, inst), tenant(inst) // skips the rest of the tenant
	}
}

// History lists the runs of a lane, newest first: at most limit (1 to 1000)
// that came before the place before; 0 begins with the newest. It costs the
// same however long the history is.
func (e *Engine) History(ctx context.Context, inst int64, lane pipeline.LaneID, before int64, limit int) ([]Past, error) {
	q := Query{Kind: KindLog, Prefix: logPrefix(inst, lane), State: started, Limit: limit}
	if before > 0 {
		q.After = logRef(inst, lane, before).ID
	}
	items, err := e.store.List(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list the runs of lane %s: %w", lane, err)
	}
	var past []Past
	for _, item := range items {
		entry, err := decodeEntry(item)
		if err != nil {
			return nil, err
		}
		runs, err := e.RunsByID(ctx, inst, entry.Run)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			past = append(past, Past{Seq: entry.Seq, Run: run})
		}
	}
	return past, nil
}

// RunsByID reads runs of one installation. Those that are not there, or that a
// newer version stored, are left out.
func (e *Engine) RunsByID(ctx context.Context, inst int64, ids ...pipeline.RunID) ([]*pipeline.Run, error) {
	var runs []*pipeline.Run
	for _, id := range ids {
		item, err := e.store.Get(ctx, RunRef(inst, id))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read run %s: %w", id, err)
		}
		rec, err := decodeRecord(item)
		if err != nil {
			e.log.WarnContext(ctx, "a stored run cannot be read and is left out", logItem, item.ID, logError, err)
			continue
		}
		runs = append(runs, rec.Run)
	}
	return runs, nil
}

// RunLog reads the newest 500 entries of a run in its lane's audit trail,
// oldest first.
func (e *Engine) RunLog(ctx context.Context, inst int64, lane pipeline.LaneID, id pipeline.RunID) ([]pipeline.Entry, error) {
	items, err := e.store.List(ctx, Query{Kind: KindLog, Prefix: logPrefix(inst, lane), Scope: string(id), Limit: maxRunLog})
	if err != nil {
		return nil, fmt.Errorf("read the log of run %s: %w", id, err)
	}
	entries := make([]pipeline.Entry, 0, len(items))
	for _, item := range slices.Backward(items) {
		entry, err := decodeEntry(item)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func decodeEntry(item Item) (pipeline.Entry, error) {
	var entry pipeline.Entry
	if err := json.Unmarshal(item.Body, &entry); err != nil {
		return entry, fmt.Errorf("%s %s: decode the stored body: %w", item.Kind, item.ID, err)
	}
	return entry, nil
}

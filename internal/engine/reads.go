package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Info is what is owed and shown of a run, for pages and explain.
type Info struct {
	State  string // of the item: the run's status, or "parked"
	WakeAt time.Time
	Owed   []OwedInfo
	Slots  map[pipeline.Slot]SlotInfo
}

// OwedInfo is one effect that has no outcome yet.
type OwedInfo struct {
	Key       string
	Kind      string
	Tries     int
	FirstAt   time.Time
	NotBefore time.Time
	Error     string // of the last try
}

// SlotInfo is one surface.
type SlotInfo struct {
	Behind bool   // the surface does not show the latest state
	Remote string // what the surface calls it
	Error  string // of the last try
}

// Run reads a run with its lane, or ErrNotFound.
func (e *Engine) Run(ctx context.Context, inst int64, id pipeline.RunID) (pipeline.State, Info, error) {
	t, err := e.load(ctx, RunRef(inst, id))
	if err != nil {
		return pipeline.State{}, Info{}, err
	}
	return t.state(), t.info(), nil
}

func (t *tx) info() Info {
	info := Info{State: t.item.State, WakeAt: t.item.WakeAt, Slots: map[pipeline.Slot]SlotInfo{}}
	for _, o := range t.rec.Owed {
		var head struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal(o.Effect, &head); err != nil {
			head.Kind = "unreadable"
		}
		info.Owed = append(info.Owed, OwedInfo{
			Key: o.Key, Kind: head.Kind, Tries: o.Tries, FirstAt: o.FirstAt, NotBefore: o.NotBefore, Error: o.Error,
		})
	}
	for name, s := range t.rec.Slots {
		info.Slots[name] = SlotInfo{Behind: s.Want > s.Shown, Remote: s.Remote, Error: s.Error}
	}
	return info
}

// RunQuery selects runs of one installation. Empty fields do not filter.
type RunQuery struct {
	Installation int64
	Repo         int64 // its id
	Status       pipeline.RunStatus
	After        pipeline.RunID // go on behind it
	Limit        int            // 1 to 1000; 0 means 100
}

// Runs lists runs, newest first. Runs that a newer version stored are left out.
func (e *Engine) Runs(ctx context.Context, q RunQuery) ([]*pipeline.Run, error) {
	query := Query{Kind: KindRun, Prefix: tenant(q.Installation), State: string(q.Status), Limit: q.Limit}
	if q.Repo != 0 {
		query.Scope = scopeOf(pipeline.Repo{ID: q.Repo})
	}
	if q.After != "" {
		query.After = RunRef(q.Installation, q.After).ID
	}
	items, err := e.store.List(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var runs []*pipeline.Run
	for _, item := range items {
		rec, err := decodeRecord(item)
		if err != nil {
			e.log.WarnContext(ctx, "a stored run cannot be read and is left out", logItem, item.ID, logError, err)
			continue
		}
		runs = append(runs, rec.Run)
	}
	return runs, nil
}

// Lanes lists the lanes of an installation.
func (e *Engine) Lanes(ctx context.Context, inst int64) ([]*pipeline.Lane, error) {
	var lanes []*pipeline.Lane
	err := e.each(ctx, Query{Kind: KindLane, Prefix: tenant(inst)}, func(item Item) error {
		lane, err := decodeLane(item)
		lanes = append(lanes, lane)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list lanes: %w", err)
	}
	return lanes, nil
}

// Log reads the whole audit trail of a lane, oldest first, as the chain that
// the lane's head ends.
func (e *Engine) Log(ctx context.Context, inst int64, lane pipeline.LaneID) ([]pipeline.Entry, error) {
	var entries []pipeline.Entry
	err := e.each(ctx, Query{Kind: KindLog, Prefix: logPrefix(inst, lane)}, func(item Item) error {
		entry, err := decodeEntry(item)
		entries = append(entries, entry)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the log of lane %s: %w", lane, err)
	}
	for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 {
		entries[i], entries[j] = entries[j], entries[i]
	}
	return entries, nil
}

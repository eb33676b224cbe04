package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// laneRead is a lane with the runs that its view speaks of.
type laneRead struct {
	lane *pipeline.Lane
	runs []*pipeline.Run
	past []engine.Past // newest first
}

func (p *pages) readLanes(ctx context.Context) ([]laneRead, error) {
	installations, err := p.Reader.Installations(ctx)
	if err != nil {
		return nil, err
	}
	var all []laneRead
	for _, inst := range installations {
		lanes, err := p.Reader.Lanes(ctx, inst)
		if err != nil {
			return nil, err
		}
		for _, lane := range lanes {
			read, err := p.readLane(ctx, lane, 0, pastShown)
			if err != nil {
				return nil, err
			}
			all = append(all, read)
		}
	}
	return all, nil
}

// readLane reads a part of a lane's history, and the runs that the lane names
// beyond it. Each run is read once.
func (p *pages) readLane(ctx context.Context, lane *pipeline.Lane, before int64, limit int) (laneRead, error) {
	past, err := p.Reader.History(ctx, lane.Installation, lane.ID, before, limit)
	if err != nil {
		return laneRead{}, err
	}
	read := laneRead{lane: lane, past: past}
	for _, run := range past {
		read.runs = append(read.runs, run.Run)
	}
	missing := slices.DeleteFunc(templates.Named(lane, activeShown), func(id pipeline.RunID) bool {
		return slices.ContainsFunc(read.runs, func(r *pipeline.Run) bool { return r.ID == id })
	})
	named, err := p.Reader.RunsByID(ctx, lane.Installation, missing...)
	read.runs = append(read.runs, named...)
	return read, err
}

// laneOf is the lane that an address names.
func (p *pages) laneOf(ctx context.Context, r *http.Request) (*pipeline.Lane, error) {
	inst, err := strconv.ParseInt(r.PathValue("installation"), 10, 64)
	if err != nil {
		return nil, engine.ErrNotFound
	}
	return p.findLane(ctx, inst, pipeline.LaneID(r.PathValue("lane")))
}

func (p *pages) findLane(ctx context.Context, inst int64, id pipeline.LaneID) (*pipeline.Lane, error) {
	lanes, err := p.Reader.Lanes(ctx, inst)
	if err != nil {
		return nil, err
	}
	for _, lane := range lanes {
		if lane.ID == id {
			return lane, nil
		}
	}
	return nil, engine.ErrNotFound
}

// findRun looks in every installation of which the viewer sees something.
func (p *pages) findRun(ctx context.Context, id string) (pipeline.State, error) {
	if !runID.MatchString(id) {
		return pipeline.State{}, engine.ErrNotFound
	}
	installations, err := p.Reader.Installations(ctx)
	if err != nil {
		return pipeline.State{}, err
	}
	for _, inst := range installations {
		state, _, err := p.Reader.Run(ctx, inst, pipeline.RunID(id))
		if !errors.Is(err, engine.ErrNotFound) {
			return state, err
		}
	}
	return pipeline.State{}, engine.ErrNotFound
}

func (p *pages) lines(lane *pipeline.Lane, past []engine.Past, now time.Time) []templates.RunLine {
	var lines []templates.RunLine
	for _, run := range past {
		lines = append(lines, templates.NewRunLine(pipeline.State{Lane: lane, Run: run.Run}, now, p.links))
	}
	return lines
}

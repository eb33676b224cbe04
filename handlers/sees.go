package handlers

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// sees is a Reader with the eyes of one person: what he may not see is not
// there. A lane may be shared by repositories; of one that he does not see
// nothing is told but that its run is active.
type sees struct {
	Reader
	sight login.Sight
}

var _ Reader = sees{}

// Lacking are the installations of which he sees something.
func (s sees) Lacking(ctx context.Context) ([]pipeline.Lack, error) {
	all, err := s.Reader.Lacking(ctx)
	mine := s.sight.Installations()
	return slices.DeleteFunc(all, func(l pipeline.Lack) bool { return !slices.Contains(mine, l.Installation) }), err
}

// Installations are those of which he sees something.
func (s sees) Installations(ctx context.Context) ([]int64, error) {
	all, err := s.Reader.Installations(ctx)
	mine := s.sight.Installations()
	return slices.DeleteFunc(all, func(id int64) bool { return !slices.Contains(mine, id) }), err
}

// Lanes are those to which a repository that he sees ships.
func (s sees) Lanes(ctx context.Context, inst int64) ([]*pipeline.Lane, error) {
	all, err := s.Reader.Lanes(ctx, inst)
	if err != nil {
		return nil, err
	}
	var mine []*pipeline.Lane
	for _, lane := range all {
		seen, err := s.seesLane(ctx, lane)
		if err != nil {
			return nil, err
		}
		if seen {
			mine = append(mine, s.lane(lane))
		}
	}
	return mine, nil
}

func (s sees) seesLane(ctx context.Context, lane *pipeline.Lane) (bool, error) {
	for _, run := range lane.Runs {
		if s.sight.Sees(lane.Installation, repoOf(run)) {
			return true, nil
		}
	}
	for repo := range lane.LiveOf {
		if s.sight.Sees(lane.Installation, repo) {
			return true, nil
		}
	}
	past, err := s.History(ctx, lane.Installation, lane.ID, 0, 1)
	return len(past) > 0, err
}

// repoOf is the repository of an active run, as its lane knows it.
func repoOf(run *pipeline.LaneRun) int64 {
	id, _, _ := strings.Cut(run.Pipeline, "/")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// lane is a copy without what went live from elsewhere.
func (s sees) lane(lane *pipeline.Lane) *pipeline.Lane {
	c := *lane
	hidden := func(of *pipeline.Shipped) bool { return of != nil && !s.sight.Sees(lane.Installation, of.Repo) }
	if hidden(c.Live) {
		c.Live = nil
	}
	if hidden(c.Verified) {
		c.Verified = nil
	}
	c.History = slices.DeleteFunc(slices.Clone(c.History), func(r pipeline.Released) bool { return hidden(&r.Shipped) })
	if c.Doubt != nil && hidden(&c.Doubt.Shipped) {
		c.Doubt = nil
	}
	return &c
}

// Run is one that he sees, or not found.
func (s sees) Run(ctx context.Context, inst int64, id pipeline.RunID) (pipeline.State, engine.Info, error) {
	state, info, err := s.Reader.Run(ctx, inst, id)
	if err == nil && !s.sight.Sees(inst, state.Run.Repo.ID) {
		return pipeline.State{}, engine.Info{}, engine.ErrNotFound
	}
	return state, info, err
}

// RunsByID leaves out what he does not see.
func (s sees) RunsByID(ctx context.Context, inst int64, ids ...pipeline.RunID) ([]*pipeline.Run, error) {
	runs, err := s.Reader.RunsByID(ctx, inst, ids...)
	return slices.DeleteFunc(runs, func(r *pipeline.Run) bool { return !s.sight.Sees(inst, r.Repo.ID) }), err
}

// historyLooks bounds how many pages are read to fill one page with what he sees.
const historyLooks = 20

// History reads on until a page is full.
func (s sees) History(ctx context.Context, inst int64, lane pipeline.LaneID, before int64, limit int) ([]engine.Past, error) {
	var mine []engine.Past
	for range historyLooks {
		past, err := s.Reader.History(ctx, inst, lane, before, max(limit, pastShown))
		if err != nil {
			return nil, err
		}
		for _, p := range past {
			before = p.Seq
			if s.sight.Sees(inst, p.Run.Repo.ID) {
				mine = append(mine, p)
			}
		}
		if len(mine) >= limit || len(past) == 0 {
			break
		}
	}
	return mine[:min(limit, len(mine))], nil
}

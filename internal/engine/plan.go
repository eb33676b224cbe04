package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// planRestore has a performer say what a rollback would move, with what the lane
// remembers. A lane that is not there yet remembers nothing.
func (e *Engine) planRestore(ctx context.Context, job Job, f pipeline.PlanRestore) (pipeline.Outcome, error) {
	item, err := e.store.Get(ctx, LaneRef(job.Repo.Installation, pipeline.LaneID(f.Project)))
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return nil, fmt.Errorf("load the lane %s: %w", f.Project, err)
	default:
		lane, err := decodeLane(item)
		if err != nil {
			return nil, err
		}
		f.History, f.Live = lane.History, lane.Leaving()
	}
	job.Effect = f
	return e.performer.Perform(ctx, job)
}

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// OpenWork is what the active runs of one repository wait for at GitHub.
type OpenWork struct {
	Repo      pipeline.Repo
	Since     time.Time                      // the oldest of these runs began then
	Workflows map[int64]pipeline.WorkflowRun // that are not over, as far as is known here
	Reviews   []int64                        // workflow runs at whose environment people may have reviewed
}

// OpenWork gathers, for each repository, the workflow runs whose end is still to
// be heard of.
func (e *Engine) OpenWork(ctx context.Context) ([]OpenWork, error) {
	var all []OpenWork
	at := map[string]int{}
	err := e.each(ctx, Query{Kind: KindRun, State: string(pipeline.RunActive)}, func(item Item) error {
		rec, err := decodeRecord(item)
		if err != nil {
			e.log.WarnContext(ctx, "a run cannot be read and is not reconciled", logItem, item.ID, logError, err)
			return nil
		}
		open := openWorkflows(rec.Run)
		if len(open) == 0 {
			return nil
		}
		key := item.Scope
		i, known := at[key]
		if !known {
			i = len(all)
			at[key], all = i, append(all, OpenWork{Repo: rec.Run.Repo, Since: rec.Run.CreatedAt, Workflows: map[int64]pipeline.WorkflowRun{}})
		}
		if rec.Run.CreatedAt.Before(all[i].Since) {
			all[i].Since = rec.Run.CreatedAt
		}
		for _, w := range open {
			all[i].Workflows[w.ID] = w
		}
		if w := reviewedAt(rec.Run); w != 0 {
			all[i].Reviews = append(all[i].Reviews, w)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find what runs wait for: %w", err)
	}
	return all, nil
}

func openWorkflows(run *pipeline.Run) []pipeline.WorkflowRun {
	var open []pipeline.WorkflowRun
	for _, sr := range run.Stages {
		if w := sr.Workflow; w != nil && w.ID != 0 && w.Status != "completed" && !sr.Status.Over() {
			open = append(open, *w)
		}
	}
	return open
}

// reviewedAt is the workflow run in which GitHub asks reviewers, while the gate
// waits for them; 0: nobody is asked there.
func reviewedAt(run *pipeline.Run) int64 {
	g := run.Gate
	if g == nil || g.Kind != pipeline.GateByEnvironment || g.Door != pipeline.DoorShut || len(g.Reviewers) == 0 {
		return 0
	}
	if w := run.Stages[g.Deploy].Workflow; w != nil {
		return w.ID
	}
	return 0
}

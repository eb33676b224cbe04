package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// link is the body of a link item: the runs that a workflow run or a commit
// belongs to.
type link struct {
	V    int              `json:"v"`
	Runs []pipeline.RunID `json:"runs"`
}

// links adds link items for workflow runs that the step brought. before is the
// run as it was; a new run also gets the link of its commit.
func (t *tx) links(before *pipeline.Run) error {
	run := t.rec.Run
	had := workflows(before)
	for _, id := range slices.Sorted(maps.Keys(workflows(run))) {
		if had[id] {
			continue
		}
		if err := t.link(workflowLink(run.Repo, id)); err != nil {
			return err
		}
	}
	if t.item.Rev == "" && run.Release.SHA != "" {
		return t.link(commitLink(run.Repo, run.Release.SHA))
	}
	return nil
}

func (t *tx) link(ref Ref) error {
	item, l, err := t.e.loadLink(t.ctx, ref)
	if err != nil || slices.Contains(l.Runs, t.rec.Run.ID) {
		return err
	}
	l.Runs = append(l.Runs, t.rec.Run.ID)
	item.Scope, item.Expires = scopeOf(t.rec.Run.Repo), t.now.Add(keepLink)
	t.with = append(t.with, &item)
	return encode(&item, l)
}

// loadLink reads a link; one that is not there names no run.
func (e *Engine) loadLink(ctx context.Context, ref Ref) (Item, *link, error) {
	item, err := e.store.Get(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return Item{Ref: ref}, &link{V: bodyVersion}, nil
	}
	if err != nil {
		return Item{}, nil, fmt.Errorf("load %s %s: %w", ref.Kind, ref.ID, err)
	}
	l, err := decode[link](item)
	return item, l, err
}

// workflows are the runs of GitHub Actions that a run knows as its own.
func workflows(run *pipeline.Run) map[int64]bool {
	ids := map[int64]bool{}
	if run == nil {
		return ids
	}
	for _, stage := range run.Stages {
		if stage.Workflow != nil && stage.Workflow.ID != 0 {
			ids[stage.Workflow.ID] = true
		}
	}
	return ids
}

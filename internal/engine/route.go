package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// way is where a signal goes: to runs, into an intake, nowhere, or not yet.
type way struct {
	runs   []pipeline.RunID
	intake *pipeline.Intake
	drop   string    // why it goes nowhere
	wait   time.Time // when to look again
}

// route finds out where a signal belongs.
func (e *Engine) route(ctx context.Context, b *inbox, i int) (way, error) {
	s := b.Signals[i]
	switch {
	case s.Run != "":
		return e.routeRun(ctx, b.Repo, s.Run)
	case s.Workflow != 0:
		return e.routeWorkflow(ctx, b, i)
	case s.Commit != "":
		return e.routeCommit(ctx, b.Repo, s.Commit)
	}
	switch f := s.fact.(type) {
	case pipeline.Pushed:
		return b.intake(i, func(in *pipeline.Intake) { in.Push = &f }), nil
	case pipeline.CommandGiven:
		return b.intake(i, func(in *pipeline.Intake) { in.Command = &f }), nil
	case pipeline.Asked:
		return b.intake(i, func(in *pipeline.Intake) { in.Asked = &f }), nil
	case pipeline.DoorRequested:
		return b.intake(i, func(in *pipeline.Intake) { in.Foreign = &f }), nil
	case pipeline.Started, pipeline.Tick, pipeline.Answered, pipeline.WorkflowSeen, pipeline.Reviewed, pipeline.DeploymentSeen,
		pipeline.ChecksChanged, pipeline.Pressed, pipeline.RerunRequested, pipeline.Commanded, pipeline.Superseded,
		pipeline.LaneGranted, pipeline.LaneTurned, pipeline.Hindered, pipeline.Blocks, pipeline.Unanswered, pipeline.LiveChanged, pipeline.Stop, pipeline.HolderOver, pipeline.RolledBack:
	}
	return way{drop: "it names neither a run nor a commit"}, nil
}

func (b *inbox) intake(i int, fill func(*pipeline.Intake)) way {
	key := DeliveryRef(b.Repo.Installation, b.AppID, b.GUID).ID
	in := &pipeline.Intake{
		V: pipeline.IntakeVersion, ID: intakeID(b.ReceivedAt, key, i), Repo: b.Repo, At: b.ReceivedAt, Cause: key,
	}
	fill(in)
	return way{intake: in}
}

func (e *Engine) routeRun(ctx context.Context, repo pipeline.Repo, id pipeline.RunID) (way, error) {
	_, err := e.store.Get(ctx, RunRef(repo.Installation, id))
	if errors.Is(err, ErrNotFound) {
		return way{drop: "run " + string(id) + " is not known"}, nil
	}
	return way{runs: []pipeline.RunID{id}}, err
}

// routeCommit goes to the runs of a commit that are still active.
func (e *Engine) routeCommit(ctx context.Context, repo pipeline.Repo, sha string) (way, error) {
	_, l, err := e.loadLink(ctx, commitLink(repo, sha))
	if err != nil {
		return way{}, err
	}
	w := way{drop: "no active run has commit " + sha}
	for _, id := range l.Runs {
		item, err := e.store.Get(ctx, RunRef(repo.Installation, id))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return way{}, err
		}
		if err == nil && item.State == string(pipeline.RunActive) {
			w.runs = append(w.runs, id)
		}
	}
	return w, nil
}

// routeWorkflow goes to the run that dispatched a workflow. While a dispatch is
// under way in the repository its answer, which makes the link, may still be
// coming: GitHub's webhook can be faster. The looks are counted, not the time:
// this process may have been down since the webhook came.
func (e *Engine) routeWorkflow(ctx context.Context, b *inbox, i int) (way, error) {
	s := b.Signals[i]
	_, l, err := e.loadLink(ctx, workflowLink(b.Repo, s.Workflow))
	if err != nil {
		return way{}, err
	}
	if len(l.Runs) > 0 {
		return way{runs: l.Runs}, nil
	}
	if s.Waits < doorLooks {
		dispatching, err := e.dispatching(ctx, b.Repo)
		if err != nil {
			return way{}, err
		}
		if dispatching {
			return way{wait: e.now().Add(e.backoff(s.Waits+1) / looksAtFirst)}, nil
		}
		// It may have ended between the two looks.
		if _, l, err = e.loadLink(ctx, workflowLink(b.Repo, s.Workflow)); err != nil || len(l.Runs) > 0 {
			return way{runs: l.runs()}, err
		}
	}
	if door, ok := s.fact.(pipeline.DoorRequested); ok {
		return b.intake(i, func(in *pipeline.Intake) { in.Foreign = &door }), nil
	}
	return way{drop: fmt.Sprintf("workflow run %d was not dispatched by a run of ours", s.Workflow)}, nil
}

func (l *link) runs() []pipeline.RunID {
	if l == nil {
		return nil
	}
	return l.Runs
}

// dispatching reports whether an active run of the repository owes the start of
// a workflow, whose answer would make a link.
func (e *Engine) dispatching(ctx context.Context, repo pipeline.Repo) (bool, error) {
	found := false
	want := pipeline.EffectKind(pipeline.StartWorkflow{})
	q := Query{Kind: KindRun, Prefix: tenant(repo.Installation), Scope: scopeOf(repo), State: string(pipeline.RunActive)}
	err := e.each(ctx, q, func(item Item) error {
		rec, err := decodeRecord(item)
		if err != nil {
			found = true // it cannot be told; the wait has an end
			return nil
		}
		for _, o := range rec.Owed {
			var head struct {
				Kind string `json:"kind"`
			}
			if json.Unmarshal(o.Effect, &head) == nil && head.Kind == want {
				found = true
			}
		}
		return nil
	})
	return found, err
}

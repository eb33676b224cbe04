package stage

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
	"github.com/gatehouse-app/gatehouse/templates"
)

// checksAtOnce bounds how many components are asked about side by side.
const checksAtOnce = 8

// loadTarget finds the release to go back to, asks of everything that differs
// whether it still exists, and has package rollback plan the way.
func (p *Performers) loadTarget(ctx context.Context, job engine.Job, e pipeline.LoadTarget) (pipeline.Outcome, error) {
	target, why := rollback.Target(e.History, e.Live, e.Environment, e.To)
	if why != nil {
		return pipeline.Failed{Refusal: *why}, nil
	}
	g, err := p.project(job, e.Project)
	if err != nil {
		return nil, err
	}
	then, err := p.loadRecord(ctx, target.After)
	if err != nil {
		return nil, err
	}
	now, err := p.loadRecord(ctx, e.Before)
	if err != nil {
		return nil, err
	}
	if now == nil {
		return nil, refuse("no-snapshot", "Nothing is stored of what is live now.", "Ask for the rollback again.")
	}
	plan, why, err := p.planWhole(ctx, g, now, then, target, wish{e.Environment, e.History, e.Live})
	if err != nil {
		return nil, err
	}
	if why != nil {
		return pipeline.Failed{Refusal: *why}, nil
	}
	return pipeline.TargetLoaded{Plan: plan}, nil
}

// planRestore says what a rollback would move from where to where, from what is
// live at this moment. Nothing is kept of it.
func (p *Performers) planRestore(ctx context.Context, job engine.Job, e pipeline.PlanRestore) (pipeline.Outcome, error) {
	target, why := rollback.Target(e.History, e.Live, e.Environment, e.To)
	if why != nil {
		return pipeline.Failed{Refusal: *why}, nil
	}
	g, err := p.project(job, e.Project)
	if err != nil {
		return nil, err
	}
	then, err := p.loadRecord(ctx, target.After)
	if err != nil {
		return nil, err
	}
	live, err := g.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	plan, why, err := p.planWhole(ctx, g, &record{Live: *live}, then, target, wish{e.Environment, e.History, e.Live})
	if err != nil {
		return nil, err
	}
	if why != nil {
		return pipeline.Failed{Refusal: *why}, nil
	}
	return pipeline.RestorePlanned{Text: templates.RestorePlan(e.Environment, plan), Plan: &plan}, nil
}

// planFrom asks whether everything of the target is still there, and plans the way.
func (p *Performers) planFrom(ctx context.Context, g Google, now, then *record, target pipeline.Released, history []pipeline.Released) (pipeline.RestorePlan, *pipeline.Refusal, error) {
	holds, err := p.holds(ctx, g, now, then)
	if err != nil {
		return pipeline.RestorePlan{}, nil, err
	}
	plan, why := rollback.Make(target, then.snapshot(), now.snapshot(), holds, after(history, target))
	return plan, why, nil
}

// after lists the releases that came after one.
func after(history []pipeline.Released, r pipeline.Released) []pipeline.Released {
	i := slices.IndexFunc(history, func(o pipeline.Released) bool { return o.Run == r.Run })
	return history[i+1:]
}

// holds asks of every component that differs whether its target still exists.
func (p *Performers) holds(ctx context.Context, g Google, now, then *record) (map[string]rollback.Holding, error) {
	changes := pipeline.Changes(now.snapshot(), then.snapshot())
	found := make([]rollback.Holding, len(changes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(checksAtOnce)
	for i, c := range changes {
		part, ok := then.part(c.Kind, c.ID)
		if !ok {
			continue // it was not there: the plan says so
		}
		group.Go(func() error {
			back, err := g.Check(ctx, part, p.with(then, part, "", nil))
			if e := asFirebase(err); e != nil && e.Class.Again() == firebase.AgainNever {
				found[i] = rollback.Holding{Why: firebaseWords(err)} // it is said of this component; the others go on
				return nil
			}
			if err != nil {
				return err
			}
			found[i] = rollback.Holding{Pointer: back.Way == firebase.WayPoint || back.Way == firebase.WayAlready, Why: back.Why}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	holds := map[string]rollback.Holding{}
	for i, c := range changes {
		holds[c.Key()] = found[i]
	}
	return holds, nil
}

// movePart brings one component back, and comes back itself until Google says
// that it is there. It looks first: an earlier try may have moved it.
func (p *Performers) movePart(ctx context.Context, job engine.Job, e pipeline.MovePart) (pipeline.Outcome, error) {
	g, err := p.project(job, e.Project)
	if err != nil {
		return nil, err
	}
	then, err := p.loadRecord(ctx, e.Target)
	if err != nil {
		return nil, err
	}
	part, ok := then.part(e.Move.Kind, e.Move.ID)
	if !ok {
		return nil, refuse("not-in-target", fmt.Sprintf("The target has no %s %s.", e.Move.Kind, e.Move.ID), "Report this as a bug of Gatehouse.")
	}
	with := p.with(then, part, e.Message, e.Move.Flags)
	if job.Tries > 0 {
		if done, err := there(ctx, g, job, then, part, with); done != nil || err != nil {
			return done, err
		}
	}
	moved, err := g.Move(ctx, part, with)
	if err != nil {
		return nil, err
	}
	if moved.Already {
		return pipeline.PartMoved{At: e.Move.To, Moved: job.Tries > 0}, nil
	}
	done, err := there(ctx, g, job, then, part, with)
	if done != nil || err != nil {
		return done, err
	}
	return nil, &engine.Retry{Class: engine.RetryAt, At: job.Now.Add(settleLook), Reason: "Google is moving " + e.Move.Key() + "."}
}

// there says that the component is where it should be, that Google is still at
// it, or nothing: then it has to be moved.
func there(ctx context.Context, g Google, job engine.Job, then *record, part firebase.Part, with firebase.With) (pipeline.Outcome, error) {
	c, err := g.Confirm(ctx, part, with)
	switch {
	case err != nil:
		return nil, err
	case c.Done:
		return pipeline.PartMoved{At: then.component(c.Now), Moved: true}, nil
	case c.Failed && job.Tries > 0:
		return nil, refuse("not-moved", fmt.Sprintf("%s %s did not get there: %s.", part.Kind, part.Name, c.Why), "Press Retry; if it stays so, move it in the Firebase console.")
	}
	return nil, nil
}

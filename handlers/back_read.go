package handlers

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
	"github.com/gatehouse-app/gatehouse/templates"
)

// readBack reads a lane with what the viewer may know of going back in it.
func (p *pages) readBack(ctx context.Context, r *http.Request) (*backing, error) {
	lane, err := p.laneOf(ctx, r)
	if err != nil {
		return nil, err
	}
	read, err := p.readLane(ctx, lane, 0, pastShown)
	if err != nil {
		return nil, err
	}
	run := leader(lane, read)
	if run == nil {
		return nil, engine.ErrNotFound
	}
	now, env := p.Clock(), run.Env()
	b := &backing{lane: lane, run: run}
	b.page = templates.BackPage{
		Lane: templates.NewLaneView(lane, read.runs, now, p.links), Environment: run.Environment, Action: p.links.Back(lane.Installation, lane.ID),
		Phrase: rollback.Phrase(run.Environment), BreakGlass: env.BreakGlass, Now: now,
		NotHim: p.notCommander(ctx, run),
	}
	if b.page.NotHim != nil {
		return b, nil
	}
	leaves := lane.Leaving()
	if leaves != nil {
		b.page.Leaves = string(leaves.Run)
	}
	if id := lane.Restoring(); id != "" {
		b.page.Underway = p.links.Run(id)
	}
	for _, c := range rollback.Choices(lane.History, leaves, run.Environment) {
		b.page.Choices = append(b.page.Choices, templates.BackChoice{Released: c.Released, Usual: c.Usual, Why: c.Why})
	}
	return b, nil
}

// leader is the run whose configuration speaks for a lane: that of what is live,
// else the newest that the viewer sees.
func leader(lane *pipeline.Lane, read laneRead) *pipeline.Run {
	for _, s := range []*pipeline.Shipped{lane.Leaving(), lane.Live, lane.Verified} {
		if s == nil {
			continue
		}
		if i := slices.IndexFunc(read.runs, func(r *pipeline.Run) bool { return r.ID == s.Run }); i >= 0 {
			return read.runs[i]
		}
	}
	if len(read.runs) == 0 {
		return nil
	}
	return slices.MaxFunc(read.runs, func(a, b *pipeline.Run) int { return cmp.Compare(a.Seq, b.Seq) })
}

// notCommander says why the viewer may not take the run's environment back; nil:
// he may, or GitHub does not say, and then the machine asks anew.
func (p *pages) notCommander(ctx context.Context, run *pipeline.Run) *pipeline.Refusal {
	s, told := p.known.of(ctx, run, p.viewer.Person)
	if !told {
		return nil
	}
	return run.Env().MayCommand(s, "roll "+run.Environment+" back")
}

// planned adds the plan that the viewer asked for, as far as it is known.
func (p *pages) planned(ctx context.Context, b *backing, id string) {
	g, ok := p.ofBack(ctx, b, id)
	switch {
	case !ok || !g.Command.Plan:
		return
	case g.Answer == nil:
		b.page.Pending = verbPlan
	case g.Answer.Plan == nil:
		if b.page.Refused == nil && g.Answer.Refused != nil {
			b.page.Refused = onThisPage(*g.Answer.Refused)
		}
	default:
		b.page.Plan, b.page.PlanID, b.page.PlannedAt = g.Answer.Plan, g.ID, g.Answer.At
	}
	if b.page.Typed.To == "" {
		b.page.Typed.To = g.Command.Ref
	}
}

// wentBack adds what came of the rollback that the viewer asked for. Once it has
// begun, its run's page says everything.
func (p *pages) wentBack(ctx context.Context, b *backing, id string) pipeline.RunID {
	g, ok := p.ofBack(ctx, b, id)
	switch {
	case !ok || g.Command.Plan:
		return ""
	case g.Answer == nil:
		b.page.Pending = verbBack
	case g.Answer.Refused == nil:
		return g.Run
	default:
		b.page.Refused = onThisPage(*g.Answer.Refused)
		if g.Run != "" {
			b.page.RefusedRun = p.links.Run(g.Run)
		}
	}
	c := g.Command
	b.page.Typed = templates.BackTyped{To: c.Ref, Phrase: c.Phrase, Reason: c.Reason, BreakGlass: c.BreakGlass}
	return ""
}

// ofBack is a command of the viewer's about this lane's environment.
func (p *pages) ofBack(ctx context.Context, b *backing, id string) (engine.Given, bool) {
	if id == "" || b.page.NotHim != nil {
		return engine.Given{}, false
	}
	g, err := p.Commands.Given(ctx, p.AppID, id)
	mine := err == nil && g.By.ID == p.viewer.Person.ID && g.Repo.Installation == b.lane.Installation
	return g, mine && g.Command.Verb == pipeline.VerbRollback && g.Command.Target == b.run.Environment
}

// onThisPage says a refusal where there is a form and no comment.
func onThisPage(why pipeline.Refusal) *pipeline.Refusal {
	return rollback.Elsewhere(why, "Choose one of them below.")
}

// backOf is the way to that page from a lane's own; nil: there is none.
func (p *pages) backOf(ctx context.Context, lane *pipeline.Lane, run *pipeline.Run) *templates.BackLink {
	if p.viewer.Person.ID == 0 || run == nil || lane.Leaving() == nil {
		return nil
	}
	return &templates.BackLink{Action: p.links.Back(lane.Installation, lane.ID), NotHim: p.notCommander(ctx, run)}
}

// backOfRun is the way there from the page of a run that is live, or was and may
// be returned to.
func (p *pages) backOfRun(ctx context.Context, state pipeline.State) *templates.BackLink {
	leaves := state.Lane.Leaving()
	link := p.backOf(ctx, state.Lane, state.Run)
	if link == nil || state.Run.Restore != nil {
		return nil
	}
	if leaves.Run == state.Run.ID {
		return link
	}
	for _, c := range rollback.Choices(state.Lane.History, leaves, state.Run.Environment) {
		if c.Run == state.Run.ID && c.Why == nil {
			link.To = string(c.Run)
			return link
		}
	}
	return nil
}

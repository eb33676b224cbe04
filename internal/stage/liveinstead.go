package stage

import (
	"context"

	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
)

// wish is where somebody wants to go back, and among what.
type wish struct {
	environment string
	history     []pipeline.Released
	live        *pipeline.Shipped
}

// planWhole plans the way to a target. If something of it is gone, the nearest
// release that is still whole is named instead.
func (p *Performers) planWhole(ctx context.Context, g Google, now, then *record, target pipeline.Released, w wish) (pipeline.RestorePlan, *pipeline.Refusal, error) {
	plan, why, err := p.planFrom(ctx, g, now, then, target, w.history)
	if err == nil && !rollback.Whole(plan) {
		if version := p.instead(ctx, g, now, target, w); version != "" {
			rollback.Instead(&plan, why, w.environment, version)
		}
	}
	return plan, why, err
}

// instead is the version of the nearest release of which everything is still there;
// empty: there is none, or Google does not say. Nobody waits for a better answer
// than the plan already is.
func (p *Performers) instead(ctx context.Context, g Google, now *record, target pipeline.Released, w wish) string {
	for _, r := range rollback.Others(w.history, w.live, w.environment, target.Run) {
		then, err := p.loadRecord(ctx, r.After)
		if err != nil || then == nil {
			continue
		}
		plan, why, err := p.planFrom(ctx, g, now, then, r, w.history)
		if err == nil && why == nil && rollback.Whole(plan) {
			return r.Version
		}
	}
	return ""
}

package stage

import (
	"context"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
)

// settleLook is the time between two looks at something that Google is changing.
const settleLook = time.Second

// verifyDeploy compares what is live with what was live before the deploy. A
// service that an earlier rollback has pinned gets its newest revision first:
// the deploy made one, and nobody would be served by it.
func (p *Performers) verifyDeploy(ctx context.Context, job engine.Job, e pipeline.VerifyDeploy) (pipeline.Outcome, error) {
	g, err := p.project(job, e.Project)
	if err != nil {
		return nil, err
	}
	before, err := p.loadRecord(ctx, e.Before)
	if err != nil {
		return nil, err
	}
	if before == nil {
		return nil, refuse("no-snapshot", "Nothing is stored of what was live before the deploy.", "Deploy again.")
	}
	if !e.Failed {
		if err := unpin(ctx, g, job); err != nil {
			return nil, err
		}
	}
	r, ref, err := p.recordLive(ctx, g, before, true)
	if err != nil {
		return nil, err
	}
	was, now := before.snapshot(), r.snapshot()
	out := pipeline.DeployVerified{After: ref, Changes: pipeline.Changes(was, now)}
	if !e.Failed {
		out.Problems = rollback.Deployed(was, now, e.Declared, e.Sensitive)
	}
	return out, nil
}

// unpin lets the newest revision of every function serve, and comes back until
// it does.
func unpin(ctx context.Context, g Google, job engine.Job) error {
	live, err := g.Snapshot(ctx)
	if err != nil {
		return err
	}
	changing := ""
	for i := range live.Functions {
		f := &live.Functions[i]
		switch {
		case f.Generation != 2 || f.Service == "":
		case !f.ServesLatest:
			if _, _, err := g.ToLatest(ctx, f.Service); err != nil {
				return err
			}
			changing = f.ID()
		case !f.Ready && f.Problem == "":
			changing = f.ID()
		}
	}
	if changing != "" {
		return &engine.Retry{Class: engine.RetryAt, At: job.Now.Add(settleLook), Reason: "Google is moving the requests of " + changing + " to its newest revision."}
	}
	return nil
}

package app

import (
	"context"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// installed is what a webhook tells of an installation itself. Its runs wait
// while it is suspended, and go on where it is back or has a permission again.
// Of what happened meanwhile GitHub sent nothing: it is read.
func (a *App) installed(ctx context.Context, installation int64, action string) error {
	switch action {
	case "created", "deleted":
		return a.engine.Hasten(ctx, a.lackingDuty())
	case "suspend":
		return a.engine.Hinder(ctx, installation, pipeline.Refusal{
			Code: pipeline.CodeSuspended, Reason: "The installation of the Gatehouse App was suspended on GitHub.",
			Fix: "An owner of the account unsuspends it under Settings → GitHub Apps → Gatehouse. It goes on by itself then.",
		})
	case "unsuspend", "new_permissions_accepted", "added": // a repository
		a.github.Lifted(installation)
		for _, duty := range []string{a.lost.reconciling(), a.lackingDuty()} {
			if err := a.engine.Hasten(ctx, duty); err != nil {
				return err
			}
		}
		return a.engine.Lifted(ctx, installation)
	}
	return nil
}

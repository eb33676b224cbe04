package stage

import (
	"context"
	"strconv"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/templates"
)

// showIncident opens the issue of a rollback, and keeps what it says true. People
// tick the boxes of its list: once the rollback is over, it is theirs.
func showIncident(ctx context.Context, repo Issues, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	if view.Restore == nil {
		return engine.Shown{Hash: unshown}, nil
	}
	issue := github.Issue(templates.Incident(view, job.State.Run.Spec.Incident))
	shown := engine.Shown{Remote: job.Remote, Hash: hashOf(issue)}
	if job.Hash == shown.Hash && job.Remote != "" {
		return shown, nil
	}
	number, err := strconv.Atoi(job.Remote)
	if err != nil && job.Tries > 0 { // never made, as far as is known
		found, ok, err := repo.FindIssue(ctx, job.State.Run.CreatedAt, templates.IncidentMarker(string(job.State.Run.ID)))
		if err != nil {
			return engine.Shown{}, err
		}
		if ok {
			number = found
		}
	}
	if number != 0 {
		shown.Remote = strconv.Itoa(number)
		return shown, repo.EditIssue(ctx, number, issue)
	}
	number, err = repo.OpenIssue(ctx, issue)
	if err != nil {
		return engine.Shown{}, err
	}
	shown.Remote = strconv.Itoa(number)
	return shown, nil
}

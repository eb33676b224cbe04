package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// apiOffline takes a rollback by the operator's token while GitHub is away. The
// token is verified already, and is all the authority that there is; whose
// configuration counts is found in the store.
func (p *pages) apiOffline(ctx context.Context, w http.ResponseWriter, r *http.Request, form commandForm) {
	if !p.viewer.operator || !p.viewer.bearer {
		writeJSON(w, http.StatusForbidden, refused(pipeline.Refusal{
			Code: "needs-operator", Reason: "Without GitHub nobody can tell who may roll back, so this takes the operator's token.",
			Fix: "Use GATEHOUSE_OPERATOR_TOKEN; with a key of your own ask without offline_github.",
		}))
		return
	}
	c, why := offlineCommand(form)
	if why != nil {
		writeJSON(w, http.StatusUnprocessableEntity, refused(*why))
		return
	}
	run, err := p.lastOf(ctx, form.Repository, c.Target)
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	if run == nil {
		writeJSON(w, http.StatusUnprocessableEntity, refused(pipeline.Refusal{
			Code: "no-run", Reason: "No run of " + form.Repository + " went to " + c.Target + ", so it is not known here which project that is.",
			Fix: "Look at the name of the environment, and at the repository: OWNER/NAME.",
		}))
		return
	}
	id, err := engine.NewCommandID(run.Repo.Installation)
	if err == nil {
		where := pipeline.Origin{Surface: pipeline.SurfaceCommand, Command: id}
		err = p.store(ctx, id, run.Repo, c.Verb, engine.Signal{Fact: pipeline.CommandGiven{Command: c, By: pipeline.Operator(), Where: where, Offline: run.ID}})
	}
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	p.accepted(w, engine.Given{ID: id, Command: c, By: pipeline.Operator(), Repo: run.Repo, At: p.Clock()})
}

// offlineCommand is the one command that the operator's token may give.
func offlineCommand(form commandForm) (pipeline.Command, *pipeline.Refusal) {
	c, found := pipeline.ParseComment(form.Command)
	switch {
	case found && c.Wrong != nil:
		return c, c.Wrong
	case !found || c.Verb != pipeline.VerbRollback:
		return c, needsPerson()
	}
	return c, nil
}

// lastOf is the newest run of a repository that went to an environment, or nil.
func (p *pages) lastOf(ctx context.Context, repo, environment string) (last *pipeline.Run, err error) {
	installations, err := p.Reader.Installations(ctx)
	if err != nil {
		return nil, err
	}
	for _, inst := range installations {
		lanes, err := p.Reader.Lanes(ctx, inst)
		if err != nil {
			return nil, err
		}
		for _, lane := range lanes {
			past, err := p.Reader.History(ctx, inst, lane.ID, 0, pastShown)
			if err != nil {
				return nil, err
			}
			for _, was := range past {
				fits := strings.EqualFold(was.Run.Repo.FullName(), repo) && was.Run.Environment == environment
				if fits && (last == nil || was.Run.CreatedAt.After(last.CreatedAt)) {
					last = was.Run
				}
			}
		}
	}
	return last, nil
}

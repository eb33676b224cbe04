package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
	"github.com/gatehouse-app/gatehouse/templates"
)

// The buttons of the page on which a lane is taken back.
const (
	verbPlan = "plan" // what would move
	verbBack = string(pipeline.VerbRollback)
)

// backing is a lane that somebody may want to take back.
type backing struct {
	lane *pipeline.Lane
	run  *pipeline.Run // whose configuration says who commands the environment
	page templates.BackPage
}

// back is the page on which a lane is taken back: the plan, then the form. It
// answers nothing itself: a command goes the way of every comment, and the page
// shows what came of it.
func (p *pages) back(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	b, err := p.readBack(ctx, r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.planned(ctx, b, r.FormValue("plan"))
	if run := p.wentBack(ctx, b, r.FormValue("asked")); run != "" {
		http.Redirect(w, r, "/runs/"+string(run), http.StatusSeeOther)
		return
	}
	p.showBack(w, r, http.StatusOK, b)
}

// askBack takes either button: the plan of a release, or the rollback itself.
func (p *pages) askBack(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	b, err := p.readBack(ctx, r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	b.page.Typed = templates.BackTyped{
		To: oneLine(r.PostFormValue("to")), Phrase: oneLine(r.PostFormValue("phrase")), Reason: oneLine(r.PostFormValue("reason")),
		BreakGlass: r.PostFormValue("break_glass") != "",
	}
	plan := r.PostFormValue("plan")
	c := b.command(r.PostFormValue("verb") == verbPlan)
	if status, why := p.mayGoBack(b, r.PostFormValue("verb"), r.PostFormValue("live"), c); why != nil {
		b.page.Refused = why
		p.planned(ctx, b, plan)
		p.showBack(w, r, status, b)
		return
	}
	id, err := p.handOver(ctx, b.run.Repo, "", c, pipeline.SurfacePage)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	query := url.Values{"plan": {id}}
	if !c.Plan {
		query = url.Values{"plan": {plan}, "asked": {id}}
	}
	http.Redirect(w, r, b.page.Action+"?"+query.Encode(), http.StatusSeeOther)
}

// command is what was typed, as a comment would have it.
func (b *backing) command(plan bool) pipeline.Command {
	t := b.page.Typed
	c := pipeline.Command{Verb: pipeline.VerbRollback, Target: b.run.Environment, Ref: t.To, Plan: plan}
	if !plan {
		c.Phrase, c.Reason, c.BreakGlass = t.Phrase, t.Reason, t.BreakGlass
	}
	return c
}

// mayGoBack refuses what nobody can mean. What is live may have changed since the
// plan: then it is looked at again first.
func (p *pages) mayGoBack(b *backing, verb, live string, c pipeline.Command) (status int, why *pipeline.Refusal) {
	incomplete := rollback.Request{Environment: c.Target, To: c.Ref, Phrase: c.Phrase, Reason: c.Reason}.Check()
	status = http.StatusUnprocessableEntity
	switch {
	case b.page.NotHim != nil:
		return http.StatusForbidden, b.page.NotHim
	case verb != verbPlan && verb != verbBack:
		why = &pipeline.Refusal{Code: "unknown-command", Reason: "There is no such button."}
	case !c.Plan && live != b.page.Leaves:
		why = &pipeline.Refusal{
			Code: "live-changed", Reason: "What is live changed while you looked at the plan; nothing was done.", Fix: "Look at what would move now, then decide.",
		}
	case !c.Plan && incomplete != nil:
		why = rollback.Elsewhere(*incomplete, "Fill in what is missing below, and press the button again.")
	case !p.limits.allow(p.viewer.Person.ID, p.Clock()):
		return http.StatusTooManyRequests, tooMany()
	}
	return status, why
}

// backAgain answers a form whose session has ended: what was typed is not lost.
func (p *pages) backAgain(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, login.ErrSignedOut) || r.PostFormValue("verb") != verbBack {
		p.turnAway(w, r, err)
		return
	}
	again := templates.Again{Start: startAddress("/signed-in"), Action: r.URL.Path, Verb: pipeline.VerbRollback, Reason: clip(r.PostFormValue("reason"))}
	for _, name := range []string{"to", "plan", "live", "phrase", "break_glass"} {
		again.Fields = append(again.Fields, templates.Field{Name: name, Value: clip(r.PostFormValue(name))})
	}
	p.signInAgain(w, r, again)
}

func (p *pages) showBack(w http.ResponseWriter, r *http.Request, status int, b *backing) {
	body, err := p.words.Back(b.page)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser may be gone
}

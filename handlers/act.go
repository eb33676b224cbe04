package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// Commands takes what people command here, and knows what came of it.
type Commands interface {
	Receive(ctx context.Context, d engine.Delivery) (engine.Result, error)
	Given(ctx context.Context, app int64, id string) (engine.Given, error)
}

var _ Commands = (*engine.Engine)(nil)

// onPage are the commands that a run's page has a button for.
func onPage(v pipeline.Verb) bool {
	return slices.Contains([]pipeline.Verb{
		pipeline.VerbApprove, pipeline.VerbReject, pipeline.VerbWithdraw, pipeline.VerbRetry, pipeline.VerbCancel,
	}, v)
}

// act is a button on the page of a run. It only hands the command over: who may
// do what is the machine's to judge, and the page shows its answer.
func (p *pages) act(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	state, err := p.findRun(ctx, r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	c := pipeline.Command{Verb: pipeline.Verb(r.PostFormValue("verb")), Reason: oneLine(r.PostFormValue("reason"))}
	if why := p.mayHandOver(state.Run, c, r.PostFormValue("release")); why != nil {
		p.showRun(w, r, state, http.StatusUnprocessableEntity, &templates.CommandAnswer{Verb: c.Verb, Refused: why}, c.Reason)
		return
	}
	c.Shown = state.Run.Bound().Digest()
	id, err := p.handOver(ctx, state.Run.Repo, state.Run.ID, c, pipeline.SurfacePage)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/runs/"+string(state.Run.ID)+"?"+url.Values{"asked": {id}}.Encode(), http.StatusSeeOther)
}

// mayHandOver refuses what nobody can mean. What the person looked at is what he
// decides about: if the release is another by now, he looks again first.
func (p *pages) mayHandOver(run *pipeline.Run, c pipeline.Command, release string) *pipeline.Refusal {
	switch {
	case p.viewer.Person.ID == 0:
		return needsPerson()
	case !onPage(c.Verb):
		return &pipeline.Refusal{Code: "unknown-command", Reason: "There is no such button."}
	case c.Verb == pipeline.VerbReject && c.Reason == "":
		return &pipeline.Refusal{Code: "reason-required", Reason: "A rejection needs a reason: others must know what to mend.", Fix: "Write it into the field above the button."}
	case release != run.Bound().Digest():
		return &pipeline.Refusal{
			Code: "release-changed", Reason: "The release changed while you looked at it; nothing was done.",
			Fix: "Look at what it ships now, then decide.",
		}
	case !p.limits.allow(p.viewer.Person.ID, p.Clock()):
		return tooMany()
	}
	return nil
}

func needsPerson() *pipeline.Refusal {
	return &pipeline.Refusal{
		Code: "needs-person", Reason: "The operator's token is nobody: decisions about releases are people's, and are checked by their GitHub account.",
		Fix: "Sign in and make a key on the page /account; use it as GATEHOUSE_TOKEN.",
	}
}

func tooMany() *pipeline.Refusal {
	return &pipeline.Refusal{Code: "too-many", Reason: "That were many commands in a short time; this one was not taken.", Fix: "Wait a minute."}
}

// handOver stores a command as the delivery that it is. From there it goes the
// way of every comment.
func (p *pages) handOver(ctx context.Context, repo pipeline.Repo, run pipeline.RunID, c pipeline.Command, from pipeline.Surface) (string, error) {
	id, err := engine.NewCommandID(repo.Installation)
	if err != nil {
		return "", err
	}
	where := pipeline.Origin{Surface: from, Command: id}
	s := engine.Signal{Fact: pipeline.CommandGiven{Command: c, By: p.viewer.Person, Where: where}}
	if run != "" {
		s = engine.Signal{Run: run, Fact: pipeline.Commanded{Command: c, By: p.viewer.Person, Where: where}}
	}
	return id, p.store(ctx, id, repo, c.Verb, s)
}

// store keeps a command as a delivery; from then on it is not lost.
func (p *pages) store(ctx context.Context, id string, repo pipeline.Repo, verb pipeline.Verb, s engine.Signal) error {
	_, err := p.Commands.Receive(ctx, engine.Delivery{
		AppID: p.AppID, GUID: id, Event: engine.EventCommand, Action: string(verb), Repo: repo, ReceivedAt: p.Clock(), Signals: []engine.Signal{s},
	})
	return err
}

// formAgain answers a form whose session has ended: everything typed is there,
// and can be sent again after signing in.
func (p *pages) formAgain(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, login.ErrSignedOut) {
		p.fail(w, r, err)
		return
	}
	verb := pipeline.Verb(r.PostFormValue("verb"))
	if !onPage(verb) || !runID.MatchString(r.PathValue("id")) {
		p.turnAway(w, r, err)
		return
	}
	p.signInAgain(w, r, templates.Again{
		Start: startAddress("/signed-in"), Action: "/runs/" + r.PathValue("id"), Verb: verb, Reason: clip(r.PostFormValue("reason")),
		Fields: []templates.Field{{Name: "release", Value: clip(r.PostFormValue("release"))}},
	})
}

func (p *pages) signInAgain(w http.ResponseWriter, r *http.Request, again templates.Again) {
	body, err := p.words.SignInAgain(again, p.Clock())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write(body) // the browser may be gone
}

// signedIn is where a sign-in ends that began beside a form.
func (p *pages) signedIn(w http.ResponseWriter, _ *http.Request) {
	p.message(w, http.StatusOK, templates.Message{
		Title: "You are signed in", Lines: []string{"Close this window and go back to the page that you came from; send the form there."},
		Links: []templates.Link{{Text: "Or go to all lanes", URL: "/"}},
	})
}

// answerTo is what became of the command that the page's address names, if it is
// the viewer's own.
func (p *pages) answerTo(ctx context.Context, run pipeline.RunID, id string) *templates.CommandAnswer {
	if id == "" || p.Commands == nil {
		return nil
	}
	g, err := p.Commands.Given(ctx, p.AppID, id)
	if err != nil || g.Run != run || g.By.ID != p.viewer.Person.ID {
		return nil
	}
	a := &templates.CommandAnswer{Verb: g.Command.Verb, At: g.At, Pending: g.Answer == nil}
	if g.Answer != nil {
		a.OK, a.Refused, a.Text = g.Answer.OK, g.Answer.Refused, g.Answer.Text
	}
	return a
}

// oneLine is what people typed into a field, as a comment's command would have it.
func oneLine(s string) string { return clip(strings.Join(strings.Fields(s), " ")) }

// commandForm is a command in the API.
type commandForm struct {
	Run        pipeline.RunID `json:"run,omitempty"`        // for one run
	Repository string         `json:"repository,omitempty"` // owner/name, where no run is named
	Command    string         `json:"command"`              // the line as in a comment: "/approve", "/deploy production main"
	// OfflineGitHub has a rollback go on by the operator's token alone.
	OfflineGitHub bool `json:"offline_github,omitempty"`
}

// commandJSON is a command and what came of it.
type commandJSON struct {
	ID      string            `json:"id"`
	Status  string            `json:"status"` // waiting, done, refused
	Verb    pipeline.Verb     `json:"command"`
	By      string            `json:"by"`
	At      time.Time         `json:"at"`
	Run     pipeline.RunID    `json:"run,omitempty"`
	Refused *pipeline.Refusal `json:"refused,omitempty"`
	Text    string            `json:"text,omitempty"`
	URL     string            `json:"url"` // where to ask again
}

func commandOf(g engine.Given) commandJSON {
	c := commandJSON{ID: g.ID, Status: "waiting", Verb: g.Command.Verb, By: g.By.Login, At: g.At, Run: g.Run, URL: "/api/v1/commands/" + g.ID}
	if a := g.Answer; a != nil {
		c.Status, c.Refused, c.Text = "done", a.Refused, a.Text
		if a.Refused != nil {
			c.Status = "refused"
		}
	}
	return c
}

// apiCommand takes a command: 202 once it is stored.
func (p *pages) apiCommand(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	var form commandForm
	if err := json.NewDecoder(r.Body).Decode(&form); err != nil {
		writeJSON(w, http.StatusBadRequest, refused(pipeline.Refusal{
			Code: codeMalformed, Reason: "The body is no command.", Fix: `Send JSON such as {"run": "6925000000000004", "command": "/approve"}.`,
		}))
		return
	}
	if form.OfflineGitHub {
		p.apiOffline(ctx, w, r, form)
		return
	}
	if p.viewer.Person.ID == 0 {
		writeJSON(w, http.StatusForbidden, refused(*needsPerson()))
		return
	}
	repo, run, c, why, err := p.meant(ctx, form)
	switch {
	case err != nil:
		p.apiFail(w, r, err)
	case why != nil:
		writeJSON(w, http.StatusUnprocessableEntity, refused(*why))
	case !p.limits.allow(p.viewer.Person.ID, p.Clock()):
		w.Header().Set("Retry-After", "60")
		writeJSON(w, http.StatusTooManyRequests, refused(*tooMany()))
	default:
		p.take(ctx, w, r, repo, run, c)
	}
}

func (p *pages) take(ctx context.Context, w http.ResponseWriter, r *http.Request, repo pipeline.Repo, run pipeline.RunID, c pipeline.Command) {
	surface := pipeline.SurfacePage
	if p.viewer.bearer {
		surface = pipeline.SurfaceCommand
	}
	id, err := p.handOver(ctx, repo, run, c, surface)
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	p.accepted(w, engine.Given{ID: id, Command: c, By: p.viewer.Person, Repo: repo, Run: run, At: p.Clock()})
}

// accepted says where the answer of a stored command will be.
func (p *pages) accepted(w http.ResponseWriter, g engine.Given) {
	w.Header().Set("Location", "/api/v1/commands/"+g.ID)
	writeJSON(w, http.StatusAccepted, commandOf(g))
}

// meant finds what a command is about: a run that the person sees, or a repository.
func (p *pages) meant(ctx context.Context, form commandForm) (repo pipeline.Repo, run pipeline.RunID, c pipeline.Command, why *pipeline.Refusal, err error) {
	c, found := pipeline.ParseComment(form.Command)
	if !found {
		return repo, "", c, &pipeline.Refusal{Code: "unknown-command", Reason: "The command is none that is known.", Fix: "It begins with a slash, as in a comment: /approve."}, nil
	}
	if c.Wrong != nil {
		return repo, "", c, c.Wrong, nil
	}
	if form.Run != "" {
		state, err := p.findRun(ctx, string(form.Run))
		if err != nil {
			return repo, "", c, nil, err
		}
		return state.Run.Repo, state.Run.ID, c, nil, nil
	}
	owner, name, _ := strings.Cut(form.Repository, "/")
	repo, seen := p.viewer.sight.Find(owner, name)
	if !seen {
		return repo, "", c, nil, engine.ErrNotFound
	}
	return repo, "", c, nil, nil
}

// apiGiven tells who gave a command what came of it.
func (p *pages) apiGiven(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	g, err := p.Commands.Given(ctx, p.AppID, r.PathValue("id"))
	if err == nil && !p.viewer.operator && (g.By.ID != p.viewer.Person.ID || !p.viewer.sight.Sees(g.Repo.Installation, g.Repo.ID)) {
		err = engine.ErrNotFound
	}
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, commandOf(g))
}

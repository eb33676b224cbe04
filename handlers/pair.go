package handlers

import (
	"context"
	"errors"
	"net/http"

	"github.com/gatehouse-app/gatehouse/internal/pairing"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// Pairings knows who a person in Slack is on GitHub.
type Pairings interface {
	Invited(ctx context.Context, token string) (pairing.Account, error)
	Pair(ctx context.Context, token string, who pipeline.Person) (pairing.Pairing, error)
	Of(ctx context.Context, githubID int64) ([]pairing.Pairing, error)
	Remove(ctx context.Context, githubID int64) error
}

var _ Pairings = (*pairing.Book)(nil)

// askPair asks whether the Slack account of an invitation is the viewer's own.
// Nothing is paired by following a link.
func (p *pages) askPair(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	token := r.FormValue("token")
	account, err := p.Pairings.Invited(ctx, token)
	if err != nil {
		p.pairFailed(w, r, err)
		return
	}
	body, err := p.words.Pair(templates.PairPage{Token: token, Slack: account.Name, User: account.User, Team: account.Team}, p.Clock())
	p.send(w, r, body, err)
}

func (p *pages) pair(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	made, err := p.Pairings.Pair(ctx, r.PostFormValue("token"), p.viewer.Person)
	if err != nil {
		p.pairFailed(w, r, err)
		return
	}
	p.message(w, http.StatusOK, templates.Message{
		Title: "Paired", Lines: []string{"Buttons that @" + made.Account.Name + " presses in Slack are " + made.Person.Login + "'s from now on. Go back to Slack and press yours again."},
		Links: []templates.Link{{Text: "Your accounts", URL: "/account"}},
	})
}

func (p *pages) unpair(w http.ResponseWriter, r *http.Request) {
	if err := p.Pairings.Remove(r.Context(), p.viewer.Person.ID); err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

func (p *pages) pairFailed(w http.ResponseWriter, r *http.Request, err error) {
	var why *pipeline.Refusal
	if !errors.As(err, &why) {
		p.fail(w, r, err)
		return
	}
	p.message(w, http.StatusUnprocessableEntity, templates.Message{
		Title: "Not paired", Lines: []string{why.Reason, why.Fix}, Links: []templates.Link{{Text: "All lanes", URL: "/"}},
	})
}

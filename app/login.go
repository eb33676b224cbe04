package app

import (
	"context"
	"errors"
	"net/http"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// callbackPath is where GitHub sends people back to.
const callbackPath = "/api/github/auth"

// buildLogin lets people sign in, if the operator configured it.
func (a *App) buildLogin() error {
	if a.cfg.OAuthID == "" {
		return nil
	}
	oauth, err := github.NewSignIn(github.SignInConfig{
		ClientID: a.cfg.OAuthID, ClientSecret: a.cfg.OAuthSecret.Reveal(), WebURL: a.cfg.WebURL, Callback: a.cfg.PublicURL + callbackPath,
	}, github.Options{Clock: clock{}.Now, Transport: a.calls("github", nil)})
	if err != nil {
		return err
	}
	vault, err := a.cfg.vault()
	if err != nil {
		return err
	}
	a.login, err = login.New(login.Config{
		Store: a.store, OAuth: oauth, GitHub: persons{a.github}, Vault: vault, Clock: clock{}.Now, Logger: a.log,
	})
	return err
}

// vault seals with the operator's keys, or with one that is derived from the
// App's private key, which is as secret and is there anyway.
func (c Config) vault() (*login.Vault, error) {
	var keys [][]byte
	for _, k := range c.SealKeys {
		keys = append(keys, []byte(k.Reveal()))
	}
	if len(keys) == 0 {
		key, err := login.DeriveKey([]byte(c.PrivateKey.Reveal()), "people's tokens")
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return login.NewVault(keys...)
}

// as gives a handle with a person's own token; nil if he has not signed in.
func (a *App) as(ctx context.Context, person int64, where pipeline.Repo) (stage.Reviewer, error) {
	if a.login == nil {
		return nil, nil //nolint:nilnil // not signed in is an answer
	}
	token, err := a.login.Token(ctx, person)
	switch {
	case errors.Is(err, login.ErrSignedOut):
		return nil, nil //nolint:nilnil // not signed in is an answer
	case err != nil:
		return nil, &engine.Retry{Class: engine.RetryLater, Reason: "the person's token cannot be read or refreshed now", Err: err}
	}
	ref := github.RepoRef{Installation: where.Installation, ID: where.ID, Owner: where.Owner, Name: where.Name}
	return a.github.As(person, token).Repo(ref), nil
}

// persons asks GitHub with a person's own token.
type persons struct{ app *github.App }

// Self asks whose token it is.
func (p persons) Self(ctx context.Context, token string) (github.Person, error) {
	return p.app.As(0, token).Self(ctx)
}

// Repositories lists what the person can see.
func (p persons) Repositories(ctx context.Context, id int64, token string) ([]github.RepoRef, error) {
	return p.app.As(id, token).Repositories(ctx)
}

// revoked drops all that a person gave us, because he took it back on GitHub.
func (a *App) revoked(ctx context.Context, person int64) error {
	var err error
	if a.login != nil {
		err = a.login.Drop(ctx, person)
	}
	return errors.Join(err, a.pairings().Remove(ctx, person))
}

// forget has what was remembered of permissions read again.
func (a *App) forget(string, int64) {
	if a.login != nil {
		a.login.Forget()
	}
}

// signedPages serves the pages to whoever signs in, and the API to whoever
// brings a key or the operator's token.
func (a *App) signedPages() (http.Handler, error) {
	c := a.pagesConfig()
	c.Public, c.Login, c.PublicURL, c.Operator = true, a.login, a.cfg.PublicURL, a.cfg.Operator.Reveal()
	c.Commands, c.AppID, c.Standings, c.Pairings = a.engine, a.cfg.AppID, a.performers.Standing, a.pairings()
	return handlers.Pages(c)
}

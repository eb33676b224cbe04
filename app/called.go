package app

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"google.golang.org/api/idtoken"
	"google.golang.org/api/option"

	"github.com/gatehouse-app/gatehouse/internal/cloudtasks"
)

// called is what Google calls when there is something to do: the addresses
// below /internal/, which exist only if a queue is configured.
func (a *App) called(ctx context.Context) (http.Handler, error) {
	callers := cloudtasks.AppEngineCallers(a.tasks)
	if !a.cfg.Store.Tasks.AppEngine {
		var err error
		if callers, err = a.tokenCallers(ctx); err != nil {
			return nil, err
		}
	}
	return a.tasks.Handler(callers, a.engine.Advance, a.sweep), nil
}

func (a *App) tokenCallers(ctx context.Context) (cloudtasks.Callers, error) {
	transport, err := insteadOfGoogle(a.cfg.Google.URL)
	if err != nil {
		return cloudtasks.Callers{}, err
	}
	validator, err := idtoken.NewValidator(ctx, option.WithHTTPClient(&http.Client{Transport: transport, Timeout: requestTime}))
	if err != nil {
		return cloudtasks.Callers{}, err
	}
	return cloudtasks.TokenCallers(validator.Validate, a.cfg.Store.Tasks.Account, a.cfg.PublicURL)
}

// sweep is one turn of what a process that never sleeps does by itself.
func (a *App) sweep(ctx context.Context) error {
	turn := a.engine.Sweep
	if !a.swept.Swap(true) {
		turn = a.engine.Recover
	}
	_, err := turn(ctx)
	if err != nil {
		a.swept.Store(false)
	}
	a.lost.turn(ctx)
	a.lost.reconcile(ctx)
	a.learnBot(ctx)
	a.keeper.turn(ctx)
	return err
}

// insteadOfGoogle sends requests for Google's hosts to the stand-in of
// GATEHOUSE_GOOGLE_API_URL, with the host as the first part of the path.
func insteadOfGoogle(base string) (http.RoundTripper, error) {
	if base == "" {
		return http.DefaultTransport, nil
	}
	to, err := url.Parse(base)
	if err != nil {
		return nil, errors.New("GATEHOUSE_GOOGLE_API_URL is no address")
	}
	if to.Path == "" {
		to.Path = "/" // else what is joined to it would begin with no slash
	}
	return standIn{to}, nil
}

type standIn struct{ base *url.URL }

// RoundTrip sends a request to the stand-in.
func (s standIn) RoundTrip(r *http.Request) (*http.Response, error) {
	again := r.Clone(r.Context())
	again.URL = s.base.JoinPath(r.URL.Host, r.URL.Path)
	again.URL.RawQuery, again.Host = r.URL.RawQuery, ""
	return http.DefaultTransport.RoundTrip(again)
}

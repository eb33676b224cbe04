package cloudtasks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/idtoken"
)

// Callers proves who calls an internal address.
//
// On App Engine the proof is a header whose name begins with X-Appengine-:
// App Engine removes such headers from requests of the outside. Everywhere else
// anybody can set them, so that they count for nothing there, and the proof is
// a token that Google signed for this service (issuer, audience) and for the
// service account of the queue or of the scheduler.
type Callers struct {
	task, cron func(*http.Request) error
}

// AppEngineCallers trusts App Engine's headers. It must be used only where
// App Engine runs the process.
func AppEngineCallers(w *Waker) Callers {
	return Callers{
		task: header("X-Appengine-Queuename", w.queueID()),
		cron: header("X-Appengine-Cron", "true"),
	}
}

func header(name, want string) func(*http.Request) error {
	return func(r *http.Request) error {
		if got := r.Header.Get(name); got != want {
			return fmt.Errorf("the header %s is %q, not %q", name, got, want)
		}
		return nil
	}
}

// Validate proves a token's signature, time and audience; idtoken.Validator does.
type Validate func(ctx context.Context, token, audience string) (*idtoken.Payload, error)

// TokenCallers trusts tokens of one service account for one audience.
func TokenCallers(validate Validate, account, audience string) (Callers, error) {
	if account == "" || audience == "" {
		return Callers{}, errors.New("who may call is not set: name the service account and the address of this service")
	}
	check := func(r *http.Request) error {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || token == "" {
			return errors.New("there is no token")
		}
		payload, err := validate(r.Context(), token, audience)
		if err != nil {
			return fmt.Errorf("the token is not Google's or not for %s: %w", audience, err)
		}
		email, _ := payload.Claims["email"].(string)
		verified, _ := payload.Claims["email_verified"].(bool)
		switch {
		case payload.Issuer != "https://accounts.google.com" && payload.Issuer != "accounts.google.com":
			return fmt.Errorf("the token's issuer is %q", payload.Issuer)
		case email != account || !verified:
			return fmt.Errorf("the token is that of %q", email)
		}
		return nil
	}
	return Callers{task: check, cron: check}, nil
}

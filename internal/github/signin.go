package github

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// SignInConfig is the OAuth side of the App: its client id and secret, and
// where GitHub sends people back to.
type SignInConfig struct {
	ClientID     string
	ClientSecret string
	WebURL       string // WebURL is where people look; empty means github.com.
	Callback     string // Callback is one of the App's callback URLs, exactly.
}

// Tokens are what GitHub gives for a person who signed in. A time is zero where
// GitHub sets none.
type Tokens struct {
	Access         string
	Refresh        string
	Expires        time.Time
	RefreshExpires time.Time
}

// SignIn lets people sign in with GitHub: the web flow, with PKCE. It needs no
// scopes: a token may do what both the App and the person may.
type SignIn struct {
	conf   oauth2.Config
	client *http.Client
	clock  func() time.Time
}

// NewSignIn checks the configuration. It calls nobody.
func NewSignIn(cfg SignInConfig, opts Options) (*SignIn, error) {
	web := strings.TrimSuffix(cfg.WebURL, "/")
	if web == "" {
		web = defaultWebURL
	}
	switch {
	case cfg.ClientID == "" || cfg.ClientSecret == "":
		return nil, invalid("sign in", "the client id or the client secret is missing; both are on the App's settings page")
	case opts.Clock == nil:
		return nil, invalid("sign in", "no clock was given")
	}
	return &SignIn{
		conf: oauth2.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, RedirectURL: cfg.Callback,
			Endpoint: oauth2.Endpoint{
				AuthURL: web + "/login/oauth/authorize", TokenURL: web + "/login/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams,
			},
		},
		client: &http.Client{
			Transport: asJSON{transportOf(opts)}, Timeout: requestTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the secret goes nowhere else
		},
		clock: opts.Clock,
	}, nil
}

// URL is where a person agrees. The state must come back with the code, and only
// who has the verifier can use the code.
func (s *SignIn) URL(state, verifier string) string {
	return s.conf.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

// Exchange makes tokens of a code, once.
func (s *SignIn) Exchange(ctx context.Context, code, verifier string) (Tokens, error) {
	t, err := s.conf.Exchange(s.with(ctx), code, oauth2.VerifierOption(verifier))
	return s.tokens(ctx, "exchange the code of a sign-in", t, err)
}

// Refresh makes new tokens. The old ones are dead afterwards, so it must not be
// called twice at once for a person; after Ambiguous they may be dead.
func (s *SignIn) Refresh(ctx context.Context, refresh string) (Tokens, error) {
	t, err := s.conf.TokenSource(s.with(ctx), &oauth2.Token{RefreshToken: refresh}).Token()
	return s.tokens(ctx, "refresh a person's token", t, err)
}

func (s *SignIn) with(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, s.client)
}

func (s *SignIn) tokens(ctx context.Context, op string, t *oauth2.Token, err error) (Tokens, error) {
	if err != nil {
		return Tokens{}, signInFailure(ctx, op, err)
	}
	now := s.clock()
	after := func(name string) time.Time {
		if d := secondsOf(t.Extra(name)); d > 0 {
			return now.Add(d)
		}
		return time.Time{}
	}
	return Tokens{
		Access: t.AccessToken, Refresh: t.RefreshToken, Expires: after("expires_in"), RefreshExpires: after("refresh_token_expires_in"),
	}, nil
}

// signInFailure keeps GitHub's word for what is wrong and nothing else: the body
// of an answer, and the library's errors with it, may hold tokens.
func signInFailure(ctx context.Context, op string, err error) *Error {
	e := &Error{Class: Ambiguous, Op: op, person: true, Message: "GitHub gave no answer that can be read"}
	var said *oauth2.RetrieveError
	switch {
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case errors.As(err, &said):
		e.Status, e.Message = said.Response.StatusCode, redact(said.ErrorCode, "")
		e.Class = signInClass(said)
	}
	return e
}

func signInClass(said *oauth2.RetrieveError) Class {
	switch said.ErrorCode {
	case "bad_verification_code", "bad_refresh_token", "invalid_grant", "redirect_uri_mismatch", "unverified_user_email":
		return Invalid
	case "incorrect_client_credentials", "application_suspended":
		return Unauthorized
	}
	switch status := said.Response.StatusCode; {
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return Ambiguous
	case status >= http.StatusBadRequest:
		return Invalid
	}
	return Unexpected
}

func secondsOf(v any) time.Duration {
	switch n := v.(type) {
	case float64:
		return time.Duration(n) * time.Second
	case int64:
		return time.Duration(n) * time.Second
	case string:
		if whole, err := strconv.Atoi(n); err == nil {
			return time.Duration(whole) * time.Second
		}
	}
	return 0
}

// asJSON asks for JSON, where GitHub would answer with a form.
type asJSON struct{ base http.RoundTripper }

// RoundTrip sends a copy: a request belongs to its caller.
func (a asJSON) RoundTrip(req *http.Request) (*http.Response, error) {
	c := req.Clone(req.Context())
	c.Header.Set("Accept", "application/json")
	return a.base.RoundTrip(c)
}

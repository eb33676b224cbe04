package firebase

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/iamcredentials/v1"
)

// transport signs requests and remembers, for the call that a request belongs to, how far it came.
type transport struct {
	base http.RoundTripper
	// tokens gives who signs; nil signs nothing.
	tokens func(context.Context) (oauth2.TokenSource, error)
}

// RoundTrip sends once.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	c := callOf(ctx)
	req = req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: c.wrote}))
	req.Header.Set("User-Agent", "Gatehouse (https://github.com/gatehouse-app/gatehouse)")
	if t.tokens != nil {
		token, err := t.token(ctx)
		if err != nil {
			return nil, &tokenError{err}
		}
		c.carries(token.AccessToken)
		token.SetAuthHeader(req)
	}
	return t.base.RoundTrip(req)
}

func (t *transport) token(ctx context.Context) (*oauth2.Token, error) {
	source, err := t.tokens(ctx)
	if err != nil {
		return nil, err
	}
	return source.Token()
}

// tokenError is a request that was never sent because nobody may sign it.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }

func (e *tokenError) Unwrap() error { return e.err }

// call is one request on its way.
type call struct {
	mu     sync.Mutex // net/http may still report after a time limit.
	sent   bool
	secret string
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

func (c *call) wrote() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = true
}

func (c *call) carries(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret = secret
}

func (c *call) seen() (sent bool, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.secret
}

// lender asks for short-lived tokens of an account that the process may act as.
type lender struct {
	svc     *iamcredentials.Service
	account string
}

// Token asks for one token. oauth2 gives no context; the HTTP client's time limit bounds it.
func (l *lender) Token() (*oauth2.Token, error) {
	got, err := l.svc.Projects.ServiceAccounts.GenerateAccessToken("projects/-/serviceAccounts/"+l.account,
		&iamcredentials.GenerateAccessTokenRequest{Scope: []string{scope}, Lifetime: "3600s"}).Do()
	if err != nil {
		return nil, err
	}
	until, err := time.Parse(time.RFC3339, got.ExpireTime)
	if err != nil {
		return nil, errors.New("the borrowed token has no time of expiry")
	}
	return &oauth2.Token{AccessToken: got.AccessToken, Expiry: until}, nil
}

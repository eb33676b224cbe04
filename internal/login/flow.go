package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
)

// flow is a sign-in on its way. It travels sealed in a cookie, so that only the
// browser that began it can end it, and nothing is stored for those who never do.
type flow struct {
	State    string    `json:"s"`
	Verifier string    `json:"v"`
	To       string    `json:"t"`
	Until    time.Time `json:"u"`
}

const flowPlace = "a sign-in"

// maxTo bounds the page to come back to: it is kept in a cookie.
const maxTo = 600

// Begin starts a sign-in: where to send the browser, and the cookie to give it.
func (l *Login) Begin(to string) (address, cookie string, err error) {
	f := flow{State: secret(), Verifier: oauth2.GenerateVerifier(), To: Within(to), Until: l.now().Add(flowLives)}
	b, err := json.Marshal(f)
	if err != nil {
		return "", "", err
	}
	cookie, err = l.Vault.Seal(flowPlace, b)
	return l.OAuth.URL(f.State, f.Verifier), cookie, err
}

// Finish ends a sign-in with what GitHub sent back. It gives the secret of the
// new session, and the page on which the sign-in began.
func (l *Login) Finish(ctx context.Context, cookie, state, code string) (session, to string, err error) {
	f, err := l.flow(cookie, state)
	if err != nil {
		return "", "/", err
	}
	if code == "" {
		return "", f.To, fmt.Errorf("%w: GitHub sent no code", ErrFlow)
	}
	tokens, err := l.OAuth.Exchange(ctx, code, f.Verifier)
	if err != nil {
		return "", f.To, flowError(err)
	}
	who, err := l.GitHub.Self(ctx, tokens.Access)
	if err != nil {
		return "", f.To, flowError(err)
	}
	if who.ID <= 0 || who.Login == "" || who.Type == "Bot" {
		return "", f.To, fmt.Errorf("%w: GitHub does not say who that is", ErrFlow)
	}
	session, err = l.admit(ctx, who, tokens)
	return session, f.To, err
}

func (l *Login) flow(cookie, state string) (flow, error) {
	var f flow
	b, err := l.Vault.Open(flowPlace, cookie)
	if err != nil || json.Unmarshal(b, &f) != nil {
		return f, fmt.Errorf("%w: this browser began none", ErrFlow)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1:
		return f, fmt.Errorf("%w: the answer belongs to another sign-in", ErrFlow)
	case !l.now().Before(f.Until):
		return f, fmt.Errorf("%w: it was begun too long ago", ErrFlow)
	}
	return f, nil
}

// flowError tells a refused code from a GitHub that is out of reach.
func flowError(err error) error {
	switch github.ClassOf(err) {
	case github.Invalid, github.NotFound, github.Forbidden:
		return fmt.Errorf("%w: %w", ErrFlow, err)
	case github.RateLimited, github.Unavailable, github.Ambiguous, github.Unauthorized, github.Suspended, github.Uninstalled,
		github.Conflict, github.Canceled, github.Unexpected:
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// admit keeps a person's tokens and opens a session. What he could see before is
// forgotten: he may have come to be given more.
func (l *Login) admit(ctx context.Context, who github.Person, t github.Tokens) (string, error) {
	err := l.change(ctx, who.ID, func(p *person, item *engine.Item) (bool, error) {
		p.Login, p.Name, p.At = who.Login, who.Name, l.now()
		return true, l.seal(p, item, t)
	})
	if err != nil {
		return "", err
	}
	l.forget(who.ID)
	value, err := l.let(ctx, session{User: who.ID, Login: who.Login, Name: who.Name, Until: l.now().Add(SessionLives)})
	if err == nil {
		l.Logger.InfoContext(ctx, "a person signed in", logLogin, who.Login)
	}
	return value, err
}

const logLogin = "login"

// secret is a value that nobody guesses.
func secret() string {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		panic(err) // the operating system has no randomness: nothing can go on
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Within gives a page of ours to come back to: never an address elsewhere.
func Within(to string) string {
	u, err := url.Parse(to)
	if err != nil || len(to) > maxTo || u.Scheme != "" || u.Host != "" || u.User != nil ||
		!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\x00\r\n\t") {
		return "/"
	}
	return to
}

package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
)

const requestTimeout = 15 * time.Second // GitHub itself gives up after 10 seconds.

// effect says what a repetition of a call would do.
type effect int

const (
	reads effect = iota // A repetition is harmless because nothing is written.
	again               // A repetition is harmless because it writes the same again.
	once                // A repetition would do it twice.
)

// operation is one kind of call.
type operation struct {
	name    string // name is in words and is also the route class of metrics.
	effect  effect
	content bool   // content marks what GitHub counts as created content, which it limits most.
	needs   string // needs is the permission to name when GitHub names none.
	repo    int64  // repo is the id of the repository that the call is about; zero: none, or not known.
}

// call is one request on its way, and what the transport learned about it.
type call struct {
	operation
	installation int64 // whose limits count; below zero: minus a person's id
	priority     Priority
	person       bool // a person's token is used

	mu      sync.Mutex // It guards what follows, because net/http may still report after a time limit.
	sent    bool       // sent says that the request itself, not the one for its token, may have reached GitHub.
	token   bool       // token says that GitHub refused to give a token.
	secret  string     // secret is the token that was sent.
	answer  answer
	limited bool
	retryAt time.Time
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// failure turns whatever went wrong into an *Error. The parent is the caller's context, without our time limit.
func (c *call) failure(parent context.Context, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &Error{
		person: c.person, Op: c.name, Status: c.answer.status, RequestID: c.answer.requestID,
		Message: redact(c.answer.message, c.secret), Err: cause(err, c.secret),
	}
	if e.Message == "" && c.answer.status == 0 {
		e.Message = redact(plain(err), c.secret)
	}
	var no *refusal
	switch {
	case errors.As(err, &no):
		e.Class, e.RetryAt, e.Message, e.Status, e.Err = no.class, no.retryAt, redact(no.why, c.secret), 0, nil
	case c.limited:
		e.Class, e.RetryAt = RateLimited, c.retryAt
	case parent.Err() != nil:
		e.Class, e.Err = c.canceled(), parent.Err()
	case c.token || c.tokenless(err):
		e.Class = tokenClass(c.answer)
	default:
		e.Class = c.class(err)
	}
	if e.Class == Forbidden && !c.token {
		e.Permission, e.Lacking = c.permission(), strings.Contains(c.answer.message, "not accessible by integration")
	}
	return e
}

// refusedToken says that GitHub gave no token.
func (c *call) refusedToken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// canceled keeps the doubt: a write that was on its way may have happened.
func (c *call) canceled() Class {
	if c.effect == once && c.sent && c.answer.status == 0 {
		return Ambiguous
	}
	return Canceled
}

// tokenless says that no token came, so that the request itself was never sent.
func (c *call) tokenless(err error) bool {
	var refused *ghinstallation.HTTPError
	return !c.sent && errors.As(err, &refused)
}

func tokenClass(a answer) Class {
	switch {
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		return Uninstalled
	case a.suspended():
		return Suspended
	case a.status == http.StatusForbidden:
		return Forbidden
	case a.status == http.StatusUnauthorized:
		return Unauthorized
	case a.status == 0 || a.status >= http.StatusInternalServerError:
		return Unavailable
	}
	return Unexpected
}

// class judges a request that was sent, or could not be.
func (c *call) class(err error) Class {
	status := c.answer.status
	switch {
	case status == 0 && !c.sent:
		return Unavailable
	case status == 0, status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		return c.doubt(Unavailable)
	case status < http.StatusMultipleChoices:
		return c.unread(err)
	case status == http.StatusUnauthorized:
		return Unauthorized
	case c.answer.suspended():
		return Suspended
	case status == http.StatusForbidden, status == http.StatusUnavailableForLegalReasons:
		return Forbidden
	case status == http.StatusNotFound, status == http.StatusGone, status < http.StatusBadRequest:
		return NotFound
	case status == http.StatusConflict:
		return Conflict
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return Invalid
	}
	return Unexpected
}

// unread judges a good answer that could not be understood, or not be read to its end.
func (c *call) unread(err error) Class {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var accepted *gh.AcceptedError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.As(err, &accepted) {
		return c.doubt(Unexpected)
	}
	return c.doubt(Unavailable)
}

func (c *call) doubt(otherwise Class) Class {
	if c.effect == once {
		return Ambiguous
	}
	return otherwise
}

// permission prefers what GitHub says over what the operation is known to need.
func (c *call) permission() string {
	if c.answer.accepted == "" {
		return c.needs
	}
	return strings.NewReplacer("; ", " or ", ";", " or ", ", ", " and ", ",", " and ", "=", ": ").Replace(c.answer.accepted)
}

// plain drops the address from the errors of net/http, because the operation's name already says it.
func plain(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// Operation says in few different words what a request to GitHub does, for traces.
func Operation(r *http.Request) string {
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return "fetch a token"
	}
	if c := callOf(r.Context()); c != nil {
		return c.name
	}
	return "request"
}

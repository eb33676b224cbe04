package slack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// post is the one method whose repetition shows, so that only there "we do not know" matters.
const post = "chat.postMessage"

// explain turns what an operation met into an *Error that says what to do. The channel may be an id or a name.
func (c *Client) explain(op, channel string, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var f *failure
	if !errors.As(err, &f) {
		// The call was answered with ok:true, and the library could not read the rest.
		f = &failure{status: http.StatusOK, code: "unreadable_answer", sent: true}
	}
	e := &Error{Op: op, Code: f.code, RetryAt: f.retryAt}
	switch {
	case !f.retryAt.IsZero():
		e.Class, e.Message = RateLimited, "Slack limits this method; try again at "+f.retryAt.UTC().Format(time.RFC3339)
	case f.cause != nil:
		c.explainBroken(e, f)
	case f.code == "" || answer.Of(f.status) == answer.Later || f.status == http.StatusOK && f.code == "unreadable_answer" || f.code == "answer_too_large":
		explainStatus(e, f)
	default:
		e.Class = classOf(f.code)
		e.Message = c.advice(e.Class, f, channel)
		if e.Class == Unavailable && op == post && f.code != "service_unavailable" {
			e.Class, e.Message = Ambiguous, "Slack failed half way and the message may be there; look for it before posting again"
		}
	}
	e.Message = c.redact.text(e.Message)
	e.Code = c.redact.text(e.Code)
	return e
}

// explainBroken covers calls without a whole answer.
func (c *Client) explainBroken(e *Error, f *failure) {
	e.cause = gaveUp(f.cause)
	var timeout net.Error
	e.Code = "connection_failed"
	switch {
	case e.cause == context.Canceled: //nolint:errorlint // gaveUp returns the bare sentinel.
		e.Code = "canceled"
	case e.cause != nil, errors.As(f.cause, &timeout) && timeout.Timeout():
		e.Code = "timeout"
	}
	switch {
	case e.Op == post && f.sent:
		e.Class, e.Message = Ambiguous, "the connection ended after the message was sent, and it may be there; look for it before posting again"
	case e.Code == "canceled":
		e.Class, e.Message = Canceled, "the call was given up because the process is stopping; it is repeated at the next start"
	default:
		e.Class, e.Message = Unavailable, "Slack could not be reached; it is tried again later. If this lasts, check the network and SLACK_API_URL: "+f.cause.Error()
	}
}

// explainStatus covers answers that are not Slack's JSON.
func explainStatus(e *Error, f *failure) {
	if e.Code == "" {
		e.Code = fmt.Sprintf("http_%d", f.status)
	}
	switch {
	case e.Op == post && (answer.Of(f.status) == answer.Later || f.status == http.StatusOK):
		e.Class, e.Message = Ambiguous, fmt.Sprintf("HTTP %d says nothing about the message, which may be there; look for it before posting again", f.status)
	case answer.Of(f.status) == answer.Later:
		e.Class, e.Message = Unavailable, fmt.Sprintf("Slack answered HTTP %d; it is tried again later. See https://slack-status.com", f.status)
	default:
		e.Class, e.Message = Unexpected, fmt.Sprintf("HTTP %d without Slack's JSON; check that SLACK_API_URL is Slack's API and no proxy answers in its place", f.status)
	}
}

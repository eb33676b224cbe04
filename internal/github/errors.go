package github

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Class says what a caller may do about an error. The set is closed.
type Class string

// The classes of an error.
const (
	RateLimited  Class = "rate_limited" // Nothing was done; try again at Error.RetryAt.
	Unavailable  Class = "unavailable"  // Nothing was done, or doing it again is harmless; try again.
	Ambiguous    Class = "ambiguous"    // The write may or may not have happened; look before trying again.
	NotFound     Class = "not_found"    // It does not exist, or the App may not see it.
	Forbidden    Class = "forbidden"    // The App lacks a permission; Error.Permission names it where GitHub does.
	Unauthorized Class = "unauthorized" // GitHub does not accept the App's key, or the clock is wrong.
	Suspended    Class = "suspended"    // The installation is suspended.
	Uninstalled  Class = "uninstalled"  // The installation does not exist any more.
	Invalid      Class = "invalid"      // GitHub refuses the request as it is; Error.Message keeps its words.
	Conflict     Class = "conflict"     // The state on GitHub's side does not allow it.
	Canceled     Class = "canceled"     // The caller's context ended, and nothing was written.
	Unexpected   Class = "unexpected"   // GitHub answered something that this package does not understand.
)

// Error is the only error type that this package returns. No field of it holds a token.
type Error struct {
	Class      Class
	Op         string    // Op names the call in words, for example "create check run".
	Status     int       // Status is the HTTP status; zero when GitHub did not answer.
	Message    string    // Message is what GitHub, or the connection, said.
	Permission string    // Permission is what to grant, for example "checks: write"; for Forbidden.
	Lacking    bool      // Lacking says that GitHub refuses the App itself, for want of that permission; for Forbidden.
	RetryAt    time.Time // RetryAt is the earliest time of another try; for RateLimited.
	RequestID  string    // RequestID is GitHub's name for the request, for its support.
	Err        error     // Err is the cause: a context's error, or a text without secrets.
	person     bool      // person says that a person's token was used, so that the advice is for him.
}

// Error says what was tried, what happened, and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "github: %s: %s", e.Op, strings.ReplaceAll(string(e.Class), "_", " "))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if advice := e.advice(); advice != "" {
		b.WriteString("; " + advice)
	}
	if e.RequestID != "" {
		b.WriteString(" [request " + e.RequestID + "]")
	}
	return b.String()
}

// Unwrap gives the cause, so that errors.Is finds context.Canceled and context.DeadlineExceeded.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) advice() string {
	if e.person && e.Class == Unauthorized {
		return "sign in again"
	}
	switch e.Class {
	case RateLimited:
		return "try again at " + e.RetryAt.UTC().Format(time.RFC3339)
	case Unavailable:
		return "try again"
	case Ambiguous:
		return "it may have happened: look before trying again"
	case NotFound:
		return "check the name, and that the App is installed there"
	case Forbidden:
		if e.Permission != "" {
			return "grant the App the permission " + e.Permission + " and accept it in the organization"
		}
		return "check the App's permissions and the organization's policies"
	case Unauthorized:
		return "check the App's id and private key, and this machine's clock"
	case Suspended:
		return "unsuspend the installation in the organization's settings"
	case Uninstalled:
		return "install the App again"
	case Invalid, Conflict, Canceled, Unexpected:
		return ""
	}
	return ""
}

// ClassOf gives the class of an error that came from this package, and Unexpected for any other.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Unexpected
}

// invalid is a request that is refused here, before it is sent.
func invalid(op, format string, args ...any) *Error {
	return &Error{Class: Invalid, Op: op, Message: redact(fmt.Sprintf(format, args...), "")}
}

// cause keeps a context's error, which callers test for, and reduces every other one to its redacted words.
func cause(err error, secret string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return errors.New(redact(err.Error(), secret))
}

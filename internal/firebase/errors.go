package firebase

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
	Unavailable  Class = "unavailable"  // Nothing was done, or doing it again is harmless; try again later.
	Ambiguous    Class = "ambiguous"    // It may or may not have happened, and twice would be once too often; look.
	Conflict     Class = "conflict"     // Somebody else changed it meanwhile; read it again, then decide anew.
	NotFound     Class = "not_found"    // It does not exist, or the account may not see it.
	Gone         Class = "gone"         // What is needed to return there does not exist any more: an image, a version, a source.
	Forbidden    Class = "forbidden"    // The account lacks a permission; Error.Permission and Error.Fix name it.
	Disabled     Class = "disabled"     // The API is switched off in the project; Error.Fix says where to enable it.
	Unauthorized Class = "unauthorized" // Google does not accept the credentials, or there are none.
	Invalid      Class = "invalid"      // The request can never succeed as it is.
	Canceled     Class = "canceled"     // The caller's context ended before anything was done.
	Unexpected   Class = "unexpected"   // Google answered something that this package does not understand.
)

// Again says when the same call may be made again.
type Again string

// When to try again.
const (
	AgainNow    Again = "now"    // At once, after reading anew.
	AgainLater  Again = "later"  // After a while.
	AgainAt     Again = "at"     // Not before Error.RetryAt.
	AgainNever  Again = "never"  // A person has to change something first.
	AgainUnsure Again = "unsure" // Only after somebody looked whether it happened.
)

// Again is the table from class to retry.
func (c Class) Again() Again {
	switch c {
	case RateLimited:
		return AgainAt
	case Conflict:
		return AgainNow
	case Unavailable, Canceled, Unexpected:
		return AgainLater
	case Ambiguous:
		return AgainUnsure
	case NotFound, Gone, Forbidden, Disabled, Unauthorized, Invalid:
		return AgainNever
	}
	return AgainLater
}

// Error is the only error type that this package returns from a call.
type Error struct {
	Class      Class
	Project    string
	Op         string    // Op names the call in words, for example "read the hosting site shop".
	Status     int       // Status is the HTTP status; zero when Google did not answer.
	Code       string    // Code is Google's own word, such as PERMISSION_DENIED or SERVICE_DISABLED.
	Message    string    // Message is what Google, or the connection, said, without secrets.
	Permission string    // Permission is what is missing, for Forbidden.
	Service    string    // Service is the host whose API is off, for Disabled.
	Fix        string    // Fix is what a person does; empty where trying again is all.
	RetryAt    time.Time // RetryAt is the earliest time of another try; for RateLimited.

	cause error // cause is context.Canceled or context.DeadlineExceeded; any other one may hold an address.
}

// Error says what was tried, what happened, and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "firebase: %s: %s: %s", e.Project, e.Op, strings.ReplaceAll(string(e.Class), "_", " "))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Fix != "" {
		b.WriteString("; " + e.Fix)
	}
	return b.String()
}

// Unwrap gives the context's error, when that ended the call.
func (e *Error) Unwrap() error { return e.cause }

// ClassOf gives the class of an error that came from this package, and Unexpected for any other.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Unexpected
}

func isNotFound(err error) bool { return err != nil && ClassOf(err) == NotFound }

// invalid is a request that is refused here, before it is sent.
func invalid(project, op, format string, args ...any) *Error {
	return &Error{Class: Invalid, Project: project, Op: op, Message: redact(fmt.Sprintf(format, args...), "")}
}

// gone is a target that cannot be returned to.
func (p *Project) gone(op, message, fix string) *Error {
	return &Error{Class: Gone, Project: p.id, Op: op, Message: message, Fix: fix}
}

// gaveUp is the context's error inside err, or nil.
func gaveUp(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

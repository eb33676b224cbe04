package answer

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Error is the only error type that the package returns.
type Error struct {
	Class   Class
	Surface string    // Surface is who was asked, such as Discord.
	Op      string    // Op is what was asked, such as "execute the webhook".
	Status  int       // Status is 0 without an answer.
	Code    string    // Code is the surface's own, or one of ours where it gave none.
	Message string    // Message says what happened and what to do; it never holds the URL.
	RetryAt time.Time // RetryAt is set for Limited alone.
	Off     bool      // Off tells that the webhook itself is gone: nothing more can be told there.

	cause error // cause is context.Canceled or context.DeadlineExceeded, never a transport's own error, which holds the URL.
}

// Error joins surface, operation, code and message.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s: %s: %s", e.Surface, e.Op, e.Code, e.Message)
}

// Unwrap gives the context's error when the context ended the call.
func (e *Error) Unwrap() error { return e.cause }

// ClassOf is the class of an error of this package; "" for another one.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

// gaveUp returns the context's error inside err, or nil.
func gaveUp(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

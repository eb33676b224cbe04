package slack

import (
	"fmt"
	"time"
)

// Class is the closed set of ways a call can fail; it tells the caller whether and when to try again.
type Class string

// The classes of an Error.
const (
	RateLimited  Class = "rate_limited"   // RateLimited means: not done, try again at RetryAt.
	Unavailable  Class = "unavailable"    // Unavailable means: not done, or safe to repeat; try again later.
	Ambiguous    Class = "ambiguous"      // Ambiguous means: it may have been done; look with Find before repeating.
	NotFound     Class = "not_found"      // NotFound means: the channel or message does not exist, or the bot cannot see it.
	NotInChannel Class = "not_in_channel" // NotInChannel means: a person has to invite the bot.
	Auth         Class = "auth"           // Auth means: the token or its scopes have to be changed.
	Invalid      Class = "invalid"        // Invalid means: this request can never succeed.
	Canceled     Class = "canceled"       // Canceled means: the caller gave up before anything was sent.
	Unexpected   Class = "unexpected"     // Unexpected means: the answer was not understood.
)

// Error is the only error type that the package returns.
type Error struct {
	Class   Class
	Op      string    // Op is Slack's method, such as chat.postMessage.
	Code    string    // Code is Slack's error code, or one of ours where Slack gave none.
	Message string    // Message says what happened and what to do; it never holds a token.
	RetryAt time.Time // RetryAt is set for RateLimited alone.

	cause error // cause is context.Canceled or context.DeadlineExceeded, never a transport's own error.
}

// Error joins operation, code and message.
func (e *Error) Error() string {
	return fmt.Sprintf("slack: %s: %s: %s", e.Op, e.Code, e.Message)
}

// Unwrap gives the context's error when the context ended the call.
func (e *Error) Unwrap() error { return e.cause }

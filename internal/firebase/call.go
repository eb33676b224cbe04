package firebase

import (
	"context"
	"time"
)

// effect says what a repetition of a call would do.
type effect int

const (
	reads effect = iota // A repetition is harmless because nothing is written.
	again               // A repetition is harmless because it writes the same again, or is refused by an etag.
	once                // A repetition would do it twice: another build, another export.
)

// operation is one kind of call.
type operation struct {
	what   string // what completes "Gatehouse could not …".
	host   string
	effect effect
	role   string // role is what to grant when Google names only the permission, or not even that.
}

const (
	tries     = 3
	firstWait = 200 * time.Millisecond
	// longestWait is the most that is waited here; the engine keeps what takes longer.
	longestWait = time.Second
)

// do makes one call, and up to two more when Google was busy for a moment and a repetition is harmless. It is the only place of
// the package that tries anything twice for that reason. What lasts longer is told to the caller, who has a clock and a store.
func do[T any](ctx context.Context, p *Project, op operation, send func(context.Context) (T, error)) (T, error) {
	wait := firstWait
	for try := 1; ; try++ {
		c := &call{}
		got, err := send(context.WithValue(ctx, callKey{}, c))
		if err == nil {
			return got, nil
		}
		e := p.judge(ctx, op, c, err)
		if try == tries || op.effect == once || !p.pause(ctx, e, wait) {
			return got, e
		}
		wait *= 3
	}
}

// pause spends the moment before another try; false means that there is none.
func (p *Project) pause(ctx context.Context, e *Error, wait time.Duration) bool {
	switch e.Class {
	case Unavailable:
	case RateLimited:
		wait = max(wait, e.RetryAt.Sub(p.client.opt.Clock()))
	case Ambiguous, Conflict, NotFound, Gone, Forbidden, Disabled, Unauthorized, Invalid, Canceled, Unexpected:
		return false
	}
	return p.client.opt.Pause != nil && wait <= longestWait && p.client.opt.Pause(ctx, wait) == nil
}

// none is the answer of a call that has no answer of interest.
type none struct{}

// noneOf drops an answer.
func noneOf[T any](_ T, err error) (none, error) { return none{}, err }

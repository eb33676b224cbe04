package engine

import (
	"context"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Job is one owed effect, handed to its performer.
type Job struct {
	Key     string
	Effect  pipeline.Effect
	Repo    pipeline.Repo
	Run     *pipeline.Run    // as it is now; nil for an intake's effect. Not to be changed
	Lane    *pipeline.Lane   // the run's, as it is now; nil for an intake's effect. Not to be changed
	Intake  *pipeline.Intake // nil for a run's effect. Not to be changed
	Tries   int              // how often it was begun before, perhaps without its end being seen
	FirstAt time.Time        // when it was begun first; equals Now at the first try
	Now     time.Time
}

// Performer does what is owed. It looks before it acts whenever Tries > 0: a
// process may have died after acting. The answer is an outcome, or an error
// that is a *Retry; any other error counts as Retry{Class: Later}.
type Performer interface {
	Perform(ctx context.Context, job Job) (pipeline.Outcome, error)
}

// ShowJob is one slot whose surface may be behind the state.
type ShowJob struct {
	Slot     pipeline.Slot
	State    pipeline.State           // as it is now. Not to be changed
	Remote   string                   // what the surface called it, from the last Shown; empty: perhaps never made
	Hash     string                   // of what was shown last
	Tries    int                      // failed or unseen tries since the last success
	Siblings map[pipeline.Slot]string // the Remotes of the run's other slots: a thread needs its message
	Now      time.Time
}

// Shown is what a surface shows now.
type Shown struct {
	Remote string // how to find it again, e.g. a check run's id, or channel/ts
	Hash   string // of the rendered content; unchanged content needs no call
	Again  bool   // Remote had to be stored before the state may be shown: ask once more
}

// Shower brings one surface up to date. Where Remote is empty and Tries > 0 it
// looks for what an earlier try may have left before it makes anything. A
// Remote that comes with an error is kept: it is what the failed try has made.
type Shower interface {
	Show(ctx context.Context, job ShowJob) (Shown, error)
}

// Retry is an error that says whether and when trying again makes sense. The
// engine owns what follows from it.
type Retry struct {
	Class  RetryClass
	At     time.Time // for RetryAt
	Reason string    // for people; holds no secret
	Err    error
	// Hindered says what a person has to lift, for RetryHindered.
	Hindered *pipeline.Refusal
}

// RetryClass is what a performer knows about trying again.
type RetryClass string

// The retry classes. An effect that will never work is not one of them: it is
// the outcome pipeline.Failed.
const (
	RetryLater RetryClass = "later" // with backoff and jitter
	RetryAt    RetryClass = "at"    // not before At: a rate limit, or a peer's Retry-After
	// RetryHindered is what waits, however long, for a person who lifts something.
	// Nothing was done. Should nobody tell when it is lifted, it is tried now and then.
	RetryHindered RetryClass = "hindered"
	RetryUnsure   RetryClass = "unsure" // it may have been done: look again with backoff, then a person decides
)

// Error gives the reason.
func (r *Retry) Error() string { return r.Reason }

// Unwrap gives the cause.
func (r *Retry) Unwrap() error { return r.Err }

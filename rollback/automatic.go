package rollback

import (
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Trouble is what went wrong with a release that has begun to be live.
type Trouble string

// The troubles.
const (
	DeployHalf    Trouble = "deploy-half"    // the deploy failed and moved something
	DeployUnknown Trouble = "deploy-unknown" // the deploy ended and what is live could not be read
	SmokeCritical Trouble = "smoke-critical" // a critical probe failed
	SmokeMinor    Trouble = "smoke-minor"    // only probes failed that are not critical
	WatchFailed   Trouble = "watch-failed"   // a figure is above its limit
	WatchError    Trouble = "watch-error"    // it could not be told
)

// Action is what automation does.
type Action string

// The actions.
const (
	Restore Action = "restore" // go back, once
	Hold    Action = "hold"    // hold the lane and call people
	Ask     Action = "ask"     // let a person decide; the lane is held meanwhile
)

// Decision is an action with its reason.
type Decision struct {
	Action Action
	Target pipeline.Released // of Restore
	Why    pipeline.Refusal
}

// Case is what [Automatic] decides upon.
type Case struct {
	Trouble     Trouble
	Environment string
	OnFailure   pipeline.OnFailure // empty: ask
	History     []pipeline.Released
	Live        *pipeline.Shipped // the release in trouble, as far as it is live
	Tried       bool              // one attempt was made for this release already
}

// Automatic decides what happens without anybody asking. It goes back only if
// the release is known to be bad, the file wants it, it is the first attempt, and
// a verified release exists; in every other case it holds the lane or asks.
func Automatic(c Case) Decision {
	switch {
	case c.Trouble == SmokeMinor:
		return Decision{Action: Ask, Why: pipeline.Refusal{
			Code: "minor-failure", Reason: "Only probes failed that are not critical.",
			Fix: "Decide: press Retry, or roll back by comment.",
		}}
	case c.Trouble == WatchError:
		return Decision{Action: Hold, Why: pipeline.Refusal{
			Code: "watch-unknown", Reason: "It could not be told whether the release is good, so nothing is rolled back by itself.",
			Fix: "Look at the signals; roll back by comment if it is bad.",
		}}
	case c.Trouble == DeployUnknown:
		return Decision{Action: Hold, Why: pipeline.Refusal{
			Code: "deploy-unknown", Reason: "What is live after the deploy could not be read, so nothing is rolled back by itself.",
			Fix: "Look in the Firebase console; roll back by comment if it is bad.",
		}}
	case c.Tried:
		return Decision{Action: Hold, Why: pipeline.Refusal{
			Code: "tried-before", Reason: "One automatic rollback was made for this release already; there is never a second.",
			Fix: "Decide by hand.",
		}}
	case c.OnFailure != pipeline.OnFailureRollback:
		return Decision{Action: Ask, Why: pipeline.Refusal{
			Code: "ask-first", Reason: fmt.Sprintf("The configuration of %s does not ask for an automatic rollback.", c.Environment),
			Fix: "Roll back by comment, or write on_failure: rollback for the next time.",
		}}
	}
	target, why := Target(c.History, c.Live, c.Environment, "")
	if why != nil {
		return Decision{Action: Hold, Why: *why}
	}
	return Decision{Action: Restore, Target: target}
}

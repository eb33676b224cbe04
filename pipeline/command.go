package pipeline

import (
	"strings"
	"time"
)

// Command is what somebody typed: in a comment, at a command line, to a bot.
// [ParseComment] and [ParseCommand] make it. One that is Wrong is answered and
// changes nothing.
type Command struct {
	Verb       Verb          `json:"verb"`
	Target     string        `json:"target,omitempty"` // approve, reject, withdraw, cancel, status: version, environment or run; retry: that or a stage; deploy, lock, unlock, rollback: environment; kill: flag
	Ref        string        `json:"ref,omitempty"`    // deploy: branch, tag or commit; rollback: to what
	SHA        string        `json:"sha,omitempty"`    // deploy: the commit that was shown and is confirmed
	Reason     string        `json:"reason,omitempty"`
	For        time.Duration `json:"for,omitempty"`         // lock: how long; 0: until it is unlocked; unfreeze: how long; 0: the standard
	Phrase     string        `json:"phrase,omitempty"`      // rollback: what was typed to confirm it
	Plan       bool          `json:"plan,omitempty"`        // rollback: say what would move, and move nothing
	BreakGlass bool          `json:"break_glass,omitempty"` // rollback: without a final approval
	Shown      string        `json:"shown,omitempty"`       // approve, by a button: how the digest of the release begins that it stood under; empty: not said
	Wrong      *Refusal      `json:"wrong,omitempty"`       // why it cannot be meant as it was typed
}

// Verb is a command's name.
type Verb string

// The commands that exist.
const (
	VerbApprove  Verb = "approve"
	VerbReject   Verb = "reject"
	VerbWithdraw Verb = "withdraw"
	VerbRetry    Verb = "retry"
	VerbCancel   Verb = "cancel"
	VerbStatus   Verb = "status"
	VerbDeploy   Verb = "deploy"
	VerbLock     Verb = "lock"
	VerbUnlock   Verb = "unlock"
	VerbUnfreeze Verb = "unfreeze" // lifts a freeze for a time
	VerbRollback Verb = "rollback"
	VerbKill     Verb = "kill"
)

// Verbs lists all commands, in the order in which people are told of them.
func Verbs() []Verb {
	return []Verb{
		VerbApprove, VerbReject, VerbWithdraw, VerbRetry, VerbCancel, VerbStatus,
		VerbDeploy, VerbLock, VerbUnlock, VerbUnfreeze, VerbRollback, VerbKill,
	}
}

// Usage is how the command is typed. RUN is a version, an environment or a run.
func (v Verb) Usage() string {
	switch v {
	case VerbApprove, VerbWithdraw:
		return "/" + string(v) + " [RUN] [REASON]"
	case VerbReject:
		return "/reject [VERSION] REASON"
	case VerbRetry:
		return "/retry [RUN] [STAGE]"
	case VerbCancel, VerbStatus:
		return "/" + string(v) + " [RUN]"
	case VerbDeploy:
		return "/deploy ENVIRONMENT [VERSION OR BRANCH] [@COMMIT]"
	case VerbLock:
		return "/lock ENVIRONMENT REASON [for 2h]"
	case VerbUnlock:
		return "/unlock ENVIRONMENT [REASON]"
	case VerbUnfreeze:
		return "/unfreeze ENVIRONMENT REASON [for 1h]"
	case VerbRollback:
		return "/rollback ENVIRONMENT [to VERSION, TAG, COMMIT OR RUN] [--plan] [--break-glass]"
	case VerbKill:
		return "/kill FLAG [REASON]"
	}
	return "/" + string(v)
}

// built reports whether this build carries the command out.
func (v Verb) built() bool {
	switch v {
	case VerbApprove, VerbReject, VerbWithdraw, VerbRetry, VerbCancel, VerbStatus, VerbLock, VerbUnlock, VerbUnfreeze, VerbDeploy, VerbRollback:
		return true
	case VerbKill:
	}
	return false
}

// unavailable refuses a command that cannot be carried out: the design names it
// and this build lacks it, or it was typed wrong.
func (c Command) unavailable() *Refusal {
	if c.Wrong != nil || c.Verb.built() {
		return c.Wrong
	}
	why := NotAvailable("the command /" + string(c.Verb))
	var all []string
	for _, v := range Verbs() {
		if v.built() {
			all = append(all, v.Usage())
		}
	}
	why.Fix = "Available now: " + strings.Join(all, ", ") + "."
	return &why
}

// Package rollback judges how a lane goes back to an earlier release: to which
// one ([Target]), whether what somebody asked for is complete ([Request.Check]),
// which pointers move and in which order ([Make]), whether the figures of a
// release are bad or merely unknown ([Judge]), and what automation may do about
// a failure ([Automatic]).
//
// A release is the snapshot of what was live after it, so going back is moving
// pointers and never running a pipeline backwards. Data is not a pointer: a plan
// has no way to name balances, payments, chats or users, and migrations stay.
//
// Everything here is pure: no clock, no network, no randomness. The answers are
// data of package pipeline, which does not know this package.
package rollback

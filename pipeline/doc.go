// Package pipeline is the machine: it decides, and does nothing else.
//
// A [Spec] is what a team wrote. A [Run] is one execution of one of its
// pipelines for one [Release], in a [Lane], the deploy target that runs share.
// [Next] takes the state of one run and its lane and one [Event], and answers
// with the new state and the [Effect]s that the caller now owes the world.
// [Wake] says when to look again though nothing happened; [Explain] says why a
// run waits and who can move it, from the same rules.
//
// The caller's duty is "save, then act": store the state and what is owed in
// one compare-and-swap, perform afterwards, and bring what came of it back as
// an event. The same state and event always give the same step.
//
// What this package never does: read a clock, log, wait, talk to anything, or
// roll the dice. Time arrives with each event. What people typed arrives as
// data and leaves as data; package templates turns it into words for a surface.
package pipeline

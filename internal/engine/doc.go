// Package engine is the shell around the pure machine of package pipeline: it
// saves first and acts afterwards.
//
// Everything that lives is a stored [Item]: a delivery, an intake, a run, a
// lane, a line of the log. [Engine.Receive] stores a delivery with one insert;
// that is what makes the webhook's 2xx true. [Engine.Advance] takes one item a
// step further: a delivery is routed to the runs it speaks of, an intake or a
// run has what it owes performed. A step loads run and lane, asks the machine,
// and stores run, lane, log, links and the delivery's mark in one
// compare-and-swap, or starts over when somebody else was faster.
//
// What is owed is part of that swap, and leased to whoever goes on to perform
// it. A process that dies leaves a lease and a counted try behind, so that the
// next performer looks before it acts. An outcome counts only for the attempt
// it belongs to. What is merely shown has one slot per surface: the latest
// state wins, and a slot that fails holds up nothing else.
//
// Advance may be called at any time, twice, and by several processes: all that
// it relies on is the store. Nothing waits in memory for a run; the stored
// WakeAt says when to look again, a [Waker] is told as a hint, and
// [Engine.Sweep] finds what a lost hint left behind.
//
// What this package never does: decide what a run does next, talk to anything
// but the store, or read the machine's clock other than through [Clock].
package engine

// Package stage carries out what runs and intakes owe to the outside, and keeps
// the surfaces that show them up to date.
//
// Performers answer one effect each: they gather facts through an adapter, let a
// function without side effects judge them, and return an outcome. Showers bring
// one surface to the state as it is now. Both are called by internal/engine,
// which decides when, how often, and what follows from an error.
//
// The duties of every performer, in order: look before acting when Job.Tries is
// above zero, because an earlier process may have died after acting; act once;
// answer with an outcome; and turn every error of an adapter into a retry class
// or into the outcome Failed with a sentence for people (errors.go, the only
// place that does).
//
// The package never waits, never retries by itself, never stores anything that a
// restart would miss, never answers a question in favor when a fact is missing,
// and never shows the body of an answer or a token.
package stage

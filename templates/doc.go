// Package templates finds the words: it turns the state of a run into what
// people read on GitHub, in Slack, on a terminal.
//
// There is one [View] of a run, made by [NewView] from the state, the time and
// the addresses of the two sites. It holds plain text and decides what is said.
// Each surface has one function that renders a View and decides how it is said:
// [CheckRun], [Slack], [SlackDetails], [SlackNotice], [Status], [Text],
// [DoorComment], [DeploymentOf]. [ProblemsCheck] and [Reply] speak where there
// is no run, or only an answer to a person.
//
// Duties, in this order: what people wrote never becomes a mention, a link or
// markup (escape.go); no surface's limit is ever passed (cut.go); every "no"
// says why, who can change it and what to do.
//
// What this package never does: read a clock, do I/O, decide anything that the
// machine decides, or change a state that it was given.
package templates

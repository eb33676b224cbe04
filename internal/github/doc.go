// Package github is Gatehouse's adapter to GitHub's REST API, on github.com and on GitHub Enterprise Server.
//
// An App is made once. It signs in as the GitHub App, or as one of its installations, and hands out a Repo:
// a cheap handle whose methods are the calls that Gatehouse makes, each answering in small types of its own.
//
// Every failure is an *Error with a Class that says what a caller may do next: try again, try again at a given time,
// look before trying again (Ambiguous: the write may have happened), or stop and tell a person what to change.
//
// Every request passes the package's own transport. It keeps one meter per installation, learns GitHub's limits
// from the answers, and refuses a call at once, with the time at which it may be tried, instead of waiting.
//
// The package never sleeps, never retries, never follows an address found in a payload, never sends a token to another
// host than the configured one, and never puts a token into an error or a log line.
package github

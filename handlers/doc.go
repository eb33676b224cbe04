// Package handlers is everything that comes in over HTTP, and nothing else:
// webhooks of GitHub, and browsers.
//
// A webhook goes through four steps, and a later one never runs when an
// earlier one says no. Verify: method, size, HMAC-SHA256 over the raw bytes,
// whose App it is for. Translate: a pure function from the payload to facts of
// package pipeline, with the run, workflow run or commit that each belongs to.
// Hand over: one call, which returns once the delivery is durable. Answer: 202
// when it is stored, now or before; 200 with the reason when it is of no
// interest, without the store being touched; 4xx when it cannot be accepted;
// 503 when it could not be stored, so that GitHub marks the delivery failed and
// it can be fetched again.
//
// [Slack] takes clicks in the same four steps. Its one call to the outside opens
// the form for a reason, which Slack lets an app do only in answer to a click.
//
// [Translate] has one file per family of events. Its structs hold only what is
// needed and do not mind what is missing, null or new: GitHub's payloads have
// grown over the years, and a library's types have not always followed.
//
// [Pages] are read-only: each reads the store, has package templates find the
// words, and answers. [Feed] tells open pages what changed. [Elsewhere] stands
// where the public may ask for a page.
//
// What this package never does: call GitHub, follow an address from a payload,
// decide who may do something, answer a comment, or read the machine's clock.
package handlers

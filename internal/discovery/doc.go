// Package discovery judges calls of Google's APIs by the descriptions that Google publishes: the discovery documents inside the
// module google.golang.org/api, and one written by hand from public facts for Remote Config, which Google does not describe.
//
// It reads only what a sandbox recorded. A call is lawful if some method has its verb and path, its query has known names and
// values, its body and its answer have known fields of the right types, its update mask names fields that exist, and its refusal
// has the form of Google's errors. It is for tests, and knows neither Gatehouse nor how the sandbox answers.
package discovery

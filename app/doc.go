// Package app is the process: what the operator configures, how the parts are
// put together, every address on one page (routes.go), start and stop.
//
// The order of a start: configuration, store (with its lock), adapters, engine,
// the sweep over what an earlier process left, then the listener. The order of
// a stop: the listener, what is in hand, the store. Nothing here decides
// anything about a release.
package app

// Command mutants breaks each law of the design on purpose, and demands that
// exactly its test turns red. A law whose test stays green under its mutation
// is not kept by anything; a test that turns red for another law's mutation
// does not say which law was broken.
//
// A mutation is a replacement in one file. The changed file is laid over the
// original with go test -overlay: nothing in the checkout is written. The text
// to be replaced must be there exactly once, so that a mutation whose code has
// moved on is an error and not a test that passes for no reason.
//
// Law tests are the functions TestLaw… in the files law_test.go. The table in
// docs/laws.md is this command's table, in words.
//
//	go run ./internal/mutants           # all laws, a few minutes
//	go run ./internal/mutants -law 2    # one law
//
// It ends with 0 when every law behaves, 1 on any surprise, 2 when used wrongly.
package main

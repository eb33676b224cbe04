// Package login knows who is at the pages and at the command line, and what they
// may see.
//
// A person signs in with GitHub: the web flow with a state and PKCE, both bound
// to the browser by a sealed cookie. What is kept are two kinds of items of no
// installation (tenant 0, for people belong to none): a person with his GitHub
// tokens, sealed by a [Vault], and sessions under the hash of their secret, so
// that a copy of the store lets nobody in. A session is a browser's, or a key that
// the person made for the command line.
//
// What a person may see is what GitHub says he may: the repositories of the App's
// installations that his own token lists, remembered for at most a minute. When
// GitHub does not say, the answer is no.
//
// A refresh of a token kills the pair before it, so it is made by one at a time:
// within the process by a shared flight, among processes by a lease in the item.
// No lock is held while GitHub is asked.
//
// What this package never does: decide what somebody may do to a release, which
// is the machine's, or keep a token or the secret of a session in the clear.
package login

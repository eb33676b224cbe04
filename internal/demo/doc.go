// Package demo is a small town to try Gatehouse in: the sandbox's GitHub and
// Slack, a team with its repository, and the stories that can be told there.
//
// The team is Avalo: dana writes code, ada approves releases, ivan commands
// incidents. Its repository is templates/starter. A story does what people do
// (push, click Review deployments) and waits for what they would see; it never
// looks inside Gatehouse. Whether it went well is judged by package witness
// from what the sandbox recorded.
package demo

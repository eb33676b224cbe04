// Package live looks at a repository before its first release does, and says everything that would make it fail.
//
// Gather reads, through the adapters, what a release rests on: the configuration on the default branch, its workflows,
// environments and branches, the people whom its policies name, and what GitHub lets the App do. Facts hold it as
// GitHub says it. Judge, which is pure, turns facts into findings: what is wrong, why it matters, and the exact
// setting or lines. A Report prints them.
//
// The duties, in order: look at whether the App reaches the repository at all, for without that nothing else can be
// seen; read lists and not single things where GitHub has lists; keep what could not be read as a finding, because a
// check that could not look must not say that all is well.
//
// The package writes nothing to GitHub or Slack, starts nothing, and judges nothing twice: what a workflow, a gate, a
// policy or a binding needs is asked of the same functions that runs ask (internal/stage, pipeline).
package live

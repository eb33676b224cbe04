// Package witness judges the stories of the demo and of the acceptance tests.
//
// It is handed what the sandbox recorded and what the sandbox's GitHub and Slack
// look like at the end, and says what went against the promises of a release:
// the door opened once and not before the policy was met, everything was started
// once, people were told the truth. A violation names the rule and what was seen.
//
// It shares no code with the app and asks the app nothing, so that a mistake
// cannot excuse itself. Where the record and the state both tell of something,
// it believes neither alone. What is missing counts against the story: an empty
// record breaks nearly every rule.
package witness

// Package contract holds Gatehouse and its sandbox to GitHub's own publications. Both come from the same hands, so
// neither may be the judge of the other: the judge is what GitHub publishes as npm packages (pinned in package.json).
//
// A Validator stands in front of the sandbox's REST API and judges each exchange by GitHub's OpenAPI description: the
// request's path, query and body, then the answer. A request that GitHub has no operation for is a violation of its own,
// and so is a field that GitHub does not know, because JSON Schema lets both pass. Webhooks judges payloads the same way.
//
// The description is 13 MB and takes half a gigabyte once it is parsed, so only the parts that a request needs are
// parsed: one small document per path, with what it refers to. Paths are matched here and not by kin-openapi's routers,
// because GitHub lets some parameters span segments (a file's path, a branch's name), which only an extension says.
//
// What the schemas cannot see (a misspelled verdict, 202 or 204, permissions, limits) is asserted by the tests in plain
// words. Nothing here is part of the program, and no text of GitHub's is kept in this repository.
package contract

package templates

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Links are the addresses of the two sites that texts point to.
type Links struct {
	Public string // Gatehouse's own, without a slash at the end
	Web    string // GitHub's for browsers, e.g. https://github.com
	Trace  string // where a trace is shown, with TraceMark for its id; empty: nowhere
}

// TraceMark stands for the id of a trace in Links.Trace.
const TraceMark = "{trace}"

// Run is the page of a run in Gatehouse.
func (l Links) Run(id pipeline.RunID) string {
	return join(l.Public, "runs", string(id))
}

// Lane is the page of a lane in Gatehouse.
func (l Links) Lane(installation int64, id pipeline.LaneID) string {
	return join(l.Public, "lanes", strconv.FormatInt(installation, 10), string(id))
}

// Back is the page on which a lane is taken back to an earlier release.
func (l Links) Back(installation int64, id pipeline.LaneID) string {
	return l.Lane(installation, id) + "/rollback"
}

// TracePage is where a trace is shown, or "".
func (l Links) TracePage(id string) string { return strings.ReplaceAll(l.Trace, TraceMark, id) }

// Repo is the page of a repository.
func (l Links) Repo(r pipeline.Repo) string { return join(l.Web, r.Owner, r.Name) }

// Workflow is the page of a workflow run. It is also where GitHub offers
// "Review deployments" while a job of it waits.
func (l Links) Workflow(r pipeline.Repo, id int64) string {
	return join(l.Web, r.Owner, r.Name, "actions", "runs", strconv.FormatInt(id, 10))
}

// Commit is the page of a commit.
func (l Links) Commit(r pipeline.Repo, sha string) string {
	return join(l.Web, r.Owner, r.Name, "commit", sha)
}

// Checks is the page that lists the checks of a commit.
func (l Links) Checks(r pipeline.Repo, sha string) string {
	return join(l.Web, r.Owner, r.Name, "commit", sha, "checks")
}

// Compare is the page of what changed between two commits.
func (l Links) Compare(r pipeline.Repo, from, to string) string {
	return join(l.Web, r.Owner, r.Name, "compare", from+"..."+to)
}

// Person is the page of a person, or "" for one whom GitHub does not know.
func (l Links) Person(p pipeline.Person) string {
	if p.Login == "" {
		return ""
	}
	return join(l.Web, p.Login)
}

func join(base string, parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.TrimRight(base, "/") + "/" + strings.Join(parts, "/")
}

// safeURL returns the address if it can stand in every surface's link syntax as
// it is, and "" otherwise.
func safeURL(s string) string {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return ""
	}
	for _, c := range s {
		if c <= ' ' || c >= 0x7f || strings.ContainsRune("<>()[]{}|\\^`\"'*@", c) {
			return ""
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return ""
	}
	return s
}

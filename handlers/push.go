package handlers

import (
	"maps"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	// maxCommits is where GitHub cuts the list of a push.
	maxCommits = 2048
	// maxPaths bounds what one push may store.
	maxPaths = 3000
)

type pushPayload struct {
	Ref        string   `json:"ref"`
	Before     string   `json:"before"`
	After      string   `json:"after"`
	Created    bool     `json:"created"`
	Deleted    bool     `json:"deleted"`
	Forced     bool     `json:"forced"`
	HeadCommit commit   `json:"head_commit"`
	Commits    []commit `json:"commits"`
	Repository struct {
		PushedAt gh.Timestamp `json:"pushed_at"` // a number here, a text elsewhere
	} `json:"repository"`
	Pusher struct {
		Name string `json:"name"`
	} `json:"pusher"`
}

type commit struct {
	Message  string   `json:"message"`
	Added    []string `json:"added"`
	Removed  []string `json:"removed"`
	Modified []string `json:"modified"`
}

// push is what starts runs, beside the form of release.yml. A branch that appears without a new
// commit is a push like any other.
func (n *news) push() ([]engine.Signal, string, error) {
	var p pushPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	switch {
	case strings.HasPrefix(p.Ref, "refs/tags/"):
		return ignore("a tag was pushed, and only branches start runs")
	case !strings.HasPrefix(p.Ref, "refs/heads/") || p.Ref == "refs/heads/":
		return fail(malformed("the ref of the push names neither a branch nor a tag"))
	case p.Deleted || p.After != "" && strings.Trim(p.After, "0") == "":
		return ignore("a branch was deleted")
	case !isSHA(p.After):
		return fail(malformed("the push does not name the commit that it leads to"))
	case n.us.BotLogin != "" && strings.EqualFold(n.Sender.Login, n.us.BotLogin):
		return ignore("Gatehouse pushed it itself")
	}
	changed, truncated := p.changed()
	by := n.Sender.person()
	if by.Login == "" {
		by.Login = p.Pusher.Name // a deploy key has no account
	}
	return one(engine.Signal{Fact: pipeline.Pushed{
		Ref: p.Ref, Before: p.Before, After: p.After, At: p.Repository.PushedAt.UTC(), Created: p.Created, Forced: p.Forced,
		By: by, Message: firstLine(p.HeadCommit.Message), Changed: changed, Truncated: truncated,
	}})
}

// changed is the paths that the push's commits touch, and whether there may be
// more: GitHub cut the list, there is none, a commit lacks its paths, or a
// forced push also took commits away, whose paths nobody lists.
func (p pushPayload) changed() (paths []string, truncated bool) {
	truncated = p.Forced || len(p.Commits) == 0 || len(p.Commits) >= maxCommits
	seen := map[string]bool{}
	for _, c := range p.Commits {
		truncated = truncated || c.Added == nil && c.Removed == nil && c.Modified == nil
		for _, path := range slices.Concat(c.Added, c.Removed, c.Modified) {
			seen[path] = true
		}
	}
	paths = slices.Sorted(maps.Keys(seen))
	if len(paths) > maxPaths {
		return paths[:maxPaths], true
	}
	return paths, truncated
}

package github

import (
	"context"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// Issue is what an issue says.
type Issue struct {
	Title string
	Body  string // Markdown
}

func (i Issue) request() *gh.IssueRequest {
	return &gh.IssueRequest{Title: gh.String(i.Title), Body: gh.String(cutBytes(i.Body, commentBytes, cutNote))}
}

// OpenIssue opens an issue and gives its number.
func (r *Repo) OpenIssue(ctx context.Context, i Issue) (int, error) {
	var out *gh.Issue
	o := operation{name: "open an issue", effect: once, content: true, needs: "issues: write"}
	err := r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		var err error
		out, _, err = c.Issues.Create(ctx, r.ref.Owner, r.ref.Name, i.request())
		return err
	})
	if err != nil {
		return 0, err
	}
	return out.GetNumber(), nil
}

// EditIssue changes what an issue says.
func (r *Repo) EditIssue(ctx context.Context, issue int, i Issue) error {
	o := operation{name: "edit an issue", effect: again, content: true, needs: "issues: write"}
	return r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		_, _, err := c.Issues.Edit(ctx, r.ref.Owner, r.ref.Name, issue, i.request())
		return err
	})
}

// FindIssue looks for an issue of this App that contains a marker, and was opened from the given time on.
func (r *Repo) FindIssue(ctx context.Context, since time.Time, marker string) (issue int, found bool, err error) {
	self, err := r.app.Self(ctx)
	if err != nil {
		return 0, false, err
	}
	since = r.app.guard.drift.Theirs(since)
	q := url.Values{"state": {"all"}, "creator": {self.BotLogin}}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	all, err := list[issueJSON](ctx, r, operation{name: "list issues", needs: "issues: read"}, r.path("issues"), q)
	for _, i := range all {
		if i.by(self) && strings.Contains(i.Body, marker) {
			return i.Number, true, nil
		}
	}
	return 0, false, err
}

type issueJSON struct {
	Number int `json:"number"`
	commentJSON
}

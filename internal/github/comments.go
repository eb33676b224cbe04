package github

import (
	"context"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// commentBytes is the longest comment.
const commentBytes = 65536

// Reaction is a small answer to a comment. The set is closed.
type Reaction string

// The reactions.
const (
	ThumbsUp   Reaction = "+1"
	ThumbsDown Reaction = "-1"
	Laugh      Reaction = "laugh"
	Confused   Reaction = "confused"
	Heart      Reaction = "heart"
	Hooray     Reaction = "hooray"
	Rocket     Reaction = "rocket"
	Eyes       Reaction = "eyes"
)

// Comment writes under an issue or a pull request.
func (r *Repo) Comment(ctx context.Context, issue int, body string) (int64, error) {
	var out *gh.IssueComment
	o := operation{name: "comment on an issue", effect: once, content: true, needs: "issues: write"}
	err := r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		var err error
		in := &gh.IssueComment{Body: gh.String(cutBytes(body, commentBytes, cutNote))}
		out, _, err = c.Issues.CreateComment(ctx, r.ref.Owner, r.ref.Name, issue, in)
		return err
	})
	if err != nil {
		return 0, err
	}
	return out.GetID(), nil
}

// FindComment looks for a comment of this App that contains a marker, and was written from the given time on.
// What others wrote is never taken for ours, whatever it contains.
func (r *Repo) FindComment(ctx context.Context, issue int, since time.Time, marker string) (id int64, found bool, err error) {
	self, err := r.app.Self(ctx)
	if err != nil {
		return 0, false, err
	}
	since = r.app.guard.drift.Theirs(since)
	o := operation{name: "list comments", needs: "issues: read"}
	q := url.Values{}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	all, err := list[commentJSON](ctx, r, o, r.path("issues", number(int64(issue)), "comments"), q)
	for _, c := range all {
		if c.by(self) && !c.CreatedAt.Before(since) && strings.Contains(c.Body, marker) {
			return c.ID, true, nil
		}
	}
	return 0, false, err
}

type commentJSON struct {
	ID        int64      `json:"id"`
	Body      string     `json:"body"`
	User      personJSON `json:"user"`
	CreatedAt time.Time  `json:"created_at"`
}

func (c commentJSON) by(self Self) bool {
	if self.BotID != 0 {
		return c.User.ID == self.BotID
	}
	return c.User.Type == "Bot" && c.User.Login == self.BotLogin
}

// React answers a comment on an issue or a pull request. Doing it twice is the same as doing it once.
func (r *Repo) React(ctx context.Context, commentID int64, content Reaction) error {
	o := operation{name: "react to a comment", effect: again, needs: "issues: write"}
	return r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		_, _, err := c.Reactions.CreateIssueCommentReaction(ctx, r.ref.Owner, r.ref.Name, commentID, string(content))
		return err
	})
}

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

// Thread is where comments stand: an issue or pull request, or else a commit.
type Thread struct {
	Issue int
	SHA   string
}

// CommentKind tells the two kinds of comments apart, whose ids overlap.
type CommentKind string

// The kinds of comments.
const (
	IssueComment  CommentKind = "issue"
	CommitComment CommentKind = "commit"
)

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

// CommitComment writes under a commit.
func (r *Repo) CommitComment(ctx context.Context, sha, body string) (int64, error) {
	const op = "comment on a commit"
	ref, err := segment(op, "commit", sha)
	if err != nil {
		return 0, err
	}
	var out *gh.RepositoryComment
	o := operation{name: op, effect: once, content: true, needs: "contents: write"}
	err = r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		var err error
		in := &gh.RepositoryComment{Body: gh.String(cutBytes(body, commentBytes, cutNote))}
		out, _, err = c.Repositories.CreateComment(ctx, r.ref.Owner, r.ref.Name, ref, in)
		return err
	})
	if err != nil {
		return 0, err
	}
	return out.GetID(), nil
}

// FindComment looks for a comment of this App that contains a marker, and was written from the given time on.
// What others wrote is never taken for ours, whatever it contains.
func (r *Repo) FindComment(ctx context.Context, where Thread, since time.Time, marker string) (id int64, found bool, err error) {
	self, err := r.app.Self(ctx)
	if err != nil {
		return 0, false, err
	}
	o := operation{name: "list comments", needs: "issues: read"}
	q := url.Values{}
	path := r.path("issues", number(int64(where.Issue)), "comments")
	if where.Issue == 0 {
		ref, err := segment(o.name, "commit", where.SHA)
		if err != nil {
			return 0, false, err
		}
		o.needs, path = "contents: read", r.path("commits", ref, "comments")
	} else if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	all, err := list[commentJSON](ctx, r, o, path, q)
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

// React answers a comment. Doing it twice is the same as doing it once.
func (r *Repo) React(ctx context.Context, kind CommentKind, commentID int64, content Reaction) error {
	o := operation{name: "react to a comment", effect: again, needs: "issues: write"}
	return r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		var err error
		switch kind {
		case IssueComment:
			_, _, err = c.Reactions.CreateIssueCommentReaction(ctx, r.ref.Owner, r.ref.Name, commentID, string(content))
		case CommitComment:
			_, _, err = c.Reactions.CreateCommentReaction(ctx, r.ref.Owner, r.ref.Name, commentID, string(content))
		default:
			err = invalid(o.name, "%q is not a kind of comment", string(kind))
		}
		return err
	})
}

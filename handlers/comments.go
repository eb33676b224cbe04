package handlers

import (
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

type comment struct {
	ID        int64     `json:"id"`
	Body      string    `json:"body"`
	CommitID  string    `json:"commit_id"`
	CreatedAt time.Time `json:"created_at"`
	User      account   `json:"user"`
	Via       app       `json:"performed_via_github_app"`
}

type commentPayload struct {
	Comment comment `json:"comment"`
	Issue   struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"`
	} `json:"issue"`
}

// issueComment hears a command on an issue or pull request.
func (n *news) issueComment() ([]engine.Signal, string, error) {
	var p commentPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	if n.Action == "created" && p.Issue.Number <= 0 {
		return fail(malformed("the comment names no issue"))
	}
	return n.command(p.Comment, pipeline.CommentRef{
		ID: p.Comment.ID, Issue: p.Issue.Number, Pull: p.Issue.PullRequest != nil,
	})
}

// commitComment hears a command on a commit.
func (n *news) commitComment() ([]engine.Signal, string, error) {
	var p commentPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	if n.Action == "created" && !isSHA(p.Comment.CommitID) {
		return fail(malformed("the comment names no commit"))
	}
	return n.command(p.Comment, pipeline.CommentRef{ID: p.Comment.ID, SHA: p.Comment.CommitID})
}

// command takes what the author of a new comment typed. An edit never counts:
// others can edit a comment, and it may have been agreed to as it was.
func (n *news) command(c comment, where pipeline.CommentRef) ([]engine.Signal, string, error) {
	switch {
	case n.Action != "created":
		return ignore("only new comments may be commands")
	case n.ours(c.Via):
		return ignore("Gatehouse wrote it itself")
	case n.Sender.bot() || c.User.bot():
		return ignore("a bot wrote it")
	case n.Sender.ID <= 0 || c.User.ID != n.Sender.ID:
		return ignore("its author is not the one who sent it")
	case c.ID <= 0:
		return fail(malformed("the comment is missing"))
	}
	command, found := pipeline.ParseComment(c.Body)
	if !found {
		return ignore("its first line is no command")
	}
	return one(engine.Signal{Fact: pipeline.CommandGiven{Command: command, By: n.Sender.person(), Where: pipeline.ByComment(where), At: c.CreatedAt}})
}

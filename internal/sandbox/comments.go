package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Comment writes a comment on an issue or pull request as a person; the issue is opened if it does not exist.
func (w *World) Comment(by, repo string, issue int, body string) (id int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return 0, fmt.Errorf("comment: %w", err)
	}
	if _, exists := r.issues[issue]; !exists {
		r.issues[issue] = &Issue{ID: w.nextID(), Number: issue, Title: "Release", By: u.Login, CreatedAt: w.now()}
	}
	w.act(by, repo, "comment", body)
	return w.comment(r, &Comment{Issue: issue, Body: body, By: u.Login}).ID, nil
}

// CommitComment writes a comment on a commit as a person.
func (w *World) CommitComment(by, repo, sha, body string) (id int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return 0, fmt.Errorf("commit comment: %w", err)
	}
	full, ok := r.resolve(sha)
	if !ok {
		return 0, fmt.Errorf("commit comment: %s: %w", sha, errNoRef)
	}
	w.act(by, repo, "commit comment", body)
	return w.comment(r, &Comment{SHA: full, Body: body, By: u.Login}).ID, nil
}

// comment stores a new comment and sends its webhook.
func (w *World) comment(r *Repo, c *Comment) *Comment {
	c.ID, c.CreatedAt, c.UpdatedAt = w.nextID(), w.now(), w.now()
	r.comments = append(r.comments, c)
	if c.SHA != "" {
		w.send(r, r.Owner, hookEvent{event: "commit_comment", action: "created", by: c.By, body: obj{
			"comment": w.commitCommentJSON(r, c),
		}})
		return c
	}
	w.send(r, r.Owner, hookEvent{event: "issue_comment", action: "created", by: c.By, body: obj{
		"issue": w.issueJSON(r, r.issues[c.Issue]), "comment": w.issueCommentJSON(r, c),
	}})
	return c
}

// commentsOf lists the comments of an issue or, with issue 0, of a commit.
func (r *Repo) commentsOf(issue int, sha string) []*Comment {
	var out []*Comment
	for _, c := range r.comments {
		if c.Issue == issue && c.SHA == sha {
			out = append(out, c)
		}
	}
	return out
}

func (w *World) issueJSON(r *Repo, i *Issue) obj {
	base := w.api("/repos/%s/issues/%d", r.FullName(), i.Number)
	out := obj{
		"id": i.ID, "node_id": nodeID("Issue", i.ID), "number": i.Number, "title": i.Title, "url": base,
		"repository_url": w.api("/repos/%s", r.FullName()), "labels_url": base + "/labels{/name}",
		"comments_url": base + "/comments", "events_url": base + "/events", "timeline_url": base + "/timeline",
		"html_url": w.web("/%s/issues/%d", r.FullName(), i.Number), "user": w.userJSON(i.By), "labels": []obj{},
		"state": "open", "state_reason": nil, "locked": false, "assignee": nil, "assignees": []obj{}, "milestone": nil,
		"comments": len(r.commentsOf(i.Number, "")), "created_at": stamp(i.CreatedAt), "updated_at": stamp(i.CreatedAt),
		"closed_at": nil, "author_association": w.association(r, i.By), "active_lock_reason": nil, "body": i.Body,
		"reactions": w.reactionsJSON(base, nil), "performed_via_github_app": w.appJSON(i.Via),
	}
	if i.Pull {
		pull := w.api("/repos/%s/pulls/%d", r.FullName(), i.Number)
		html := w.web("/%s/pull/%d", r.FullName(), i.Number)
		out["pull_request"] = obj{"url": pull, "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch"}
	}
	return out
}

func (w *World) issueCommentJSON(r *Repo, c *Comment) obj {
	base := w.api("/repos/%s/issues/comments/%d", r.FullName(), c.ID)
	return obj{
		"id": c.ID, "node_id": nodeID("IssueComment", c.ID), "url": base, "body": c.Body, "user": w.userJSON(c.By),
		"html_url":   w.web("/%s/issues/%d#issuecomment-%d", r.FullName(), c.Issue, c.ID),
		"issue_url":  w.api("/repos/%s/issues/%d", r.FullName(), c.Issue),
		"created_at": stamp(c.CreatedAt), "updated_at": stamp(c.UpdatedAt), "author_association": w.association(r, c.By),
		"performed_via_github_app": w.appJSON(c.Via), "reactions": w.reactionsJSON(base, c.Reactions),
	}
}

func (w *World) commitCommentJSON(r *Repo, c *Comment) obj {
	base := w.api("/repos/%s/comments/%d", r.FullName(), c.ID)
	return obj{
		"id": c.ID, "node_id": nodeID("CommitComment", c.ID), "url": base, "body": c.Body, "user": w.userJSON(c.By),
		"html_url": w.web("/%s/commit/%s#commitcomment-%d", r.FullName(), c.SHA, c.ID), "commit_id": c.SHA,
		"path": nil, "position": nil, "line": nil, "created_at": stamp(c.CreatedAt), "updated_at": stamp(c.UpdatedAt),
		"author_association": w.association(r, c.By), "reactions": w.reactionsJSON(base, c.Reactions),
	}
}

func (w *World) reactionsJSON(base string, reactions []Reaction) obj {
	out := obj{"url": base + "/reactions", "total_count": len(reactions)}
	for _, content := range reactionContents() {
		n := 0
		for _, r := range reactions {
			if r.Content == content {
				n++
			}
		}
		out[content] = n
	}
	return out
}

func reactionContents() []string {
	return []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}
}

func (w *World) reactionJSON(re Reaction) obj {
	return obj{
		"id": re.ID, "node_id": nodeID("Reaction", re.ID), "user": w.userJSON(re.By), "content": re.Content,
		"created_at": stamp(re.CreatedAt),
	}
}

func commentRoutes() []route {
	return []route{
		{"GET /repos/{owner}/{repo}/issues/{issue_number}/comments", "issues:read", listIssueComments},
		{"POST /repos/{owner}/{repo}/issues/{issue_number}/comments", "issues:write", createIssueComment},
		{"GET /repos/{owner}/{repo}/issues/comments/{comment_id}", "issues:read", onComment(getIssueComment)},
		{"PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", "issues:write", onComment(editIssueComment)},
		{"GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", "issues:read", onComment(listReactions)},
		{"POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", "issues:write", onComment(react)},
		{"GET /repos/{owner}/{repo}/comments/{comment_id}/reactions", "contents:read", onComment(listReactions)},
		{"POST /repos/{owner}/{repo}/comments/{comment_id}/reactions", "contents:write", onComment(react)},
		{"GET /repos/{owner}/{repo}/comments/{comment_id}", "contents:read", onComment(getCommitComment)},
		{"GET /repos/{owner}/{repo}/issues/{issue_number}", "issues:read", getIssue},
	}
}

// onComment finds the comment in the path.
func onComment(handle func(*request, *Comment) reply) func(*request) reply {
	return func(r *request) reply {
		for _, c := range r.repo.comments {
			if c.ID == r.number("comment_id") {
				return handle(r, c)
			}
		}
		return notFound()
	}
}

func getIssue(r *request) reply {
	i, found := r.repo.issues[int(r.number("issue_number"))]
	if !found {
		return notFound()
	}
	body := r.w.issueJSON(r.repo, i)
	maps.Copy(body, obj{"closed_by": nil})
	return ok(body)
}

func listIssueComments(r *request) reply {
	number := int(r.number("issue_number"))
	if _, found := r.repo.issues[number]; !found {
		return notFound()
	}
	all := r.repo.commentsOf(number, "")
	if since := r.query("since"); since != "" {
		all = slices.DeleteFunc(all, func(c *Comment) bool { return c.UpdatedAt.Format("2006-01-02T15:04:05Z") < since })
	}
	return ok(list(page(r, all), func(c *Comment) obj { return r.w.issueCommentJSON(r.repo, c) }))
}

func createIssueComment(r *request) reply {
	number := int(r.number("issue_number"))
	if _, found := r.repo.issues[number]; !found {
		return notFound()
	}
	body, refused := commentBody(r)
	if refused != nil {
		return *refused
	}
	c := r.w.comment(r.repo, &Comment{Issue: number, Body: body, By: r.actor(), Via: r.via()})
	return created(r.w.issueCommentJSON(r.repo, c))
}

func createCommitComment(r *request, sha string) reply {
	body, refused := commentBody(r)
	if refused != nil {
		return *refused
	}
	c := r.w.comment(r.repo, &Comment{SHA: sha, Body: body, By: r.actor(), Via: r.via()})
	return created(r.w.commitCommentJSON(r.repo, c))
}

func commentBody(r *request) (string, *reply) {
	var in struct{ Body string }
	if refused := r.decode(&in); refused != nil {
		return "", refused
	}
	if in.Body == "" || len(in.Body) > 65536 {
		return "", ptr(invalid("Validation Failed: body is missing or longer than 65536 characters"))
	}
	return in.Body, nil
}

func getIssueComment(r *request, c *Comment) reply { return ok(r.w.issueCommentJSON(r.repo, c)) }

func getCommitComment(r *request, c *Comment) reply { return ok(r.w.commitCommentJSON(r.repo, c)) }

func editIssueComment(r *request, c *Comment) reply {
	body, refused := commentBody(r)
	if refused != nil {
		return *refused
	}
	before := c.Body
	c.Body, c.UpdatedAt = body, r.w.now()
	r.w.send(r.repo, r.repo.Owner, hookEvent{event: "issue_comment", action: "edited", by: r.actor(), body: obj{
		"issue": r.w.issueJSON(r.repo, r.repo.issues[c.Issue]), "comment": r.w.issueCommentJSON(r.repo, c),
		"changes": obj{"body": obj{"from": before}},
	}})
	return ok(r.w.issueCommentJSON(r.repo, c))
}

func listReactions(r *request, c *Comment) reply {
	return ok(list(page(r, c.Reactions), r.w.reactionJSON))
}

// react adds a reaction; one that the caller gave before is answered 200.
func react(r *request, c *Comment) reply {
	var in struct{ Content string }
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	if !slices.Contains(reactionContents(), in.Content) {
		return invalid("Validation Failed: content is not a reaction")
	}
	for _, re := range c.Reactions {
		if re.By == r.actor() && re.Content == in.Content {
			return reply{status: http.StatusOK, body: r.w.reactionJSON(re)}
		}
	}
	re := Reaction{ID: r.w.nextID(), By: r.actor(), Content: in.Content, CreatedAt: r.w.now()}
	c.Reactions = append(c.Reactions, re)
	return created(r.w.reactionJSON(re))
}

// via is the slug of the app that acts; "" for a person.
func (r *request) via() string {
	if r.id.install != nil {
		return r.w.opt.AppSlug
	}
	return ""
}

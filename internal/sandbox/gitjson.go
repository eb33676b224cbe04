package sandbox

import (
	"encoding/base64"
	"path"
	"strings"
)

// simpleCommitJSON is GitHub's simple-commit, as runs and suites carry it.
func (w *World) simpleCommitJSON(c *Commit) obj {
	return obj{
		"id": c.SHA, "tree_id": c.TreeSHA, "message": c.Message, "timestamp": stamp(c.At),
		"author": obj{"name": c.Name, "email": c.Email}, "committer": obj{"name": c.Name, "email": c.Email},
	}
}

// hookCommitJSON is a commit in a push webhook.
func (w *World) hookCommitJSON(r *Repo, c *Commit) obj {
	who := obj{"name": c.Name, "email": c.Email, "username": c.By, "date": stamp(c.At)}
	out := obj{
		"id": c.SHA, "tree_id": c.TreeSHA, "distinct": true, "message": c.Message, "timestamp": stamp(c.At),
		"url": w.web("/%s/commit/%s", r.FullName(), c.SHA), "author": who, "committer": who,
		"added": []string{}, "removed": []string{}, "modified": []string{},
	}
	for _, f := range c.Files {
		out[f.Status] = append(out[f.Status].([]string), f.Path) //nolint:forcetypeassert // the three lists are made above
	}
	return out
}

// commitJSON is GitHub's commit of the REST API; full adds the changed files.
func (w *World) commitJSON(r *Repo, c *Commit, full bool) obj {
	base := w.api("/repos/%s/commits/%s", r.FullName(), c.SHA)
	git := obj{"name": c.Name, "email": c.Email, "date": stamp(c.At)}
	parents := []obj{}
	for _, p := range c.Parents {
		parents = append(parents, obj{
			"sha": p, "url": w.api("/repos/%s/commits/%s", r.FullName(), p), "html_url": w.web("/%s/commit/%s", r.FullName(), p),
		})
	}
	out := obj{
		"sha": c.SHA, "node_id": nodeID("Commit"+c.SHA, r.ID), "url": base, "comments_url": base + "/comments",
		"html_url": w.web("/%s/commit/%s", r.FullName(), c.SHA), "author": w.userJSON(c.By), "committer": w.userJSON(c.By),
		"parents": parents,
		"commit": obj{
			"url": w.api("/repos/%s/git/commits/%s", r.FullName(), c.SHA), "author": git, "committer": git,
			"message": c.Message, "comment_count": len(r.commentsOf(0, c.SHA)),
			"tree": obj{"sha": c.TreeSHA, "url": w.api("/repos/%s/git/trees/%s", r.FullName(), c.TreeSHA)},
			"verification": obj{
				"verified": false, "reason": "unsigned", "payload": nil, "signature": nil, "verified_at": nil,
			},
		},
	}
	if full {
		adds, dels := 0, 0
		for _, f := range c.Files {
			adds, dels = adds+f.Adds, dels+f.Dels
		}
		out["stats"] = obj{"additions": adds, "deletions": dels, "total": adds + dels}
		out["files"] = w.filesJSON(r, c.SHA, c.Files)
	}
	return out
}

func (w *World) filesJSON(r *Repo, sha string, files []FileChange) []obj {
	return list(files, func(f FileChange) obj {
		return obj{
			"sha": f.Blob, "filename": f.Path, "status": f.Status, "additions": f.Adds, "deletions": f.Dels,
			"changes": f.Adds + f.Dels, "blob_url": w.web("/%s/blob/%s/%s", r.FullName(), sha, f.Path),
			"raw_url":      w.web("/%s/raw/%s/%s", r.FullName(), sha, f.Path),
			"contents_url": w.api("/repos/%s/contents/%s?ref=%s", r.FullName(), f.Path, sha),
		}
	})
}

// fileJSON is a file or folder in the answer of GET contents; only a single file carries its content.
func (w *World) fileJSON(r *Repo, ref, name, kind, content string, full bool) obj {
	self := w.api("/repos/%s/contents/%s?ref=%s", r.FullName(), name, ref)
	html := w.web("/%s/blob/%s/%s", r.FullName(), ref, name)
	sha := blobSHA(content)
	git := w.api("/repos/%s/git/blobs/%s", r.FullName(), sha)
	out := obj{
		"type": kind, "size": len(content), "name": path.Base(name), "path": name, "sha": sha, "url": self, "html_url": html,
		"git_url": git, "download_url": w.web("/%s/raw/%s/%s", r.FullName(), ref, name),
		"_links": obj{"self": self, "git": git, "html": html},
	}
	if full {
		out["encoding"], out["content"] = "base64", wrap(base64.StdEncoding.EncodeToString([]byte(content)))
	}
	return out
}

// wrap breaks base64 into lines of 60, as GitHub does.
func wrap(s string) string {
	var b strings.Builder
	for len(s) > 60 {
		b.WriteString(s[:60] + "\n")
		s = s[60:]
	}
	return b.String() + s + "\n"
}

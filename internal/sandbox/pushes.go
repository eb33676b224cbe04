package sandbox

import (
	"slices"
	"strings"
)

// pushed is one movement of a ref; an empty after is its removal.
type pushed struct {
	ref, before, after string
	by                 *User
	forced             bool
}

// pushed sends what GitHub sends after a ref moved and starts the workflows that it triggers.
func (w *World) pushed(r *Repo, p pushed) {
	w.act(p.by.Login, r.FullName(), "push", p.ref+" "+p.after)
	w.send(r, r.Owner, hookEvent{event: "push", by: p.by.Login, body: w.pushEvent(r, p)})
	name, isBranch := strings.CutPrefix(p.ref, "refs/heads/")
	name = strings.TrimPrefix(name, "refs/tags/")
	if p.before == "" && p.after != "" {
		kind := "tag"
		if isBranch {
			kind = "branch"
		}
		w.send(r, r.Owner, hookEvent{event: "create", by: p.by.Login, body: obj{
			"ref": name, "ref_type": kind, "master_branch": r.DefaultBranch, "description": nil, "pusher_type": "user",
		}})
	}
	if p.after == "" {
		return
	}
	if isBranch && name == r.DefaultBranch {
		w.indexWorkflows(r)
	}
	if isBranch {
		w.requestSuite(r, name, p)
	}
	w.startPushWorkflows(r, p.by, name, isBranch, p.after)
}

// requestSuite makes our app's check suite of the pushed commit, once, and asks the app to fill it.
func (w *World) requestSuite(r *Repo, branch string, p pushed) {
	in := w.installationOf(r.Owner)
	if in == nil || r.suiteOf(w.opt.AppSlug, p.after) != nil {
		return
	}
	s := w.suite(r, w.opt.AppSlug, p.after)
	s.HeadBranch, s.Before = branch, p.before
	w.sendSuite(r, s, "requested", p.by.Login)
}

func (w *World) pushEvent(r *Repo, p pushed) obj {
	before, after := orZero(p.before), orZero(p.after)
	var fresh []*Commit
	switch {
	case p.after == "":
	case p.before == "":
		fresh, _ = r.between(r.branches[r.DefaultBranch], p.after)
		if len(fresh) == 0 && p.ref == "refs/heads/"+r.DefaultBranch {
			fresh = r.history(p.after)
			slices.Reverse(fresh)
		}
	default:
		fresh, _ = r.between(p.before, p.after)
	}
	repo := w.repoJSON(r)
	repo["created_at"], repo["pushed_at"], repo["master_branch"] = r.CreatedAt.Unix(), r.pushedAt.Unix(), r.DefaultBranch
	repo["stargazers"] = 0
	body := obj{
		"ref": p.ref, "before": before, "after": after, "created": p.before == "", "deleted": p.after == "",
		"forced": p.forced, "base_ref": nil, "compare": w.web("/%s/compare/%s...%s", r.FullName(), short(before), short(after)),
		"commits": list(fresh, func(c *Commit) obj { return w.hookCommitJSON(r, c) }), "head_commit": nil,
		"pusher": obj{"name": p.by.Login, "email": p.by.Email}, "repository": repo,
	}
	if c, found := r.commits[p.after]; found {
		body["head_commit"] = w.hookCommitJSON(r, c)
	}
	return body
}

func orZero(sha string) string {
	if sha == "" {
		return zeroSHA
	}
	return sha
}

func short(sha string) string { return sha[:min(len(sha), 12)] }

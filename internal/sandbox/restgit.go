package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func gitRoutes() []route {
	return []route{
		{"GET /repos/{owner}/{repo}", "metadata:read", func(r *request) reply { return ok(r.w.fullRepoJSON(r.repo)) }},
		{"GET /repos/{owner}/{repo}/contents/{path...}", "contents:read", getContents},
		{"GET /repos/{owner}/{repo}/branches/{branch...}", "contents:read", getBranch},
		{"GET /repos/{owner}/{repo}/rules/branches/{branch...}", "metadata:read", getBranchRules},
		{"GET /repos/{owner}/{repo}/git/ref/{ref...}", "contents:read", getRef},
		{"GET /repos/{owner}/{repo}/git/matching-refs/{ref...}", "contents:read", matchingRefs},
		{"GET /repos/{owner}/{repo}/commits", "contents:read", listCommits},
		{"GET /repos/{owner}/{repo}/commits/{ref...}", "", underCommit},
		{"POST /repos/{owner}/{repo}/commits/{ref...}", "", underCommit},
		{"GET /repos/{owner}/{repo}/compare/{basehead...}", "contents:read", compare},
	}
}

// underCommit serves commits/{ref} and what hangs below it; a ref may hold slashes, which patterns cannot express.
func underCommit(r *request) reply {
	ref := r.path("ref")
	for suffix, op := range map[string]struct {
		read, write string
		get, post   func(r *request, sha string) reply
	}{
		"/check-runs":   {read: "checks:read", get: checkRunsOfCommit},
		"/check-suites": {read: "checks:read", get: suitesOfCommit},
		"/status":       {read: "statuses:read", get: combinedStatus},
		"/statuses":     {read: "statuses:read", get: listStatuses},
		"/comments":     {read: "contents:read", write: "contents:write", get: listCommitComments, post: createCommitComment},
		"/pulls":        {read: "pull_requests:read", get: pullsOfCommit},
	} {
		name, found := strings.CutSuffix(ref, suffix)
		if !found {
			continue
		}
		return r.commitOp(name, suffix, op.read, op.write, op.get, op.post)
	}
	return r.commitOp(ref, "", "contents:read", "", getCommit, nil)
}

// commitOp checks the permission of an operation below a commit, resolves the commit, and runs it.
func (r *request) commitOp(name, suffix, read, write string, get, post func(*request, string) reply) reply {
	handle, permission := get, read
	if r.http.Method == http.MethodPost {
		handle, permission = post, write
	}
	parameter := "{ref}"
	if suffix == "/comments" || suffix == "/pulls" {
		parameter = "{commit_sha}"
	}
	r.call.Route = "/repos/{owner}/{repo}/commits/" + parameter + suffix
	if handle == nil {
		return notFound()
	}
	if refused := r.admit(permission); refused != nil {
		return *refused
	}
	sha, found := r.repo.resolve(name)
	if !found {
		return invalid("No commit found for SHA: " + name)
	}
	return handle(r, sha)
}

// getContents answers a file, or the listing of a folder.
func getContents(r *request) reply {
	ref := r.query("ref")
	sha, found := r.repo.resolve(ref)
	if !found && len(r.repo.commits) == 0 {
		return failure(http.StatusNotFound, "This repository is empty.")
	}
	if !found {
		return failure(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	if ref == "" {
		ref = r.repo.DefaultBranch
	}
	name, tree := strings.Trim(r.path("path"), "/"), r.repo.treeOf(sha)
	if content, isFile := tree[name]; isFile {
		if strings.Contains(r.http.Header.Get("Accept"), "raw") {
			return reply{status: http.StatusOK, raw: []byte(content), contentType: "application/vnd.github.raw; charset=utf-8"}
		}
		return ok(r.w.fileJSON(r.repo, ref, name, "file", content, true))
	}
	prefix := name + "/"
	if name == "" {
		prefix = ""
	}
	entries := map[string]string{}
	for path := range tree {
		if rest, inside := strings.CutPrefix(path, prefix); inside {
			first, _, deeper := strings.Cut(rest, "/")
			entries[prefix+first] = map[bool]string{true: "dir", false: "file"}[deeper]
		}
	}
	if len(entries) == 0 {
		return notFound()
	}
	return ok(list(sortedKeys(entries), func(path string) obj {
		return r.w.fileJSON(r.repo, ref, path, entries[path], tree[path], false)
	}))
}

func getBranch(r *request) reply {
	name := r.path("branch")
	sha, found := r.repo.branches[name]
	if !found {
		return failure(http.StatusNotFound, "Branch not found")
	}
	self, protected := r.w.api("/repos/%s/branches/%s", r.repo.FullName(), name), slices.Contains(r.repo.protected, name)
	return ok(obj{
		"name": name, "commit": r.w.commitJSON(r.repo, r.repo.commits[sha], false), "protected": protected,
		"_links":     obj{"html": r.w.web("/%s/tree/%s", r.repo.FullName(), name), "self": self},
		"protection": obj{"enabled": protected}, "protection_url": self + "/protection",
	})
}

// getBranchRules lists what the rulesets say of a branch: only the default branch has any.
func getBranchRules(r *request) reply {
	rules := []obj{}
	if r.path("branch") == r.repo.DefaultBranch {
		for i, kind := range r.repo.rules {
			rules = append(rules, obj{
				"type": kind, "ruleset_id": r.repo.ID*10 + int64(i), "ruleset_source_type": "Repository", "ruleset_source": r.repo.FullName(),
			})
		}
	}
	return ok(page(r, rules))
}

// refs lists the full names of branches and tags with their commits.
func (r *Repo) refs() map[string]string {
	out := map[string]string{}
	for name, sha := range r.branches {
		out["heads/"+name] = sha
	}
	for name, sha := range r.tags {
		out["tags/"+name] = sha
	}
	return out
}

func (w *World) refJSON(r *Repo, ref, sha string) obj {
	return obj{
		"ref": "refs/" + ref, "node_id": nodeID("Ref:"+ref, r.ID), "url": w.api("/repos/%s/git/refs/%s", r.FullName(), ref),
		"object": obj{"type": "commit", "sha": sha, "url": w.api("/repos/%s/git/commits/%s", r.FullName(), sha)},
	}
}

func getRef(r *request) reply {
	ref := strings.TrimPrefix(r.path("ref"), "refs/")
	sha, found := r.repo.refs()[ref]
	if !found {
		return notFound()
	}
	return ok(r.w.refJSON(r.repo, ref, sha))
}

func matchingRefs(r *request) reply {
	refs := r.repo.refs()
	var names []string
	for _, name := range sortedKeys(refs) {
		if strings.HasPrefix(name, strings.TrimPrefix(r.path("ref"), "refs/")) {
			names = append(names, name)
		}
	}
	return ok(list(page(r, names), func(name string) obj { return r.w.refJSON(r.repo, name, refs[name]) }))
}

func getCommit(r *request, sha string) reply {
	if strings.Contains(r.http.Header.Get("Accept"), "sha") {
		return reply{status: http.StatusOK, raw: []byte(sha), contentType: "application/vnd.github.sha; charset=utf-8"}
	}
	return ok(r.w.commitJSON(r.repo, r.repo.commits[sha], true))
}

func listCommits(r *request) reply {
	sha, found := r.repo.resolve(r.query("sha"))
	if !found {
		return notFound()
	}
	path := strings.Trim(r.query("path"), "/")
	var out []*Commit
	for _, c := range r.repo.history(sha) {
		if path == "" || slices.ContainsFunc(c.Files, func(f FileChange) bool {
			return f.Path == path || strings.HasPrefix(f.Path, path+"/")
		}) {
			out = append(out, c)
		}
	}
	return ok(list(page(r, out), func(c *Commit) obj { return r.w.commitJSON(r.repo, c, false) }))
}

// compare answers what head has that base has not; the two are split at three dots.
func compare(r *request) reply {
	from, to, found := strings.Cut(r.path("basehead"), "...")
	base, okBase := r.repo.resolve(from)
	head, okHead := r.repo.resolve(to)
	if !found || !okBase || !okHead {
		return notFound()
	}
	ahead, mergeBase := r.repo.between(base, head)
	behind, _ := r.repo.between(head, base)
	if mergeBase == "" {
		return failure(http.StatusNotFound, "No common ancestor between "+from+" and "+to+".")
	}
	status := "identical"
	switch {
	case len(ahead) > 0 && len(behind) > 0:
		status = "diverged"
	case len(ahead) > 0:
		status = "ahead"
	case len(behind) > 0:
		status = "behind"
	}
	name := r.repo.FullName()
	html := r.w.web("/%s/compare/%s...%s", name, from, to)
	files := changes(r.repo.treeOf(mergeBase), r.repo.treeOf(head))
	return ok(obj{
		"url": r.w.api("/repos/%s/compare/%s...%s", name, from, to), "html_url": html,
		"permalink_url": r.w.web("/%s/compare/%s...%s", name, short(base), short(head)), "diff_url": html + ".diff",
		"patch_url": html + ".patch", "base_commit": r.w.commitJSON(r.repo, r.repo.commits[base], false),
		"merge_base_commit": r.w.commitJSON(r.repo, r.repo.commits[mergeBase], false), "status": status,
		"ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"commits": list(page(r, ahead), func(c *Commit) obj { return r.w.commitJSON(r.repo, c, false) }),
		"files":   r.w.filesJSON(r.repo, head, files),
	})
}

func listCommitComments(r *request, sha string) reply {
	return ok(list(page(r, r.repo.commentsOf(0, sha)), func(c *Comment) obj { return r.w.commitCommentJSON(r.repo, c) }))
}

// pullsOfCommit is always empty: the sandbox has pull requests only as places to comment.
func pullsOfCommit(*request, string) reply { return ok([]obj{}) }

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

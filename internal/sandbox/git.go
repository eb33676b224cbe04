package sandbox

import (
	"crypto/sha1" //nolint:gosec // git names objects by SHA-1
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Deleted as the content of a file removes it.
const Deleted = "\x00deleted"

const zeroSHA = "0000000000000000000000000000000000000000"

// Commit is one commit with its whole tree.
type Commit struct {
	SHA     string
	TreeSHA string
	Message string
	By      string
	Name    string
	Email   string
	Parents []string
	At      time.Time
	// Tree is path to content. It is shared between copies: never write to it.
	Tree  map[string]string
	Files []FileChange
}

// FileChange is how a commit changed one path against its first parent.
type FileChange struct {
	Path   string
	Status string // added, modified or removed.
	Blob   string
	Adds   int
	Dels   int
}

// Title is the first line of the message.
func (c Commit) Title() string {
	title, _, _ := strings.Cut(c.Message, "\n")
	return title
}

// Push is what a person (or an app) pushes to a branch.
type Push struct {
	Branch  string
	By      string
	Message string
	// Files are written over the tree of the parent; the content Deleted removes one.
	Files map[string]string
	// Force replaces the head: the new commit's parent is From, or the parent of the old head.
	Force bool
	// From is the branch or commit a new branch starts at; by default the default branch.
	From string
	// CreateOnly makes the branch at From without a commit.
	CreateOnly bool
}

var errNoRef = errors.New("no such branch, tag or commit")

// Push commits and moves a branch, sends the webhooks and starts the workflows. It returns the branch's new head.
func (w *World) Push(repo string, p Push) (sha string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, by, err := w.repoAndUser(repo, p.By)
	if err != nil {
		return "", fmt.Errorf("push: %w", err)
	}
	before, exists := r.branches[p.Branch]
	if p.CreateOnly && exists {
		return "", fmt.Errorf("push: branch %s exists already", p.Branch)
	}
	parent, err := r.parentFor(p, before)
	if err != nil {
		return "", fmt.Errorf("push: %w", err)
	}
	head := parent
	if !p.CreateOnly {
		head = w.commit(r, by, p.Message, parent, p.Files)
	}
	if head == "" {
		return "", fmt.Errorf("push: %s has no commit to start %s from", repo, p.Branch)
	}
	r.branches[p.Branch] = head
	r.pushedAt = w.now()
	w.pushed(r, pushed{ref: "refs/heads/" + p.Branch, before: before, after: head, by: by, forced: p.Force && exists})
	return head, nil
}

// PushTag makes a tag at a branch or commit and sends the webhooks.
func (w *World) PushTag(repo, tag, at, by string) (sha string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return "", fmt.Errorf("push tag: %w", err)
	}
	sha, ok := r.resolve(at)
	if !ok {
		return "", fmt.Errorf("push tag: %s: %w", at, errNoRef)
	}
	before := r.tags[tag]
	r.tags[tag] = sha
	w.pushed(r, pushed{ref: "refs/tags/" + tag, before: before, after: sha, by: u})
	return sha, nil
}

// DeleteBranch removes a branch and sends the push webhook that says so.
func (w *World) DeleteBranch(repo, branch, by string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return fmt.Errorf("delete branch: %w", err)
	}
	before, ok := r.branches[branch]
	if !ok {
		return fmt.Errorf("delete branch: %s: %w", branch, errNoRef)
	}
	delete(r.branches, branch)
	w.pushed(r, pushed{ref: "refs/heads/" + branch, before: before, by: u})
	return nil
}

func (w *World) repoAndUser(repo, login string) (*Repo, *User, error) {
	r, err := w.repo(repo)
	if err != nil {
		return nil, nil, err
	}
	u, err := w.user(login)
	if err != nil {
		return nil, nil, err
	}
	return r, u, nil
}

// parentFor says which commit a push builds on; "" for the first commit of the repository.
func (r *Repo) parentFor(p Push, head string) (string, error) {
	if p.From != "" {
		sha, ok := r.resolve(p.From)
		if !ok {
			return "", fmt.Errorf("from %s: %w", p.From, errNoRef)
		}
		return sha, nil
	}
	if head == "" {
		return r.branches[r.DefaultBranch], nil
	}
	if old := r.commits[head]; p.Force && len(old.Parents) > 0 {
		return old.Parents[0], nil
	}
	return head, nil
}

// resolve finds the commit of a branch, tag, full ref, or SHA of at least 7 digits.
func (r *Repo) resolve(ref string) (sha string, ok bool) {
	if ref == "" || ref == "HEAD" {
		ref = r.DefaultBranch
	}
	if sha, ok = r.branches[strings.TrimPrefix(strings.TrimPrefix(ref, "refs/"), "heads/")]; ok {
		return sha, true
	}
	if sha, ok = r.tags[strings.TrimPrefix(strings.TrimPrefix(ref, "refs/"), "tags/")]; ok {
		return sha, true
	}
	if _, ok = r.commits[ref]; ok {
		return ref, true
	}
	if len(ref) < 7 {
		return "", false
	}
	for full := range r.commits {
		if strings.HasPrefix(full, ref) {
			return full, true
		}
	}
	return "", false
}

// commit stores a new commit on top of parent and returns its SHA.
func (w *World) commit(r *Repo, by *User, message, parent string, files map[string]string) string {
	tree := map[string]string{}
	c := &Commit{Message: message, By: by.Login, Name: by.Name, Email: by.Email, At: w.now()}
	if old, ok := r.commits[parent]; ok {
		maps.Copy(tree, old.Tree)
		c.Parents = []string{parent}
	}
	for path, content := range files {
		if content == Deleted {
			delete(tree, path)
		} else {
			tree[path] = content
		}
	}
	c.Tree, c.TreeSHA = tree, treeSHA(tree)
	c.Files = changes(r.treeOf(parent), tree)
	c.SHA = gitSHA("commit", fmt.Sprintf("tree %s\nparent %s\nauthor %s <%s> %d +0000\n\n%s",
		c.TreeSHA, parent, c.Name, c.Email, c.At.Unix(), message))
	if _, exists := r.commits[c.SHA]; !exists {
		r.commits[c.SHA] = c
		r.order = append(r.order, c.SHA)
	}
	return c.SHA
}

func (r *Repo) treeOf(sha string) map[string]string {
	if c, ok := r.commits[sha]; ok {
		return c.Tree
	}
	return nil
}

// changes compares two trees, sorted by path.
func changes(old, tree map[string]string) []FileChange {
	var out []FileChange
	for path, content := range tree {
		before, existed := old[path]
		switch {
		case !existed:
			out = append(out, FileChange{Path: path, Status: "added", Blob: blobSHA(content), Adds: lines(content)})
		case before != content:
			out = append(out, FileChange{Path: path, Status: "modified", Blob: blobSHA(content), Adds: lines(content), Dels: lines(before)})
		}
	}
	for path, before := range old {
		if _, exists := tree[path]; !exists {
			out = append(out, FileChange{Path: path, Status: "removed", Blob: blobSHA(before), Dels: lines(before)})
		}
	}
	slices.SortFunc(out, func(a, b FileChange) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// history lists the commits reachable from sha, newest first along first parents, then the others.
func (r *Repo) history(sha string) []*Commit {
	var out []*Commit
	seen := map[string]bool{}
	queue := []string{sha}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		c, ok := r.commits[next]
		if !ok || seen[next] {
			continue
		}
		seen[next] = true
		out = append(out, c)
		queue = append(queue, c.Parents...)
	}
	return out
}

// between lists the commits that head has and base has not, oldest first, and their merge base.
func (r *Repo) between(base, head string) (commits []*Commit, mergeBase string) {
	known := map[string]bool{}
	for _, c := range r.history(base) {
		known[c.SHA] = true
	}
	for _, c := range r.history(head) {
		if known[c.SHA] {
			if mergeBase == "" {
				mergeBase = c.SHA
			}
			continue
		}
		commits = append(commits, c)
	}
	slices.Reverse(commits)
	return commits, mergeBase
}

func gitSHA(kind, content string) string {
	sum := sha1.Sum([]byte(fmt.Sprintf("%s %d\x00%s", kind, len(content), content))) //nolint:gosec // git's own hash
	return hex.EncodeToString(sum[:])
}

func blobSHA(content string) string { return gitSHA("blob", content) }

func treeSHA(tree map[string]string) string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		fmt.Fprintf(&b, "100644 %s\x00%s\n", path, blobSHA(tree[path]))
	}
	return gitSHA("tree", b.String())
}

func lines(s string) int {
	if s == "" {
		return 0
	}
	return strings.Count(strings.TrimSuffix(s, "\n"), "\n") + 1
}

package github

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// mostFiles is where GitHub ends the list of files of a comparison.
const mostFiles = 300

// Commit is one commit.
type Commit struct {
	SHA       string
	Message   string
	HTMLURL   string
	Author    Person
	Committer Person
	CoAuthors []Person // CoAuthors have only a name and an address, from the "Co-authored-by:" lines.
	Parents   []string
	At        time.Time // At is the committer's time.
}

// Comparison is what lies between two commits.
type Comparison struct {
	HTMLURL   string
	Status    string // Status is ahead, behind, diverged or identical.
	Ahead     int
	Behind    int
	Commits   []Commit // Commits has at most 250.
	Files     []ChangedFile
	Truncated bool   // Truncated says that there are more commits or files than listed.
	MergeBase string // MergeBase is where the histories part; Files are what changed since.
	AllFiles  bool   // AllFiles says that no changed file is left out.
}

// ChangedFile is one file of a comparison.
type ChangedFile struct {
	Path     string
	Previous string // Previous is the path before a rename.
	Status   string // Status is added, modified, removed, renamed, copied, changed or unchanged.
}

// Head gives the commit to which a branch, tag or SHA leads. "heads/NAME" and "tags/NAME" tell equal names apart.
func (r *Repo) Head(ctx context.Context, ref string) (string, error) {
	const op = "read a ref"
	ref = strings.TrimPrefix(ref, "refs/")
	if _, err := segments(op, "ref", ref); err != nil {
		return "", err
	}
	var sha string
	err := r.call(ctx, contents(op), func(ctx context.Context, c *gh.Client) error {
		var err error
		sha, _, err = c.Repositories.GetCommitSHA1(ctx, r.ref.Owner, r.ref.Name, ref, "")
		return err
	})
	if err != nil {
		return "", missingCommit(err)
	}
	if sha = strings.TrimSpace(sha); !shaForm.MatchString(sha) {
		return "", &Error{Class: Unexpected, Op: op, Message: "the answer is not a commit's SHA"}
	}
	return sha, nil
}

var shaForm = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// Commit reads one commit, by SHA or ref.
func (r *Repo) Commit(ctx context.Context, sha string) (Commit, error) {
	const op = "read a commit"
	ref, err := segments(op, "commit", sha)
	if err != nil {
		return Commit{}, err
	}
	var in gh.RepositoryCommit
	if err := r.get(ctx, contents(op), r.path("commits", ref)+"?per_page=1", &in); err != nil {
		return Commit{}, missingCommit(err)
	}
	return commitOf(&in), nil
}

// LastCommitOf finds who last changed a file, as seen from a ref.
func (r *Repo) LastCommitOf(ctx context.Context, path, ref string) (Commit, error) {
	const op = "read a file's last commit"
	q := url.Values{"path": {path}, "sha": {ref}, "per_page": {"1"}}
	var in []*gh.RepositoryCommit
	if err := r.get(ctx, contents(op), r.path("commits")+"?"+q.Encode(), &in); err != nil {
		return Commit{}, err
	}
	if len(in) == 0 {
		return Commit{}, &Error{Class: NotFound, Op: op, Message: redact("no commit changed "+path, "")}
	}
	return commitOf(in[0]), nil
}

// Compare lists what head has that base has not.
func (r *Repo) Compare(ctx context.Context, base, head string) (Comparison, error) {
	const op = "compare commits"
	for _, ref := range []string{base, head} {
		if _, err := segments(op, "ref", ref); err != nil {
			return Comparison{}, err
		}
	}
	var in *gh.CommitsComparison
	err := r.call(ctx, contents(op), func(ctx context.Context, c *gh.Client) error {
		var err error
		in, _, err = c.Repositories.CompareCommits(ctx, r.ref.Owner, r.ref.Name, base, head, nil)
		return err
	})
	if err != nil {
		return Comparison{}, err
	}
	out := Comparison{HTMLURL: in.GetHTMLURL(), Status: in.GetStatus(), Ahead: in.GetAheadBy(), Behind: in.GetBehindBy()}
	for _, c := range in.Commits {
		out.Commits = append(out.Commits, commitOf(c))
	}
	for _, f := range in.Files {
		out.Files = append(out.Files, ChangedFile{Path: f.GetFilename(), Previous: f.GetPreviousFilename(), Status: f.GetStatus()})
	}
	out.MergeBase, out.AllFiles = in.GetMergeBaseCommit().GetSHA(), len(out.Files) < mostFiles
	out.Truncated = in.GetTotalCommits() > len(out.Commits) || len(out.Files) >= mostFiles
	return out, nil
}

func contents(op string) operation { return operation{name: op, needs: "contents: read"} }

// missingCommit gives one class to both ways in which GitHub says that there is no such commit.
func missingCommit(err error) error {
	if e, ok := err.(*Error); ok && e.Status == http.StatusUnprocessableEntity { //nolint:errorlint // It is made here and not wrapped.
		e.Class = NotFound
	}
	return err
}

func commitOf(in *gh.RepositoryCommit) Commit {
	c := Commit{
		SHA: in.GetSHA(), Message: in.GetCommit().GetMessage(), HTMLURL: in.GetHTMLURL(),
		Author: personOf(in.GetAuthor(), in.GetCommit().GetAuthor()), Committer: personOf(in.GetCommitter(), in.GetCommit().GetCommitter()),
		At: in.GetCommit().GetCommitter().GetDate().Time,
	}
	c.CoAuthors = coAuthors(c.Message)
	for _, p := range in.Parents {
		c.Parents = append(c.Parents, p.GetSHA())
	}
	return c
}

// personOf joins the account, which GitHub may not know, with what the commit says.
func personOf(user *gh.User, in *gh.CommitAuthor) Person {
	return Person{ID: user.GetID(), Login: user.GetLogin(), Type: user.GetType(), Name: in.GetName(), Email: in.GetEmail()}
}

var coAuthorLine = regexp.MustCompile(`(?im)^co-authored-by:[ \t]*(.*?)[ \t]*<([^<>\n]+)>[ \t\r]*$`)

func coAuthors(message string) []Person {
	var all []Person
	for _, m := range coAuthorLine.FindAllStringSubmatch(message, -1) {
		all = append(all, Person{Name: m[1], Email: m[2]})
	}
	return all
}

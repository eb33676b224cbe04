package github

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

const (
	pageSize = 100
	maxPages = 50 // Far above what GitHub lists; a longer answer is an error and not a silent cut.
)

// RepoRef names a repository and the installation through which it is reached.
type RepoRef struct {
	Installation int64
	ID           int64
	Owner        string
	Name         string
}

// String is owner/name.
func (r RepoRef) String() string { return r.Owner + "/" + r.Name }

// Repo makes the calls about one repository. It is a cheap handle, made whenever it is needed.
type Repo struct {
	app *App
	ref RepoRef
	as  *User // nil: the App itself
}

// Repo gives a handle. It calls nobody; a name that cannot be one fails at the first call.
func (a *App) Repo(r RepoRef) *Repo { return &Repo{app: a, ref: r} }

// Ref gives back what the handle was made from.
func (r *Repo) Ref() RepoRef { return r.ref }

// RepoInfo describes a repository.
type RepoInfo struct {
	ID            int64
	Owner         string
	OwnerType     string // OwnerType is "Organization" or "User".
	Name          string
	DefaultBranch string
	HTMLURL       string
	Private       bool
	Archived      bool
}

// Info reads the repository.
func (r *Repo) Info(ctx context.Context) (RepoInfo, error) {
	var in gh.Repository
	err := r.get(ctx, operation{name: "read repository", needs: "metadata: read"}, r.path(), &in)
	if err != nil {
		return RepoInfo{}, err
	}
	return RepoInfo{
		ID: in.GetID(), Owner: in.GetOwner().GetLogin(), OwnerType: in.GetOwner().GetType(), Name: in.GetName(),
		DefaultBranch: in.GetDefaultBranch(), HTMLURL: in.GetHTMLURL(), Private: in.GetPrivate(), Archived: in.GetArchived(),
	}, nil
}

// call runs one request against the repository, after a look at its name, which becomes part of an address.
func (r *Repo) call(ctx context.Context, o operation, f func(context.Context, *gh.Client) error) error {
	if r.ref.Installation <= 0 {
		return invalid(o.name, "no installation is known for %q", r.ref.String())
	}
	if !isName(r.ref.Owner) || !isName(r.ref.Name) {
		return invalid(o.name, "%q is not the name of a repository", r.ref.String())
	}
	o.repo = r.ref.ID
	if r.as != nil {
		return r.as.do(ctx, o, f)
	}
	return r.app.do(ctx, r.ref.Installation, o, f)
}

// get reads one JSON answer; the path is relative, and its parts are escaped.
func (r *Repo) get(ctx context.Context, o operation, path string, out any) error {
	return r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		_, err := send(ctx, c, "GET", path, nil, out)
		return err
	})
}

// path joins escaped parts below the repository.
func (r *Repo) path(parts ...string) string {
	return strings.Join(append([]string{"repos", r.ref.Owner, r.ref.Name}, parts...), "/")
}

// send is for what go-github has no method for, or one that escapes nothing.
func send(ctx context.Context, c *gh.Client, method, path string, in, out any) (*gh.Response, error) {
	req, err := c.NewRequest(method, path, in)
	if err != nil {
		return nil, err
	}
	return c.Do(ctx, req, out)
}

// pages reads a list to its end. The function reads one page into its own variables and says how many entries it held.
func (r *Repo) pages(ctx context.Context, o operation, path string, query url.Values, page func(decode func(any) error) error) error {
	for n := 1; n <= maxPages; n++ {
		var next int
		err := page(func(out any) error {
			q := url.Values{"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(n)}}
			for k, v := range query {
				q[k] = v
			}
			return r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
				resp, err := send(ctx, c, "GET", path+"?"+q.Encode(), nil, out)
				if resp != nil {
					next = resp.NextPage
				}
				return err
			})
		})
		if err != nil || next == 0 {
			return err
		}
	}
	return &Error{Class: Unexpected, Op: o.name, Message: "the list does not end after " + strconv.Itoa(maxPages) + " pages"}
}

// list reads a list whose pages are plain arrays.
func list[T any](ctx context.Context, r *Repo, o operation, path string, query url.Values) ([]T, error) {
	var all []T
	err := r.pages(ctx, o, path, query, func(decode func(any) error) error {
		var page []T
		err := decode(&page)
		all = append(all, page...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// newest reads only the first page of a list.
func newest[T any](ctx context.Context, r *Repo, o operation, path string, query url.Values) ([]T, error) {
	q := url.Values{"per_page": {strconv.Itoa(pageSize)}}
	for k, v := range query {
		q[k] = v
	}
	var page []T
	err := r.get(ctx, o, path+"?"+q.Encode(), &page)
	return page, err
}

func isName(s string) bool {
	return s != "." && s != ".." && nameForm.MatchString(s)
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// segment escapes one part of a path, also one with slashes in it; it refuses what would climb out of its place.
func segment(op, what, s string) (string, error) {
	if s == "" || s == "." || s == ".." {
		return "", invalid(op, "%q is not a usable %s", s, what)
	}
	return url.PathEscape(s), nil
}

// segments escapes each part of a path that may have several, such as a branch or a file.
func segments(op, what, s string) (string, error) {
	parts := strings.Split(strings.Trim(s, "/"), "/")
	for i, part := range parts {
		escaped, err := segment(op, what, part)
		if err != nil {
			return "", invalid(op, "%q is not a usable %s", s, what)
		}
		parts[i] = escaped
	}
	return strings.Join(parts, "/"), nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

package github

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

// User makes calls with a person's own token, which may do what both the App and
// the person may. It is a cheap handle.
type User struct {
	app   *App
	id    int64 // who it is, for the limits; 0 while not known
	token string
}

// As gives a handle for a person. It calls nobody.
func (a *App) As(id int64, token string) *User { return &User{app: a, id: id, token: token} }

// Repo gives a handle by which the person acts on a repository.
func (u *User) Repo(r RepoRef) *Repo { return &Repo{app: u.app, ref: r, as: u} }

// Self asks whose token it is.
func (u *User) Self(ctx context.Context) (Person, error) {
	var in personJSON
	err := u.do(ctx, operation{name: "read who signed in"}, func(ctx context.Context, c *gh.Client) error {
		_, err := send(ctx, c, "GET", "user", nil, &in)
		return err
	})
	return in.person(), err
}

// Repositories lists every repository that the person can see and that the App
// is installed on, with the installation.
func (u *User) Repositories(ctx context.Context) ([]RepoRef, error) {
	var all []RepoRef
	err := u.pages(ctx, "list a person's installations", "user/installations", func(decode func(any) error) error {
		var in struct {
			Installations []struct {
				ID int64 `json:"id"`
			} `json:"installations"`
		}
		if err := decode(&in); err != nil {
			return err
		}
		for _, i := range in.Installations {
			repos, err := u.repositoriesOf(ctx, i.ID)
			if err != nil {
				return err
			}
			all = append(all, repos...)
		}
		return nil
	})
	if err != nil {
		return nil, err // a part must not pass for the whole
	}
	return all, nil
}

func (u *User) repositoriesOf(ctx context.Context, installation int64) ([]RepoRef, error) {
	var all []RepoRef
	path := "user/installations/" + number(installation) + "/repositories"
	err := u.pages(ctx, "list a person's repositories", path, func(decode func(any) error) error {
		var in struct {
			Repositories []struct {
				ID    int64      `json:"id"`
				Name  string     `json:"name"`
				Owner personJSON `json:"owner"`
			} `json:"repositories"`
		}
		if err := decode(&in); err != nil {
			return err
		}
		for _, r := range in.Repositories {
			all = append(all, RepoRef{Installation: installation, ID: r.ID, Owner: r.Owner.Login, Name: r.Name})
		}
		return nil
	})
	return all, err
}

// pages reads a list to its end.
func (u *User) pages(ctx context.Context, name, path string, page func(decode func(any) error) error) error {
	for n := 1; n > 0; {
		if n > maxPages {
			return &Error{Class: Unexpected, Op: name, Message: "the list has no end"}
		}
		next := 0
		err := page(func(out any) error {
			q := url.Values{"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(n)}}
			return u.do(ctx, operation{name: name}, func(ctx context.Context, c *gh.Client) error {
				resp, err := send(ctx, c, "GET", path+"?"+q.Encode(), nil, out)
				if resp != nil {
					next = resp.NextPage
				}
				return err
			})
		})
		if err != nil {
			return err
		}
		n = next
	}
	return nil
}

// do makes one call as the person. His limits are his own, apart from those of
// the installations.
func (u *User) do(ctx context.Context, o operation, f func(context.Context, *gh.Client) error) error {
	client := gh.NewClient(&http.Client{Transport: u.app.guard.middleware(&bearer{token: u.token, base: u.app.wire})})
	client.BaseURL, client.UserAgent = u.app.guard.base, u.app.agent
	c := &call{operation: o, installation: -u.id, priority: priorityOf(ctx), person: true}
	timed, cancel := context.WithTimeout(withCall(ctx, c), requestTimeout)
	defer cancel()
	if err := f(timed, client); err != nil {
		return c.failure(ctx, err)
	}
	return nil
}

// bearer adds a person's token.
type bearer struct {
	token string
	base  http.RoundTripper
}

// RoundTrip sends a copy: a request belongs to its caller.
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	c := req.Clone(req.Context())
	c.Header.Set("Authorization", "Bearer "+b.token)
	return b.base.RoundTrip(c)
}

// Review answers "Review deployments" as the person whose token it is. It counts
// once; after Ambiguous, or an error that says that nothing waits, read what
// waits and who reviewed before anything else.
func (r *Repo) Review(ctx context.Context, runID int64, environments []int64, state Verdict, comment string) error {
	const op = "review a deployment"
	switch {
	case r.as == nil:
		return invalid(op, "only a person can review: no person's token was given")
	case state != Approved && state != Rejected:
		return invalid(op, "%q is not a verdict; expected approved or rejected", string(state))
	case len(environments) == 0:
		return invalid(op, "no environment was given")
	}
	body := struct {
		Environments []int64 `json:"environment_ids"`
		State        Verdict `json:"state"`
		Comment      string  `json:"comment"`
	}{environments, state, strings.TrimSpace(cutBytes(comment, doorBytes, "…"))}
	o := operation{name: op, effect: once, needs: "deployments: write"}
	return r.write(ctx, o, "POST", r.path("actions/runs", number(runID), "pending_deployments"), body, nil)
}

package github

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// Self is the App as GitHub knows it.
type Self struct {
	ID          int64
	Slug        string
	Name        string
	HTMLURL     string
	BotLogin    string // BotLogin is slug[bot], the author of what the App does.
	BotID       int64  // BotID is zero while the App is installed nowhere.
	Permissions map[string]string
	Events      []string
}

// Installation is one account that installed the App.
type Installation struct {
	ID          int64
	Account     Person
	HTMLURL     string
	Suspended   bool
	AllRepos    bool // AllRepos says that it covers every repository of the account.
	Permissions map[string]string
	Events      []string
}

// appJSON is an App or an installation. go-github's types know only the permissions of their time.
type appJSON struct {
	ID          int64             `json:"id"`
	Slug        string            `json:"slug"`
	Name        string            `json:"name"`
	HTMLURL     string            `json:"html_url"`
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
	Account     personJSON        `json:"account"`
	Selection   string            `json:"repository_selection"`
	SuspendedAt *time.Time        `json:"suspended_at"`
}

func (in appJSON) installation() Installation {
	return Installation{
		ID: in.ID, Account: in.Account.person(), HTMLURL: in.HTMLURL, Suspended: in.SuspendedAt != nil,
		AllRepos: in.Selection == "all", Permissions: in.Permissions, Events: in.Events,
	}
}

// Self reads the App and its bot user, once: what succeeded completely is remembered.
func (a *App) Self(ctx context.Context) (Self, error) {
	a.mu.Lock()
	known := a.self
	a.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	self, err := a.Settings(ctx)
	if err != nil {
		return Self{}, err
	}
	id, err := a.botID(ctx, self.BotLogin)
	if err != nil || id == 0 {
		return self, err
	}
	self.BotID = id
	a.mu.Lock()
	defer a.mu.Unlock()
	a.self = &self
	return self, nil
}

// Settings reads the App as it is now, without its bot user.
func (a *App) Settings(ctx context.Context) (Self, error) {
	var in appJSON
	if err := a.getAsApp(ctx, "read the App", "app", &in); err != nil {
		return Self{}, err
	}
	return Self{
		ID: in.ID, Slug: in.Slug, Name: in.Name, HTMLURL: in.HTMLURL, BotLogin: in.Slug + "[bot]",
		Permissions: in.Permissions, Events: in.Events,
	}, nil
}

// botID asks as an installation, because GitHub does not serve users to an App's own token.
func (a *App) botID(ctx context.Context, login string) (int64, error) {
	all, err := a.Installations(ctx)
	if err != nil {
		return 0, err
	}
	for _, in := range all {
		if in.Suspended {
			continue
		}
		p, err := a.user(ctx, in.ID, login)
		return p.ID, err
	}
	return 0, nil
}

// Installations lists every account that installed the App.
func (a *App) Installations(ctx context.Context) ([]Installation, error) {
	const op = "list installations"
	var all []Installation
	for page := 1; page <= maxPages; page++ {
		var next int
		var some []appJSON
		err := a.do(ctx, 0, operation{name: op}, func(ctx context.Context, c *gh.Client) error {
			q := url.Values{"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)}}
			resp, err := send(ctx, c, "GET", "app/installations?"+q.Encode(), nil, &some)
			if resp != nil {
				next = resp.NextPage
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, in := range some {
			all = append(all, in.installation())
		}
		if next == 0 {
			return all, nil
		}
	}
	return nil, &Error{Class: Unexpected, Op: op, Message: "the list does not end"}
}

// InstallationOf finds the installation that covers a repository. NotFound means that the App is not installed there.
func (a *App) InstallationOf(ctx context.Context, owner, repo string) (Installation, error) {
	const op = "find installation"
	if !isName(owner) || !isName(repo) {
		return Installation{}, invalid(op, "%q is not the name of a repository", owner+"/"+repo)
	}
	var in appJSON
	err := a.getAsApp(ctx, op, "repos/"+owner+"/"+repo+"/installation", &in)
	return in.installation(), err
}

func (a *App) getAsApp(ctx context.Context, op, path string, out any) error {
	return a.do(ctx, 0, operation{name: op}, func(ctx context.Context, c *gh.Client) error {
		_, err := send(ctx, c, "GET", path, nil, out)
		return err
	})
}

// isClass says whether an error is of a class.
func isClass(err error, class Class) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == class
}

package firebase

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// scope covers every call of the package.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// requestTimeout bounds one request; Google itself ends most of them after 30 seconds.
const requestTimeout = 40 * time.Second

// Options are what the process lends to its Client.
type Options struct {
	// BaseURL replaces every Google host: https://HOST/path becomes BaseURL/HOST/path, so that services with equal paths stay
	// apart. Empty means Google itself. It is the variable GATEHOUSE_GOOGLE_API_URL.
	BaseURL string
	// Tokens is the identity of the process. Nil means Application Default Credentials; with a BaseURL, the word "owner", which
	// emulators accept.
	Tokens oauth2.TokenSource
	// Transport carries the requests; nil means that of net/http. It must not retry by itself.
	Transport http.RoundTripper
	// Clock tells the time; it must not be nil.
	Clock func() time.Time
	// Pause spends the moment before a second try, and ends early with its context. Nil means that nothing is tried twice.
	Pause func(context.Context, time.Duration) error
}

// Client reaches the Google APIs. It is safe for concurrent use.
type Client struct {
	opt  Options
	base string
	http http.RoundTripper

	mu       sync.Mutex // It guards what follows.
	own      oauth2.TokenSource
	projects map[Target]*Project
}

// Target is one project and who acts in it, as the operator's binding says.
type Target struct {
	Project string
	// Impersonate is the e-mail of the service account to act as; empty means the process's own identity.
	Impersonate string
}

// New checks the options. It makes no call.
func New(opt Options) (*Client, error) {
	if opt.Clock == nil {
		return nil, errors.New("firebase: Options.Clock is nil")
	}
	c := &Client{opt: opt, own: opt.Tokens, projects: map[Target]*Project{}}
	if opt.BaseURL != "" {
		u, err := url.Parse(opt.BaseURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" {
			return nil, errors.New("GATEHOUSE_GOOGLE_API_URL is no address: set it to something like http://127.0.0.1:8080/google, or leave it empty for Google itself")
		}
		c.base = strings.TrimSuffix(opt.BaseURL, "/")
	}
	if c.http = opt.Transport; c.http == nil {
		c.http = http.DefaultTransport
	}
	return c, nil
}

// address is where a host's API is found, with a slash at its end.
func (c *Client) address(host string) string {
	if c.base == "" {
		return "https://" + host + "/"
	}
	return c.base + "/" + host + "/"
}

// identity is who the process is. Credentials are looked for at the first call, so that a process without any can still start.
func (c *Client) identity(ctx context.Context) (oauth2.TokenSource, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own != nil {
		return c.own, nil
	}
	if c.base != "" {
		c.own = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "owner"})
		return c.own, nil
	}
	found, err := google.FindDefaultCredentials(context.WithoutCancel(ctx), scope)
	if err != nil {
		return nil, err
	}
	c.own = oauth2.ReuseTokenSource(nil, found.TokenSource)
	return c.own, nil
}

// projectID is what Google allows, which also keeps a path from being escaped.
var projectID = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)

// accountEmail is a service account's name.
var accountEmail = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*@[a-z0-9.-]+\.[a-z]+$`)

// Project is a handle on one project. The same target gives the same handle.
func (c *Client) Project(t Target) (*Project, error) {
	if !projectID.MatchString(t.Project) {
		return nil, invalid(t.Project, "open a project", "%q is no project id: 6 to 30 lower-case letters, digits and hyphens", t.Project)
	}
	if t.Impersonate != "" && !accountEmail.MatchString(t.Impersonate) {
		return nil, invalid(t.Project, "open a project", "%q is no e-mail of a service account", t.Impersonate)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, known := c.projects[t]; known {
		return p, nil
	}
	p, err := newProject(c, t)
	if err != nil {
		return nil, err
	}
	c.projects[t] = p
	return p, nil
}

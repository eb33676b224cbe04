package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// guest is a person before a browser, signed in to Gatehouse with the town's
// GitHub.
type guest struct {
	client *http.Client
	base   string // of Gatehouse, without a slash at the end
}

// signIn goes the way through GitHub as this person.
func signIn(ctx context.Context, base, login string) (*guest, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	g := &guest{base: strings.TrimRight(base, "/"), client: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
	g.client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > 10 {
			return errors.New("led about in a circle")
		}
		if strings.HasSuffix(req.URL.Path, "/login/oauth/authorize") { // on GitHub's page: it is me
			q := req.URL.Query()
			q.Set("as", login)
			req.URL.RawQuery = q.Encode()
		}
		return nil
	}
	page, err := g.get(ctx, "/login/github?to=/account")
	if err == nil && !strings.Contains(page, "Sign out") {
		err = fmt.Errorf("%s could not sign in", login)
	}
	return g, err
}

// shownRelease is the field by which a run's page says what is decided about.
var shownRelease = regexp.MustCompile(`name="release" value="([0-9a-f]+)"`)

// decide presses a button on the page of a run.
func (g *guest) decide(ctx context.Context, page, verb, reason string) error {
	body, err := g.get(ctx, page)
	if err != nil {
		return err
	}
	m := shownRelease.FindStringSubmatch(body)
	if m == nil {
		return fmt.Errorf("the page %s has no form", page)
	}
	return g.post(ctx, page, url.Values{"release": {m[1]}, "verb": {verb}, "reason": {reason}})
}

func (g *guest) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.at(path), nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "text/html")
	return g.do(req)
}

func (g *guest) post(ctx context.Context, path string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.at(path), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", g.base)
	_, err = g.do(req)
	return err
}

// at finds a page by its path or its address.
func (g *guest) at(path string) string {
	if strings.HasPrefix(path, "/") {
		return g.base + path
	}
	return path
}

func (g *guest) do(req *http.Request) (string, error) {
	resp, err := g.client.Do(req) //nolint:gosec // an address of this story's own servers
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: status %d", req.Method, req.URL.Path, resp.StatusCode)
	}
	return string(body), err
}

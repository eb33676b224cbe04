package github_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// TestClasses gives the class of each answer, for a read, for a write that may be repeated, and for one that may not.
func TestClasses(t *testing.T) {
	tests := []struct {
		status            int
		body              string
		read, again, once github.Class
	}{
		{400, `{"message":"Problems parsing JSON"}`, github.Invalid, github.Invalid, github.Invalid},
		{401, `{"message":"Bad credentials"}`, github.Unauthorized, github.Unauthorized, github.Unauthorized},
		{403, `{"message":"Resource not accessible by integration"}`, github.Forbidden, github.Forbidden, github.Forbidden},
		{403, `{"message":"This installation has been suspended"}`, github.Suspended, github.Suspended, github.Suspended},
		{404, `{"message":"Not Found"}`, github.NotFound, github.NotFound, github.NotFound},
		{408, ``, github.Unavailable, github.Unavailable, github.Ambiguous},
		{409, `{"message":"Conflict"}`, github.Conflict, github.Conflict, github.Conflict},
		{410, `{"message":"Gone"}`, github.NotFound, github.NotFound, github.NotFound},
		{418, ``, github.Unexpected, github.Unexpected, github.Unexpected},
		{422, `{"message":"Validation Failed"}`, github.Invalid, github.Invalid, github.Invalid},
		{451, `{"message":"Repository access blocked"}`, github.Forbidden, github.Forbidden, github.Forbidden},
		{500, ``, github.Unavailable, github.Unavailable, github.Ambiguous},
		{502, `<html>`, github.Unavailable, github.Unavailable, github.Ambiguous},
		{503, `{"message":"Service unavailable"}`, github.Unavailable, github.Unavailable, github.Ambiguous},
		{504, ``, github.Unavailable, github.Unavailable, github.Ambiguous},
		{200, `{"id":`, github.Unavailable, github.Unavailable, github.Ambiguous},
		{200, `{"id":"x"}`, github.Unexpected, github.Unexpected, github.Ambiguous},
	}
	for _, tt := range tests {
		t.Run(http.StatusText(tt.status)+tt.body, func(t *testing.T) {
			f := newFake(t, "")
			f.on("*", reply(tt.status, tt.body, "X-GitHub-Request-Id", "AB:CD"))
			r := f.repo()
			_, err := r.Info(background())
			e := failed(t, err, tt.read)
			equal(t, "request id", e.RequestID, "AB:CD")
			equal(t, "status", e.Status, tt.status)
			fails(t, r.React(background(), 1, github.Eyes), tt.again)
			_, err = r.Comment(background(), 1, "x")
			fails(t, err, tt.once)
		})
	}
}

// TestErrorWords holds the sentences that people read.
func TestErrorWords(t *testing.T) {
	tests := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"what GitHub asks for": {
			reply(403, `{"message":"Resource not accessible by integration"}`, "X-Accepted-GitHub-Permissions", "issues=write; pull_requests=write"),
			"github: comment on an issue: forbidden (HTTP 403): Resource not accessible by integration; grant the App the permission issues: write or pull_requests: write and accept it in the organization",
		},
		"what we know": {
			reply(403, `{"message":"Resource not accessible by integration"}`, "X-GitHub-Request-Id", "AB:CD"),
			"github: comment on an issue: forbidden (HTTP 403): Resource not accessible by integration; grant the App the permission issues: write and accept it in the organization [request AB:CD]",
		},
		"the last request of the hour": {
			reply(403, `{"message":"Resource not accessible by integration"}`, "X-RateLimit-Remaining", "0", "X-Accepted-GitHub-Permissions", "issues=write"),
			"github: comment on an issue: forbidden (HTTP 403): Resource not accessible by integration; grant the App the permission issues: write and accept it in the organization",
		},
		"details": {
			reply(422, `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"body","code":"missing"},"and this"]}`),
			"github: comment on an issue: invalid (HTTP 422): Validation Failed: Issue body missing: and this",
		},
		"doubt": {reply(502, ``), "github: comment on an issue: ambiguous (HTTP 502); it may have happened: look before trying again"},
		"limit": {reply(429, secondary, "Retry-After", "60"), "github: comment on an issue: rate limited (HTTP 429): You have exceeded a secondary rate limit.; try again at 2090-03-04T12:01:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "")
			f.on("*", tt.answer)
			_, err := f.repo().Comment(background(), 1, "x")
			if err == nil || strings.ReplaceAll(err.Error(), "API rate limit", "") != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestTokenRefused tells the ways in which an installation can be lost. Nothing was sent, so nothing is in doubt.
func TestTokenRefused(t *testing.T) {
	tests := []struct {
		answer http.HandlerFunc
		want   github.Class
	}{
		{reply(404, `{"message":"Not Found"}`), github.Uninstalled},
		{reply(403, `{"message":"This installation has been suspended"}`), github.Suspended},
		{reply(403, `{"message":"IP not allowed"}`), github.Forbidden},
		{reply(401, `{"message":"A JSON web token could not be decoded"}`), github.Unauthorized},
		{reply(500, ``), github.Unavailable},
		{reply(201, `<html>`), github.Unavailable},
		{reply(429, secondary, "Retry-After", "9"), github.RateLimited},
		{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, github.Unavailable},
	}
	for _, tt := range tests {
		f := newFake(t, "")
		f.on("POST /app/installations/5/access_tokens", tt.answer)
		_, err := f.repo().Comment(background(), 1, "x")
		e := failed(t, err, tt.want)
		equal(t, "permission", e.Permission, "")
		equal(t, "requests", len(f.requests()), 0)
	}
}

// TestConnectionLost is in doubt for a write only if the request may have left.
func TestConnectionLost(t *testing.T) {
	f := newFake(t, "")
	f.on("*", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	r := f.repo()
	_, err := r.Comment(background(), 1, "x")
	fails(t, err, github.Ambiguous)
	_, err = r.Info(background())
	fails(t, err, github.Unavailable)
}

func TestConnectionRefused(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(200, `{}`))
	dial := true
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if !dial {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}}
	a, err := github.New(github.Config{AppID: appID, PrivateKey: privateKey(), V3URL: f.url}, github.Options{Clock: f.now, Transport: transport})
	ok(t, err)
	_, err = a.Repo(ref()).Comment(background(), 1, "x")
	ok(t, err)
	dial = false
	_, err = a.Repo(ref()).Comment(background(), 1, "x")
	fails(t, err, github.Unavailable)
}

// silent answers requests for tokens, and never anything else.
type silent struct{ sent chan struct{} }

func (s silent) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/access_tokens") {
		body := io.NopCloser(strings.NewReader(`{"token":"` + token + `","expires_at":"2195-01-01T00:00:00Z"}`))
		return &http.Response{StatusCode: 201, Body: body, Header: http.Header{}, Request: req}, nil
	}
	close(s.sent)
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// TestTimeLimit ends a request after 15 seconds, and cancellation of a write that left is still a doubt.
func TestTimeLimit(t *testing.T) {
	key := privateKey()
	tests := map[string]struct {
		call   func(context.Context, *github.Repo) error
		cancel bool
		want   github.Class
	}{
		"read, time limit":  {func(c context.Context, r *github.Repo) error { _, err := r.Info(c); return err }, false, github.Unavailable},
		"write, time limit": {func(c context.Context, r *github.Repo) error { _, err := r.Comment(c, 1, "x"); return err }, false, github.Ambiguous},
		"read, canceled":    {func(c context.Context, r *github.Repo) error { _, err := r.Info(c); return err }, true, github.Canceled},
		"write, canceled":   {func(c context.Context, r *github.Repo) error { _, err := r.Comment(c, 1, "x"); return err }, true, github.Ambiguous},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := silent{sent: make(chan struct{})}
				a, err := github.New(github.Config{AppID: appID, PrivateKey: key}, github.Options{Clock: time.Now, Transport: s})
				ok(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.cancel {
					go func() { <-s.sent; cancel() }()
				}
				began := time.Now()
				err = tt.call(ctx, a.Repo(ref()))
				e := failed(t, err, tt.want)
				equal(t, "canceled", errors.Is(e, context.Canceled), tt.cancel)
				if !tt.cancel {
					equal(t, "time", time.Since(began), 15*time.Second)
				}
			})
		})
	}
}

package main_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/cloudtasks"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/internal/taskstest"
)

// front is the one address of a fleet: each request goes to the next member that
// takes connections, as a load balancer has it.
type front struct {
	url   string
	certs string // stands in for Google's keys
	town  string
	mu    sync.Mutex
	addrs []string
	next  int
}

func newFront(t *testing.T, town string) *front {
	t.Helper()
	f := &front{town: town}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(*httputil.ProxyRequest) {}, Transport: f, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	srv := httptest.NewServer(proxy)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *front) add(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.addrs = append(f.addrs, addr)
}

// remove sends a member nothing more.
func (f *front) remove(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.addrs = slices.DeleteFunc(f.addrs, func(a string) bool { return a == addr })
}

// turn is the members, each time another one first.
func (f *front) turn() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	var out []string
	for i := range f.addrs {
		out = append(out, f.addrs[(f.next+i)%len(f.addrs)])
	}
	return out
}

// RoundTrip sends a request to a member, or to what stands in for Google.
func (f *front) RoundTrip(r *http.Request) (*http.Response, error) {
	if path, ok := strings.CutPrefix(r.URL.Path, google.Prefix); ok {
		if strings.HasPrefix(path, taskstest.CertsHost) {
			return f.send(r, f.certs, "/"+path, nil)
		}
		body, err := bodyOf(r)
		if err != nil {
			return nil, err
		}
		return f.send(r, f.town, r.URL.Path, body)
	}
	body, err := bodyOf(r)
	if err != nil {
		return nil, err
	}
	err = errors.New("the fleet has no member")
	for _, addr := range f.turn() {
		var answer *http.Response
		answer, err = f.send(r, "http://"+addr, r.URL.Path, body)
		var refused *net.OpError
		if err == nil || !errors.As(err, &refused) || refused.Op != "dial" {
			return answer, err // what broke off under way may have been heard
		}
	}
	return nil, err
}

// bodyOf is the whole body, to be sent more than once.
func bodyOf(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	return io.ReadAll(r.Body)
}

func (*front) send(r *http.Request, base, path string, body []byte) (*http.Response, error) {
	to, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())
	again.URL.Scheme, again.URL.Host, again.URL.Path, again.Host = to.Scheme, to.Host, path, ""
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return http.DefaultTransport.RoundTrip(again)
}

// cron calls for a sweep every second, as Google's does every minute, until it is ended.
func (f *front) cron(ctx context.Context, token func() string) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+cloudtasks.SweepPath, http.NoBody)
			if err != nil {
				return
			}
			r.Header.Set("Authorization", "Bearer "+token())
			if answer, err := http.DefaultClient.Do(r); err == nil {
				_ = answer.Body.Close()
			}
		}
	}()
	return func() { cancel(); <-over }
}

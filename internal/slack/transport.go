package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 16 << 20

// transport sends each request once, and turns everything but an answer with ok:true into a *failure.
type transport struct {
	http  *http.Client
	clock func() time.Time
	log   *slog.Logger
	// redact guards against a server that repeats what it was sent.
	redact redactor

	mu    sync.Mutex
	until map[string]time.Time // until holds, by method, the end of its rate limit.
}

// failure is what went wrong on the wire, before it is explained.
type failure struct {
	status  int       // status is the HTTP status, 0 without an answer.
	code    string    // code is Slack's, empty when the answer held none.
	needed  string    // needed is the missing scope, if Slack named it.
	details []string  // details are Slack's own remarks, such as the path of a wrong block.
	retryAt time.Time // retryAt is set for a rate limit.
	sent    bool      // sent tells that Slack may have acted.
	cause   error     // cause is the transport's error; it is never shown whole.
}

// Error satisfies error; the text is for the debugger, people see Error.Message.
func (f *failure) Error() string { return "slack call failed: " + f.code }

func newTransport(opts Options, log *slog.Logger, redact redactor) *transport {
	client := opts.HTTPClient
	if client == nil {
		client = &http.Client{Timeout: DefaultTimeout}
	}
	own := *client
	// A redirect would carry the token, which is in the body, to another host.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &transport{http: &own, clock: opts.Clock, log: log, redact: redact, until: map[string]time.Time{}}
}

// Do performs one request for slack-go.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	method := path.Base(req.URL.Path)
	resp, err := t.once(method, req)
	var f *failure
	if errors.As(err, &f) {
		t.log.LogAttrs(req.Context(), slog.LevelDebug, "slack call failed", slog.String("op", method), slog.Int("status", f.status), slog.String("code", f.code))
		return nil, f
	}
	t.log.LogAttrs(req.Context(), slog.LevelDebug, "slack call", slog.String("op", method))
	return resp, nil
}

func (t *transport) once(method string, req *http.Request) (*http.Response, error) {
	if at, limited := t.limited(method); limited {
		return nil, &failure{code: "ratelimited", retryAt: at}
	}
	if err := req.Context().Err(); err != nil {
		return nil, &failure{cause: err}
	}
	var asked, wrote atomic.Bool
	trace := &httptrace.ClientTrace{GetConn: func(string) { asked.Store(true) }, WroteHeaders: func() { wrote.Store(true) }}
	resp, err := t.http.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		// A round tripper that reports no steps leaves open whether it sent.
		return nil, &failure{sent: wrote.Load() || !asked.Load(), cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case answer.Of(resp.StatusCode) == answer.Limited:
		return nil, &failure{status: resp.StatusCode, code: "ratelimited", retryAt: t.limit(method, resp.Header)}
	case err != nil:
		return nil, &failure{status: resp.StatusCode, sent: true, cause: err}
	case len(body) > maxAnswer:
		return nil, &failure{status: resp.StatusCode, code: "answer_too_large", sent: true}
	}
	if f := t.judge(method, resp.StatusCode, body); f != nil {
		return nil, f
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// judge returns nil for an answer with ok:true.
func (t *transport) judge(method string, status int, body []byte) *failure {
	var answer struct {
		OK       bool   `json:"ok"`
		Error    string `json:"error"`
		Needed   string `json:"needed"`
		Metadata struct {
			Messages []string `json:"messages"`
		} `json:"response_metadata"`
	}
	err := json.Unmarshal(body, &answer)
	if status == http.StatusOK && err == nil && answer.OK {
		return nil
	}
	f := &failure{status: status, sent: true}
	if err != nil {
		return f
	}
	f.code, f.needed, f.details = t.redact.text(answer.Error), answer.Needed, answer.Metadata.Messages
	if f.code == "ratelimited" || f.code == "rate_limited" {
		f.retryAt = t.limit(method, nil)
	}
	return f
}

func (t *transport) limited(method string) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.until[method]
	return at, ok && t.clock().Before(at)
}

func (t *transport) limit(method string, h http.Header) time.Time {
	at := answer.RetryAt(h, nil, t.clock())
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until[method] = at
	return at
}

// gaveUp returns the context's error inside err, or nil.
func gaveUp(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

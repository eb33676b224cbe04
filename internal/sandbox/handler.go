package sandbox

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
)

// obj is a JSON object.
type obj = map[string]any

// reply is an answer before it is written.
type reply struct {
	status int
	header http.Header
	body   any
	// raw goes out as it is when contentType is set.
	raw         []byte
	contentType string
}

// Handler serves REST, sites and pages on one listener; Slack.Handler adds Slack.
func (w *World) Handler() http.Handler {
	mux := http.NewServeMux()
	rest := newRouter()
	mux.Handle("/api/v3/", w.observe(KindGitHub, rest.name, rest.handler(w)))
	mux.Handle("/sites/", w.observe(KindSite, mounted, http.HandlerFunc(w.serveSite)))
	mux.Handle("POST /login/oauth/access_token", w.observe(KindOAuth, mounted, http.HandlerFunc(w.accessToken)))
	w.mountPages(mux)
	return mux
}

type callKey struct{}

// callOf is the record's entry of the request in hand, for handlers to add what they learn.
func callOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

// CallOf is the record's entry of the request in hand, for a service in a package of its own to add what it learns.
func CallOf(ctx context.Context) *Call { return callOf(ctx) }

// Observe puts a service of a package of its own under the World's record and faults.
// route names a request in the record.
func (w *World) Observe(kind CallKind, route func(*http.Request) string, next http.Handler) http.Handler {
	return w.observe(kind, route, next)
}

// mounted names the pattern that a request was found by.
func mounted(req *http.Request) string { return strings.TrimPrefix(req.Pattern, req.Method+" ") }

// named names every request alike.
func named(route string) func(*http.Request) string {
	return func(*http.Request) string { return route }
}

// observe records a request by the name of its route, lets faults interfere, and holds the answer back until the record
// has it.
func (w *World) observe(kind CallKind, route func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, 26<<20))
		if err != nil {
			return
		}
		call := &Call{
			At: w.clock.Now(), Kind: kind, Method: req.Method, Path: req.URL.EscapedPath(), Route: route(req), Query: req.URL.RawQuery, Body: body,
		}
		w.arrived(*call)
		fault := w.faults.pick(req.Method, req.URL.Path)
		call.Fault = string(fault.Kind)
		if !w.delay(req.Context(), fault) {
			w.done(*call)
			return
		}
		if fault.Kind == TokenExpired {
			w.expire(req.Header)
		}
		answer := &buffer{header: http.Header{}, status: http.StatusOK}
		wrong, faulty := fault.answer(w.clock.Now())
		if !faulty || fault.Ambiguous {
			req = req.WithContext(context.WithValue(req.Context(), callKey{}, call))
			req.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(answer, req)
			call.TrueStatus = answer.status
		}
		if faulty {
			answer = &buffer{header: http.Header{}, status: http.StatusOK}
			wrong.write(answer)
		}
		call.Status, call.Answer = answer.status, answer.body.Bytes()
		answer.header.Set("Date", w.clock.Now().UTC().Format(http.TimeFormat))
		w.done(*call)
		answer.flush(rw)
	})
}

// delay holds a request back as a fault wants; false means that the client gave up or the request hangs for good.
func (w *World) delay(ctx context.Context, f Fault) bool {
	switch f.Kind {
	case Hang:
		<-ctx.Done()
		return false
	default:
		if f.Delay == 0 {
			return true
		}
		passed := make(chan struct{})
		stop := w.clock.AfterFunc(f.Delay, func() { close(passed) })
		defer stop()
		select {
		case <-passed:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// buffer is a response that is not sent yet.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffer) Header() http.Header { return b.header }

func (b *buffer) WriteHeader(status int) { b.status = status }

func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }

func (b *buffer) flush(rw http.ResponseWriter) {
	for k, v := range b.header {
		rw.Header()[k] = v
	}
	rw.WriteHeader(b.status)
	_, _ = rw.Write(b.body.Bytes()) // the client may be gone, which is its own affair
}

// write sends a reply as JSON unless it is raw.
func (r reply) write(rw http.ResponseWriter) {
	for k, v := range r.header {
		rw.Header()[k] = v
	}
	body := r.raw
	switch {
	case r.contentType != "":
		rw.Header().Set("Content-Type", r.contentType)
	case r.body != nil:
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		body = mustJSON(r.body)
	}
	rw.WriteHeader(r.status)
	_, _ = rw.Write(body)
}

package answer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultTimeout bounds one request when Options names no HTTP client.
const DefaultTimeout = 10 * time.Second

// codeLimited is the code of a limit of the whole webhook.
const codeLimited = "rate_limited"

// maxAnswer bounds what is read of one answer.
const maxAnswer = 1 << 20

// Options describe a webhook and what the process lends to its sender.
type Options struct {
	Surface  string // Surface is who is asked, such as Discord.
	Variable string // Variable is where the operator set the URL, such as DISCORD_WEBHOOK_URL.

	HTTPClient *http.Client     // HTTPClient carries the requests; nil means one with DefaultTimeout.
	Clock      func() time.Time // Clock tells the time; it must not be nil.
	Logger     *slog.Logger     // Logger gets one debug line a request, and a warning when the webhook is gone; nil discards both.

	// Refine, if not nil, may change what a refusal means by the surface's own codes. It must keep what the server repeats out of
	// the error. A Limited with a code of its own closes nothing else.
	Refine func(e *Error, body []byte)
}

// Sender speaks to one incoming webhook. It is safe for concurrent use.
type Sender struct {
	opt  Options
	http *http.Client

	mu    sync.Mutex
	until time.Time // until is the end of the webhook's limit.
	gone  *Error    // gone is what was said when the webhook had gone.
}

// Request is one call. URL is a secret.
type Request struct {
	Op     string
	Method string
	URL    string
	Body   any  // Body is sent as JSON.
	Shows  bool // Shows tells that a repetition would be seen, so that a lost answer is Ambiguous.
	Part   bool // Part tells that the URL names a part of the webhook, whose absence is not the webhook's.
}

// NewSender returns a Sender; it makes no call.
func NewSender(opt Options) *Sender {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	own := http.Client{Timeout: DefaultTimeout}
	if opt.HTTPClient != nil {
		own = *opt.HTTPClient
	}
	// A redirect would carry the message, and tell the URL as the referrer, to another host.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Sender{opt: opt, http: &own}
}

// Send makes one request and returns the body of a good answer.
func (s *Sender) Send(ctx context.Context, r Request) ([]byte, error) {
	body, e := s.send(ctx, r)
	if e != nil {
		s.opt.Logger.LogAttrs(ctx, slog.LevelDebug, "webhook call failed", slog.String("surface", s.opt.Surface), slog.String("op", e.Op),
			slog.Int("status", e.Status), slog.String("code", e.Code))
		return nil, e
	}
	s.opt.Logger.LogAttrs(ctx, slog.LevelDebug, "webhook call", slog.String("surface", s.opt.Surface), slog.String("op", r.Op))
	return body, nil
}

func (s *Sender) send(ctx context.Context, r Request) ([]byte, *Error) {
	if e := s.closed(r); e != nil {
		return nil, e
	}
	e := &Error{Surface: s.opt.Surface, Op: r.Op}
	if err := ctx.Err(); err != nil {
		return nil, s.broken(e, err, false)
	}
	raw, err := json.Marshal(r.Body)
	if err != nil {
		e.Class, e.Code, e.Message = Never, "unreadable_message", "the message cannot be written as JSON; report this as a bug"
		return nil, e
	}
	var asked, wrote atomic.Bool
	trace := &httptrace.ClientTrace{GetConn: func(string) { asked.Store(true) }, WroteHeaders: func() { wrote.Store(true) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), r.Method, r.URL, bytes.NewReader(raw))
	if err != nil {
		e.Class, e.Code, e.Message = Never, "bad_url", s.opt.Variable+" is no address that can be asked; set it to the URL that "+s.opt.Surface+" gave"
		return nil, e
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Gatehouse (https://github.com/gatehouse-app/gatehouse)")
	resp, err := s.http.Do(req)
	if err != nil {
		// A round tripper that reports no steps leaves open whether it sent.
		return nil, s.broken(e, err, r.Shows && (wrote.Load() || !asked.Load()))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && Of(resp.StatusCode) == Done {
		return nil, s.broken(e, err, r.Shows)
	}
	return s.judge(r, e, resp, body)
}

// closed refuses what is known to be useless now.
func (s *Sender) closed(r Request) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		again := *s.gone
		again.Op = r.Op
		return &again
	}
	if s.opt.Clock().Before(s.until) {
		e := &Error{Surface: s.opt.Surface, Op: r.Op, Code: codeLimited}
		s.limit(e, s.until)
		return e
	}
	return nil
}

func (s *Sender) limit(e *Error, at time.Time) {
	e.Class, e.RetryAt = Limited, at
	e.Message = s.opt.Surface + " limits this webhook; try again at " + at.UTC().Format(time.RFC3339)
}

// judge reads an answer: what it means, what it says of limits, and whether the webhook is there at all.
func (s *Sender) judge(r Request, e *Error, resp *http.Response, body []byte) ([]byte, *Error) {
	now := s.opt.Clock()
	s.learn(resp.Header, now)
	e.Status, e.Class, e.Code = resp.StatusCode, Of(resp.StatusCode), fmt.Sprintf("http_%d", resp.StatusCode)
	if e.Class == Done {
		return body, nil
	}
	s.word(r, e, RetryAt(resp.Header, body, now))
	if s.opt.Refine != nil {
		s.opt.Refine(e, body)
	}
	switch {
	case e.Class == Limited && e.Code == codeLimited: // with a code of its own it limits this message alone
		s.close(e.RetryAt)
	case e.Off:
		s.leave(e)
	}
	return nil, e
}

// word says what a refusal means and what to do.
func (s *Sender) word(r Request, e *Error, retryAt time.Time) {
	who := s.opt.Surface
	switch e.Class {
	case Limited:
		e.Code = codeLimited
		s.limit(e, retryAt)
	case Later:
		e.Message = fmt.Sprintf("%s answered HTTP %d; it is tried again later", who, e.Status)
		if r.Shows {
			e.Class, e.Message = Ambiguous, fmt.Sprintf("HTTP %d says nothing about the message, which may be there", e.Status)
		}
	case Gone:
		e.Off = !r.Part
		e.Message = "the webhook does not exist any more; make a new one and set " + s.opt.Variable + " to its URL"
		if r.Part {
			e.Message = "the message does not exist any more, somebody deleted it"
		}
	case Done, Never, Ambiguous, Canceled:
		e.Message = who + " refuses the request and repeating it cannot help; check " + s.opt.Variable + ", and if it is right report this as a bug"
	}
}

// leave ends the use of a webhook that is gone, and says so once.
func (s *Sender) leave(e *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil {
		s.opt.Logger.Warn("a webhook is gone: nothing is told there until its variable is set anew", "surface", s.opt.Surface, "variable", s.opt.Variable)
	}
	s.gone = e
}

// learn takes a limit that is used up before it is run into.
func (s *Sender) learn(h http.Header, now time.Time) {
	if h.Get("X-RateLimit-Remaining") == "0" {
		if pause := stated(h.Get("X-RateLimit-Reset-After"), now); pause > 0 {
			s.close(now.Add(min(pause, longestPause)))
		}
	}
}

func (s *Sender) close(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.After(s.until) {
		s.until = until
	}
}

// broken covers calls without a whole answer. The transport's own words hold the URL and are left out.
func (s *Sender) broken(e *Error, err error, mayBeDone bool) *Error {
	e.cause = gaveUp(err)
	var timeout net.Error
	e.Code = "connection_failed"
	switch {
	case e.cause == context.Canceled: //nolint:errorlint // gaveUp returns the bare sentinel
		e.Code = "canceled"
	case e.cause != nil, errors.As(err, &timeout) && timeout.Timeout():
		e.Code = "timeout"
	}
	switch {
	case mayBeDone:
		e.Class, e.Message = Ambiguous, "the connection ended after the message was sent, and it may be there"
	case e.Code == "canceled":
		e.Class, e.Message = Canceled, "the call was given up because the process is stopping; it is repeated at the next start"
	default:
		e.Class, e.Message = Later, s.opt.Surface+" could not be reached; it is tried again later. If this lasts, check the network and "+s.opt.Variable
	}
	return e
}

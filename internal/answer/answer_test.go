package answer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestTable(t *testing.T) {
	for class, statuses := range map[answer.Class][]int{
		answer.Done: {200, 201, 204}, answer.Limited: {429}, answer.Later: {408, 500, 502, 503, 504, 520},
		answer.Gone: {404, 410}, answer.Never: {100, 301, 307, 400, 401, 403, 405, 413, 422, 451},
	} {
		for _, status := range statuses {
			if got := answer.Of(status); got != class {
				t.Errorf("%d is %s, want %s", status, got, class)
			}
		}
	}
}

func TestHowLongALimitLasts(t *testing.T) {
	for _, c := range []struct {
		header, body string
		want         time.Duration
	}{
		{"7", "", 7 * time.Second},
		{"1.2", "", 1200 * time.Millisecond},
		{"", `{"retry_after": 0.2504}`, 251 * time.Millisecond},
		{"1", `{"retry_after": 1.5}`, 1500 * time.Millisecond},
		{"65", `{"retry_after": 64.57, "global": false}`, 65 * time.Second},
		{noon.Add(time.Minute).Format(http.TimeFormat), "", time.Minute},
		{noon.Add(-time.Hour).Format(http.TimeFormat), "", time.Minute},
		{"", "", time.Minute},
		{"soon", "<html>", time.Minute},
		{"-5", `{"retry_after": -1}`, time.Minute},
		{"NaN", "", time.Minute},
		{"1e300", "", 24 * time.Hour},
	} {
		h := http.Header{"Retry-After": {c.header}}
		if got := answer.RetryAt(h, []byte(c.body), noon).Sub(noon); got != c.want {
			t.Errorf("%q %q: %s, want %s", c.header, c.body, got, c.want)
		}
	}
}

// place is a webhook that gives one answer, and counts.
type place struct {
	t      *testing.T
	url    string
	status int
	header http.Header
	body   string
	calls  int
	now    time.Time
	logged bytes.Buffer
}

const secret = "wh-SECRET-part"

func newPlace(t *testing.T, status int, body string, header ...string) *place {
	p := &place{t: t, status: status, body: body, header: http.Header{}, now: noon}
	for _, h := range header {
		k, v, _ := strings.Cut(h, ": ")
		p.header.Set(k, v)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		p.calls++
		for k, v := range p.header {
			rw.Header()[k] = v
		}
		rw.WriteHeader(p.status)
		_, _ = io.WriteString(rw, p.body)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL + "/" + secret
	return p
}

func (p *place) sender() *answer.Sender {
	return answer.NewSender(answer.Options{
		Surface: "Chat", Variable: "CHAT_WEBHOOK_URL", Clock: func() time.Time { return p.now },
		Logger: slog.New(slog.NewTextHandler(&p.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

func (p *place) post(s *answer.Sender) *answer.Error {
	p.t.Helper()
	return p.send(s, answer.Request{Op: "post", Method: http.MethodPost, URL: p.url, Body: "x", Shows: true})
}

func (p *place) send(s *answer.Sender, r answer.Request) *answer.Error {
	p.t.Helper()
	_, err := s.Send(p.t.Context(), r)
	var e *answer.Error
	if err != nil && !errors.As(err, &e) {
		p.t.Fatalf("%T %v is no *answer.Error", err, err)
	}
	return e
}

func TestALostAnswerMattersOnlyWhereARepetitionShows(t *testing.T) {
	p := newPlace(t, 502, "<html>")
	s := p.sender()
	if e := p.post(s); e.Class != answer.Ambiguous {
		t.Errorf("posting: %v", e.Class)
	}
	if e := p.send(s, answer.Request{Op: "edit", Method: http.MethodPatch, URL: p.url, Part: true}); e.Class != answer.Later {
		t.Errorf("editing: %v", e.Class)
	}
}

func TestALimitedWebhookIsNotAskedUntilItsTime(t *testing.T) {
	p := newPlace(t, 429, `{"retry_after": 30.5}`)
	s := p.sender()
	for range 3 {
		e := p.post(s)
		if e.Class != answer.Limited || !e.RetryAt.Equal(noon.Add(30500*time.Millisecond)) {
			t.Errorf("%s at %v", e.Class, e.RetryAt)
		}
	}
	if p.calls != 1 {
		t.Errorf("it was asked %d times", p.calls)
	}
	p.now, p.status = noon.Add(31*time.Second), 200
	if e := p.post(s); e != nil {
		t.Error(e)
	}
}

func TestAUsedUpBucketIsNotRunInto(t *testing.T) {
	p := newPlace(t, 200, "{}", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset-After: 1.5")
	s := p.sender()
	if e := p.post(s); e != nil {
		t.Fatal(e)
	}
	if e := p.post(s); e.Class != answer.Limited || !e.RetryAt.Equal(noon.Add(1500*time.Millisecond)) || p.calls != 1 {
		t.Errorf("%v at %v after %d calls", e.Class, e.RetryAt, p.calls)
	}
}

func TestAWebhookThatIsGoneIsSaidOnceAndAskedNoMore(t *testing.T) {
	p := newPlace(t, 404, "no_service")
	s := p.sender()
	for range 3 {
		if e := p.post(s); e.Class != answer.Gone || !e.Off || !strings.Contains(e.Message, "CHAT_WEBHOOK_URL") {
			t.Errorf("got %+v", e)
		}
	}
	if n := strings.Count(p.logged.String(), "a webhook is gone"); n != 1 || p.calls != 1 {
		t.Errorf("said %d times, asked %d times", n, p.calls)
	}
	other := p.sender()
	if e := p.send(other, answer.Request{Op: "edit", Method: http.MethodPatch, URL: p.url, Part: true}); e.Class != answer.Gone || e.Off {
		t.Errorf("a message that is gone: %+v", e)
	}
	if e := p.post(other); !e.Off || p.calls != 3 {
		t.Errorf("the webhook was not asked after a message was gone: %+v", e)
	}
}

func TestAConnectionThatEnds(t *testing.T) {
	p := newPlace(t, 200, "")
	s := p.sender()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Send(ctx, answer.Request{Op: "post", Method: http.MethodPost, URL: p.url, Shows: true})
	if answer.ClassOf(err) != answer.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("given up before it was sent: %v", err)
	}
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }))
	defer hanging.Close()
	_, err = s.Send(t.Context(), answer.Request{Op: "post", Method: http.MethodPost, URL: hanging.URL, Shows: true})
	if answer.ClassOf(err) != answer.Ambiguous {
		t.Errorf("cut off after it was sent: %v", err)
	}
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	_, err = s.Send(t.Context(), answer.Request{Op: "post", Method: http.MethodPost, URL: down.URL, Shows: true})
	if answer.ClassOf(err) != answer.Later {
		t.Errorf("not reached: %v", err)
	}
	if answer.ClassOf(errors.New("other")) != "" {
		t.Error("another error has a class")
	}
}

package cloudtasks_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/api/idtoken"
	"google.golang.org/api/option"

	"github.com/gatehouse-app/gatehouse/internal/cloudtasks"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
	"github.com/gatehouse-app/gatehouse/internal/taskstest"
)

const (
	queue   = "projects/p/locations/l/queues/gatehouse"
	account = "tasks@p.iam.gserviceaccount.com"
)

// wall is the machine's clock.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }

func (wall) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

// toGoogle sends requests for Google's hosts to the stand-in.
type toGoogle string

func (g toGoogle) RoundTrip(r *http.Request) (*http.Response, error) {
	again, err := http.NewRequestWithContext(r.Context(), r.Method, string(g)+"/"+r.URL.Host+r.URL.Path, r.Body)
	if err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(again)
}

func validator(t *testing.T, tasks *taskstest.Server) cloudtasks.Validate {
	t.Helper()
	v, err := idtoken.NewValidator(t.Context(), option.WithHTTPClient(&http.Client{Transport: toGoogle(tasks.Google)}))
	if err != nil {
		t.Fatal(err)
	}
	return v.Validate
}

// service is a process that the queue calls.
func service(t *testing.T, tasks *taskstest.Server, advance storetest.Advance) (*cloudtasks.Waker, string) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	w, err := cloudtasks.New(t.Context(), cloudtasks.Config{
		Queue: queue, Target: server.URL, Account: account, Emulator: tasks.Addr, Clock: wall{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Drain(context.Background()); err != nil {
			t.Errorf("Drain: %v", err)
		}
	})
	callers, err := cloudtasks.TokenCallers(validator(t, tasks), account, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	handler = w.Handler(callers, advance, func(context.Context) error { return nil })
	return w, server.URL
}

func TestWaker(t *testing.T) {
	storetest.RunWaker(t, func(t *testing.T, advance storetest.Advance) engine.Waker {
		w, _ := service(t, taskstest.Start(t, taskstest.Faults{}), advance)
		return w
	})
}

// A queue that is late and delivers twice keeps every promise as well.
func TestWakerOfABadQueue(t *testing.T) {
	storetest.RunWaker(t, func(t *testing.T, advance storetest.Advance) engine.Waker {
		w, _ := service(t, taskstest.Start(t, taskstest.Faults{Repeat: 0.3, Delay: 0.5}), advance)
		return w
	})
}

// TestLostTask: what the queue loses is woken by the next sweep's wake, under another name.
func TestLostTask(t *testing.T) {
	tasks := taskstest.Start(t, taskstest.Faults{Lose: 1})
	w, _ := service(t, tasks, func(context.Context, engine.Ref) error { return nil })
	it := engine.Item{Ref: engine.RunRef(7, "a"), Rev: "1", WakeAt: time.Now().Add(-time.Hour)}
	for range 2 {
		if err := w.Wake(t.Context(), it); err != nil {
			t.Fatal(err)
		}
	}
	it.WakeAt = it.WakeAt.Add(-time.Minute) // a minute later, as the queue sees it
	if err := w.Wake(t.Context(), it); err != nil {
		t.Fatal(err)
	}
	if got := tasks.Counts(); got.Made != 2 || got.Known != 1 {
		t.Errorf("the queue says %+v, want 2 tasks made and 1 known", got)
	}
}

// TestRefusedTask: an error of the queue is told, and is nothing that a webhook fails for.
func TestRefusedTask(t *testing.T) {
	tasks := taskstest.Start(t, taskstest.Faults{Refuse: 1})
	w, _ := service(t, tasks, func(context.Context, engine.Ref) error { return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	err := w.Wake(ctx, engine.Item{Ref: engine.RunRef(7, "a"), Rev: "1", WakeAt: time.Now()})
	if err == nil || !strings.Contains(err.Error(), queue) {
		t.Errorf("got error %v, want one that names the queue", err)
	}
}

func TestCallers(t *testing.T) {
	tasks := taskstest.Start(t, taskstest.Faults{})
	stranger := taskstest.Start(t, taskstest.Faults{})
	advanced := 0
	_, url := service(t, tasks, func(context.Context, engine.Ref) error { advanced++; return nil })
	good := tasks.Token(account, url)
	for _, c := range []struct {
		name, authorization string
		header              string
		want                int
	}{
		{name: "Google's token", authorization: "Bearer " + good, want: http.StatusNoContent},
		{name: "nobody", want: http.StatusForbidden},
		{name: "no bearer", authorization: good, want: http.StatusForbidden},
		{name: "App Engine's header outside of App Engine", header: "gatehouse", want: http.StatusForbidden},
		{name: "another account", authorization: "Bearer " + tasks.Token("eve@p.iam.gserviceaccount.com", url), want: http.StatusForbidden},
		{name: "another audience", authorization: "Bearer " + tasks.Token(account, "https://elsewhere.example.com"), want: http.StatusForbidden},
		{name: "another signer", authorization: "Bearer " + stranger.Token(account, url), want: http.StatusForbidden},
		{name: "another issuer", authorization: "Bearer " + tasks.Token(account, url, func(c jwt.MapClaims) { c["iss"] = "https://eve.example.com" }), want: http.StatusForbidden},
		{name: "an expired token", authorization: "Bearer " + tasks.Token(account, url, func(c jwt.MapClaims) { c["exp"] = 1000 }), want: http.StatusForbidden},
		{name: "an unverified address", authorization: "Bearer " + tasks.Token(account, url, func(c jwt.MapClaims) { c["email_verified"] = false }), want: http.StatusForbidden},
	} {
		for _, path := range []string{cloudtasks.AdvancePath, cloudtasks.SweepPath} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, strings.NewReader(`{"kind":"run","id":"7/a"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Appengine-Queuename", c.header)
			r.Header.Set("Authorization", c.authorization)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != c.want {
				t.Errorf("%s at %s: %d, want %d", c.name, path, answer.StatusCode, c.want)
			}
		}
	}
	if advanced != 1 {
		t.Errorf("%d calls came through, want 1", advanced)
	}
}

// TestAppEngine: on App Engine its header is the proof, and cron's is not the queue's.
func TestAppEngine(t *testing.T) {
	tasks := taskstest.Start(t, taskstest.Faults{})
	w, _ := service(t, tasks, nil)
	handler := w.Handler(cloudtasks.AppEngineCallers(w),
		func(_ context.Context, ref engine.Ref) error {
			if ref.ID == "7/busy" {
				return errors.New("the store is out of reach")
			}
			return nil
		}, func(context.Context) error { return nil })
	for _, c := range []struct {
		method, path, name, value, body string
		want                            int
	}{
		{"POST", cloudtasks.AdvancePath, "X-Appengine-Queuename", "gatehouse", `{"kind":"run","id":"7/a"}`, http.StatusNoContent},
		{"POST", cloudtasks.AdvancePath, "X-Appengine-Queuename", "gatehouse", `{"kind":"run","id":"7/busy"}`, http.StatusServiceUnavailable},
		{"POST", cloudtasks.AdvancePath, "X-Appengine-Queuename", "gatehouse", `{"kind":"run","id":"7/a","at":"2999-01-01T00:00:00Z"}`, http.StatusTooEarly},
		{"POST", cloudtasks.AdvancePath, "X-Appengine-Queuename", "gatehouse", `garbage`, http.StatusNoContent},
		{"POST", cloudtasks.AdvancePath, "X-Appengine-Queuename", "other", `{}`, http.StatusForbidden},
		{"POST", cloudtasks.AdvancePath, "X-Appengine-Cron", "true", `{}`, http.StatusForbidden},
		{"GET", cloudtasks.SweepPath, "X-Appengine-Cron", "true", "", http.StatusNoContent},
		{"GET", cloudtasks.SweepPath, "", "", "", http.StatusForbidden},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
		r.Header.Set(c.name, c.value)
		out := httptest.NewRecorder()
		handler.ServeHTTP(out, r)
		if out.Code != c.want {
			t.Errorf("%s %s with %s %s and %s: %d, want %d", c.method, c.path, c.name, c.value, c.body, out.Code, c.want)
		}
	}
}

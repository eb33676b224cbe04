package github_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// TestNoSecretInErrorsOrLogs makes every method fail in ways that carry tokens, and looks for them everywhere.
func TestNoSecretInErrorsOrLogs(t *testing.T) {
	const others = "ghp_personal0000 ghu_user0000 github_pat_11AAAA_bbbb Bearer eyJh.eyJi.c2ln v1.0123456789abcdef0123 ghs_other"
	leaks := map[string]http.HandlerFunc{
		"refused":     func(w http.ResponseWriter, r *http.Request) { echo(w, r, 403, others) },
		"invalid":     func(w http.ResponseWriter, r *http.Request) { echo(w, r, 422, others) },
		"broken":      func(w http.ResponseWriter, r *http.Request) { echo(w, r, 502, others) },
		"not json":    reply(200, "ghs_other "+token),
		"wrong shape": reply(200, `"`+token+`"`),
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/?t="+token, http.StatusTemporaryRedirect)
		},
	}
	f := newFake(t, "")
	for how, leak := range leaks {
		f.on("*", leak)
		var log bytes.Buffer
		a, err := github.New(github.Config{AppID: appID, PrivateKey: privateKey(), V3URL: f.url},
			github.Options{Clock: f.now, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		ok(t, err)
		for name, call := range everyCall(a) {
			err := call(background())
			if err == nil && how == "not json" || err == nil && how == "wrong shape" {
				continue // It reads no answer: the status was good.
			}
			if err == nil {
				t.Errorf("%s, %s: no error", name, how)
				continue
			}
			clean(t, name+", "+how, err)
		}
		if s := log.String(); s == "" || secretIn(s) != "" {
			t.Errorf("%s: the log holds %q", how, secretIn(s))
		}
	}
}

// TestNoOpaqueToken hides a token whose form nobody knows yet, because the call knows what it sent.
func TestNoOpaqueToken(t *testing.T) {
	const opaque = "zz9.a-form-of-tomorrow"
	f := newFake(t, "")
	f.on("POST /app/installations/5/access_tokens", reply(201, `{"token":"`+opaque+`","expires_at":"2095-01-01T00:00:00Z"}`))
	f.on("*", reply(422, `{"message":"it was `+opaque+`"}`))
	_, err := f.repo().Info(background())
	equal(t, "message", failed(t, err, github.Invalid).Message, "it was [redacted]")
}

// TestNoSecretWhenTheTokenFails covers the request that fetches the token.
func TestNoSecretWhenTheTokenFails(t *testing.T) {
	f := newFake(t, "")
	f.on("POST /app/installations/5/access_tokens", func(w http.ResponseWriter, r *http.Request) { echo(w, r, 500, token) })
	for name, call := range everyCall(f.app()) {
		if err := call(background()); err != nil {
			clean(t, name, err)
		}
	}
}

func echo(w http.ResponseWriter, r *http.Request, status int, more string) {
	reply(status, fmt.Sprintf(`{"message":%q,"errors":[%q,{"message":%q}]}`, r.Header.Get("Authorization"), more, token+" in the middle"))(w, r)
}

// clean looks at the text, at every field, and at every error inside.
func clean(t *testing.T, what string, err error) {
	t.Helper()
	var e *github.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %T is not *github.Error", what, err)
		return
	}
	texts := []string{fmt.Sprintf("%v %+v %#v %s", err, *e, *e, e.Error())}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		texts = append(texts, inner.Error(), fmt.Sprintf("%#v", inner))
	}
	if found := secretIn(strings.Join(texts, "\n")); found != "" {
		t.Errorf("%s: holds %q: %v", what, found, err)
	}
}

func secretIn(s string) string {
	for _, secret := range []string{
		token, token[:20], "c2lnbmF0dXJl", "ghp_p", "ghu_u", "github_pat_1", "eyJh.", "v1.01", "ghs_o", "Bearer ey", "PRIVATE KEY",
	} {
		if strings.Contains(s, secret) {
			return secret
		}
	}
	return ""
}

// TestEveryMethodIsCovered holds everyCall to the methods that exist.
func TestEveryMethodIsCovered(t *testing.T) {
	a := newFake(t, "").app()
	have := everyCall(a)
	quiet := map[string]bool{"ID": true, "WebURL": true, "Repo": true, "Ref": true, "Lifted": true}
	for _, typ := range []reflect.Type{reflect.TypeOf(a), reflect.TypeOf(a.Repo(ref()))} {
		for i := range typ.NumMethod() {
			if name := typ.Method(i).Name; have[name] == nil && !quiet[name] {
				t.Errorf("%s is not in everyCall", name)
			}
		}
	}
}

// TestCanceledBeforeSending says Canceled for every method, and that the cause can be found.
func TestCanceledBeforeSending(t *testing.T) {
	f := newFake(t, "")
	ctx, cancel := context.WithCancel(background())
	cancel()
	for name, call := range everyCall(f.app()) {
		err := call(ctx)
		if e := failed(t, err, github.Canceled); !errors.Is(e, context.Canceled) {
			t.Errorf("%s: %v does not wrap context.Canceled", name, err)
		}
	}
	equal(t, "requests", len(f.requests()), 0)
}

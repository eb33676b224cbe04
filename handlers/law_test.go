package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// The laws of docs/laws.md that the front door keeps. `make mutants` breaks
// each and sees that its test, and no other, turns red.

const lawPush = `{"ref":"refs/heads/main","before":"a100000000000000000000000000000000000000","after":"b200000000000000000000000000000000000000","installation":{"id":7},` +
	`"sender":{"id":13,"login":"ada","type":"User"},"repository":{"id":11,"name":"n","full_name":"o/n","owner":{"id":12,"login":"o"}}}`

// post sends a push with a signature header, and gives the status of the answer
// and how often something was handed over.
func post(t *testing.T, signature string, receive error) (status, received int) {
	t.Helper()
	h, err := GitHub(Config{
		Secrets: [][]byte{[]byte("right")}, AppID: 3, APIURL: "https://api.github.com", Clock: func() time.Time { return time.Unix(0, 0) },
		Logger: slog.New(slog.DiscardHandler),
		Receive: func(context.Context, engine.Delivery) (engine.Result, error) {
			received++
			return engine.Stored, receive
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/github/hook", strings.NewReader(lawPush))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Github-Event", "push")
	r.Header.Set("X-Github-Delivery", "g1")
	if signature != "" {
		r.Header.Set("X-Hub-Signature-256", signature)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, received
}

func signature(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(lawPush))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// A webhook is answered 2xx when its delivery is stored, and only then.
func TestLaw02_SaveThenAct(t *testing.T) {
	if status, received := post(t, signature("right"), nil); status != http.StatusAccepted || received != 1 {
		t.Errorf("stored: %d, received %d times", status, received)
	}
	if status, _ := post(t, signature("right"), errors.New("disk full")); status < 500 {
		t.Errorf("not stored, and the answer is %d: GitHub believes that it was delivered", status)
	}
}

// Who does not sign with our secret is not heard.
func TestLaw07_FailClosed(t *testing.T) {
	for what, header := range map[string]string{
		"no signature": "", "another secret": signature("wrong"), "an empty secret": signature(""), "no digits": "sha256=",
		"another algorithm": strings.Replace(signature("right"), "sha256", "sha1", 1),
	} {
		if status, received := post(t, header, nil); status != http.StatusUnauthorized || received > 0 {
			t.Errorf("%s: %d, received %d times", what, status, received)
		}
	}
}

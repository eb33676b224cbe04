package handlers_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/engine"
)

const secret = "hush"

// bench is a handler with everything around it recorded.
type bench struct {
	handler     http.Handler
	stored      []engine.Delivery
	counted     []string
	invalidated []string
	log         bytes.Buffer
	answer      engine.Result
	err         error
}

func newBench(t testing.TB, secrets ...string) *bench {
	t.Helper()
	b := &bench{answer: engine.Stored}
	config := b.config()
	if len(secrets) > 0 {
		config.Secrets = nil
	}
	for _, s := range secrets {
		config.Secrets = append(config.Secrets, []byte(s))
	}
	var err error
	if b.handler, err = handlers.GitHub(config); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) config() handlers.Config {
	return handlers.Config{
		Secrets: [][]byte{[]byte(secret)}, AppID: us.AppID, APIURL: us.APIURL + "/", Clock: func() time.Time { return noon },
		Logger:     slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Count:      func(result string) { b.counted = append(b.counted, result) },
		BotLogin:   func() string { return us.BotLogin },
		Invalidate: func(event string, _ int64) { b.invalidated = append(b.invalidated, event) },
		Receive: func(_ context.Context, d engine.Delivery) (engine.Result, error) {
			b.stored = append(b.stored, d)
			return b.answer, b.err
		},
	}
}

func sign(algorithm func() hash.Hash, key string, body []byte) string {
	mac := hmac.New(algorithm, []byte(key))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// webhook is a delivery as GitHub sends it.
func webhook(t testing.TB, event string, body []byte) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/github/hook", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	r.Header.Set("X-GitHub-Hook-Installation-Target-Type", "integration")
	r.Header.Set("X-GitHub-Hook-Installation-Target-ID", "3")
	r.Header.Set("X-Hub-Signature", "sha1="+sign(sha1.New, secret, body))
	r.Header.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, secret, body))
	return r
}

type reply struct {
	Result, Reason, Fix string
}

func (b *bench) post(t testing.TB, r *http.Request) (*httptest.ResponseRecorder, reply) {
	t.Helper()
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	var got reply
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("the answer is not JSON: %v: %s", err, w.Body)
	}
	return w, got
}

func push(t testing.TB, name string) *http.Request {
	t.Helper()
	event, body := readExample(t, "testdata/translate/"+name+".json")
	return webhook(t, event, body)
}

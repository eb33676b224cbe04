package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

func TestRequestFaults(t *testing.T) {
	for _, test := range []struct {
		fault   sandbox.Fault
		status  int
		header  string
		value   string
		applied int
	}{
		{sandbox.Fault{Kind: sandbox.Status500}, 500, "", "", 0},
		{sandbox.Fault{Kind: sandbox.Status502, Ambiguous: true}, 502, "", "", 1},
		{sandbox.Fault{Kind: sandbox.Status503}, 503, "", "", 0},
		{sandbox.Fault{Kind: sandbox.Status429, RetryAfter: 7 * time.Second}, 429, "Retry-After", "7", 0},
		{sandbox.Fault{Kind: sandbox.SecondaryLimited}, 403, "Retry-After", "", 0},
		{sandbox.Fault{Kind: sandbox.PrimaryLimited, RetryAfter: time.Minute}, 403, "X-Ratelimit-Remaining", "0", 0},
	} {
		t.Run(string(test.fault.Kind), func(t *testing.T) {
			r := newRig(t)
			sha := r.push("main", map[string]string{"a": "1"})
			test.fault.Method, test.fault.Contains, test.fault.Times = "POST", "/check-runs", 1
			r.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{test.fault}})
			body := map[string]string{"name": "x", "head_sha": sha}
			a := r.post(r.repo("/check-runs"), body).want(test.status)
			equal(t, "header", a.header.Get(test.header), test.value)
			snapshot, err := r.Snapshot(repoName)
			must(t, err)
			equal(t, "applied", len(snapshot.CheckRuns), test.applied)
			for _, c := range r.Record() {
				if c.Fault != "" {
					equal(t, "the record knows", c.TrueStatus, 201*test.applied)
				}
			}
			r.post(r.repo("/check-runs"), body).want(201)
		})
	}
}

func TestWebhookFaults(t *testing.T) {
	for kind, want := range map[sandbox.FaultKind]string{
		sandbox.Lost:      "create check_suite.requested",
		sandbox.Doubled:   "push push create check_suite.requested",
		sandbox.Reordered: "create push check_suite.requested",
	} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t)
			r.heard()
			r.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "webhook", Path: "push", Kind: kind, Times: 1}}})
			r.push("main", map[string]string{"a": "1"})
			equal(t, "heard", r.heardNames(), want)
		})
	}
}

func TestReorderedWithoutSuccessorIsSentLater(t *testing.T) {
	r := newRig(t)
	r.push("main", map[string]string{"a": "1"})
	r.heard()
	r.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "webhook", Kind: sandbox.Reordered, Times: 1}}})
	_, err := r.Comment("alice", repoName, 1, "hello")
	must(t, err)
	equal(t, "held", r.heardNames(), "")
	r.clock.Advance(time.Minute)
	equal(t, "released", r.heardNames(), "issue_comment.created")
}

func TestSignatureAndRedelivery(t *testing.T) {
	r := newRig(t)
	r.heard()
	r.mu.Lock()
	r.answer = http.StatusInternalServerError
	r.mu.Unlock()
	r.push("main", map[string]string{"a": "1"})
	h := r.heard()[0]
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(h.body)
	equal(t, "signature", h.header.Get("X-Hub-Signature-256"), "sha256="+hex.EncodeToString(mac.Sum(nil)))
	equal(t, "target", h.header.Get("X-Github-Hook-Installation-Target-Id"), "42")
	failed := r.do("GET", "/app/hook/deliveries?status=failure&per_page=2", r.jwt(), nil).want(200)
	equal(t, "page", failed.header.Get("Link") != "", true)
	id := failed.id(0, "id")
	full := r.do("GET", fmt.Sprintf("/app/hook/deliveries/%d", id), r.jwt(), nil).want(200)
	equal(t, "payload", full.str("request", "payload", "action"), "requested")
	r.do("POST", fmt.Sprintf("/app/hook/deliveries/%d/attempts", id), r.jwt(), nil).want(202)
	again := r.heard()[0]
	equal(t, "same guid", again.header.Get("X-Github-Delivery"), failed.str(0, "guid"))
}

func TestBudgets(t *testing.T) {
	r := newRig(t, func(o *sandbox.Options) { o.RateLimit = 3 })
	for range 3 {
		r.get(r.repo("")).want(200)
	}
	equal(t, "remaining", r.get(r.repo("")).want(403).header.Get("X-Ratelimit-Remaining"), "0")
	r.clock.Advance(59 * time.Minute)
	r.get(r.repo("")).want(403)
	r = newRig(t, func(o *sandbox.Options) { o.SecondaryLimit = 2 })
	sha := r.push("main", map[string]string{"a": "1"})
	for range 2 {
		r.post(r.repo("/check-runs"), map[string]string{"name": "x", "head_sha": sha}).want(201)
	}
	equal(t, "wait", r.post(r.repo("/check-runs"), map[string]string{"name": "x", "head_sha": sha}).want(403).header.Get("Retry-After"), "60")
}

// A kill test needs both moments: before a request is handled, and after its effect but before its answer.
func TestOnCallHearsBothMoments(t *testing.T) {
	r := newRig(t)
	sha := r.push("main", map[string]string{"a": "1"})
	r.Drain()
	var seen []string
	r.OnCall(func(c sandbox.Call) {
		if c.Kind != sandbox.KindGitHub {
			return
		}
		s, err := r.Snapshot(repoName)
		must(t, err)
		seen = append(seen, fmt.Sprint(c.Phase, len(s.CheckRuns)))
	})
	r.post(r.repo("/check-runs"), map[string]string{"name": "x", "head_sha": sha}).want(201)
	equal(t, "moments", fmt.Sprint(seen), "[arrived0 done1]")
}

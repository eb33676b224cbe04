package stage_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const secretBody = "the-body-is-nobodys-business"

// site is a product; its clock moves when it is slow.
func site(clock *sandbox.ManualClock, hits *atomic.Int32) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, secretBody) })
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Version", "v1")
		_, _ = fmt.Fprintf(w, `{"ok":true,"note":%q}`, secretBody)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		http.Error(w, secretBody, http.StatusInternalServerError)
	})
	mux.HandleFunc("/slow", func(http.ResponseWriter, *http.Request) { clock.Advance(3200 * time.Millisecond) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, strings.Repeat("x", 1<<20+1)) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/health", http.StatusFound) })
	mux.HandleFunc("/to-metadata", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
	mux.HandleFunc("/to-http", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://example.com/", http.StatusFound)
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		w.WriteHeader(http.StatusOK)
	})
	return mux
}

func prober(t *testing.T, clock *sandbox.ManualClock, allow ...string) *stage.Prober {
	t.Helper()
	p, err := stage.NewProber(stage.ProberOptions{Allow: allow, Clock: clock.Now})
	must(t, err)
	return p
}

func TestProbes(t *testing.T) {
	clock := sandbox.NewManualClock(soon)
	var hits atomic.Int32
	server := httptest.NewServer(site(clock, &hits))
	defer server.Close()
	p := prober(t, clock, "127.0.0.1:*")
	for _, c := range []struct {
		probe pipeline.Probe
		want  string // the reason; empty: it passes
	}{
		{pipeline.Probe{Get: "/", Status: 200}, ""},
		{pipeline.Probe{Get: "/moved", Expect: "json.ok == true && status == 200 && headers['x-version'] == 'v1' && latency < duration('1s')"}, ""},
		{pipeline.Probe{Get: "/health", Headers: map[string]string{"X-Version": "v1"}}, ""},
		{pipeline.Probe{Get: "/health", Headers: map[string]string{"x-version": "v2"}}, `the header x-version is not "v2"`},
		{pipeline.Probe{Get: "/health", Headers: map[string]string{"etag": "1"}}, `answered without the header etag, expected "1"`},
		{pipeline.Probe{Get: "/health", Expect: "json.ok == false"}, "json.ok == false is false"},
		{pipeline.Probe{Get: "/health", Expect: "json.gone == 1"}, "json.gone == 1 cannot be judged: the answer does not have what it asks for"},
		{pipeline.Probe{Get: "/health", Expect: "status"}, "status cannot be judged: it is neither true nor false"},
		{pipeline.Probe{Get: "/", Expect: "json.ok == true"}, "json.ok == true cannot be judged: the answer is not JSON"},
		{pipeline.Probe{Get: "/broken", Status: 200, Retries: 2}, "answered 500, expected 200"},
		{pipeline.Probe{Get: "/slow", Status: 200, Within: 2 * time.Second}, "took 3.2s, allowed 2s"},
		{pipeline.Probe{Get: "/big", Expect: "size(body) > 0"}, "size(body) > 0 was not judged: the answer has more than 1 MiB"},
		{pipeline.Probe{Get: "/loop", Status: 200}, "redirects more than 5 times"},
		{pipeline.Probe{Get: "/cut", Status: 200}, "was not reached: the connection ended before the answer did"},
		{pipeline.Probe{Get: "/to-metadata", Status: 200}, "was not asked: 169.254.169.254 is a link-local address; the operator can allow it in GATEHOUSE_PROBE_ALLOW"},
		{pipeline.Probe{Get: "/to-http", Status: 200}, "was not asked: only https addresses are"},
		{pipeline.Probe{Get: "http://127.0.0.1:1/", Status: 200}, "was not reached: connection refused"},
	} {
		c.probe.Critical = true
		got, err := p.Run(context.Background(), server.URL+"/", []pipeline.Probe{c.probe})
		must(t, err)
		equal(t, c.probe.Get+" "+c.probe.Expect, got[0].Reason, c.want)
		equal(t, c.probe.Get+" ok", got[0].OK, c.want == "")
		equal(t, "critical", got[0].Critical, true)
		if strings.Contains(fmt.Sprintf("%+v", got), secretBody) {
			t.Errorf("%s: the body is shown", c.probe.Get)
		}
	}
	equal(t, "tries of the broken page", hits.Load(), 3)
	got, err := p.Run(context.Background(), "", []pipeline.Probe{{Get: "/", Status: 200}})
	must(t, err)
	equal(t, "no url", got[0].Reason, "the environment has no url")
}

// Without the operator's word no private address is asked, however it is written.
func TestEgress(t *testing.T) {
	clock := sandbox.NewManualClock(soon)
	p := prober(t, clock)
	for address, want := range map[string]string{
		"https://127.0.0.1:9/":                  "loopback",
		"https://localhost:9/":                  "loopback",
		"https://[::1]:9/":                      "loopback",
		"https://[::ffff:127.0.0.1]:9/":         "loopback",
		"https://10.0.0.1/":                     "private",
		"https://192.168.1.1/":                  "private",
		"https://[fd00:ec2::254]/":              "private",
		"https://169.254.169.254/latest/":       "link-local",
		"https://[fe80::1]/":                    "link-local",
		"https://0.0.0.0/":                      "reserved",
		"https://100.64.0.1/":                   "reserved",
		"https://[64:ff9b::a9fe:a9fe]/latest/":  "reserved",
		"http://example.com/":                   "only https",
		"ftp://example.com/":                    "only https",
		"https://2130706433.invalid.localhost/": "was not",
	} {
		got, err := p.Run(context.Background(), "", []pipeline.Probe{{Get: address, Status: 200, Retries: 3}})
		must(t, err)
		if !strings.Contains(got[0].Reason, want) || got[0].OK {
			t.Errorf("%s: got %q, want %q", address, got[0].Reason, want)
		}
	}
	for _, allow := range []string{"127.0.0.1", "[", "a b"} {
		if _, err := stage.NewProber(stage.ProberOptions{Allow: []string{allow}, Clock: clock.Now}); err == nil {
			t.Errorf("%q was accepted", allow)
		}
	}
}

// An operator's word holds for the host it names and for no other.
func TestEgressAllowed(t *testing.T) {
	clock := sandbox.NewManualClock(soon)
	var hits atomic.Int32
	server := httptest.NewServer(site(clock, &hits))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	ask := func(p *stage.Prober) pipeline.ProbeResult {
		got, err := p.Run(context.Background(), server.URL, []pipeline.Probe{{Get: "/", Status: 200}})
		must(t, err)
		return got[0]
	}
	equal(t, "this port", ask(prober(t, clock, host)).OK, true)
	equal(t, "another port", ask(prober(t, clock, "127.0.0.1:1")).OK, false)
}

func TestRunProbes(t *testing.T) {
	r := newRig(t)
	r.AddSite("shop", nil)
	e := pipeline.RunProbes{URL: r.url + "/sites/shop", Probes: []pipeline.Probe{{Get: "/", Status: 200, Critical: true}, {Get: "/api/health", Expect: "json.ok == true"}}}
	got := perform[pipeline.Probed](r, r.job(e, 0))
	equal(t, "first", got.Results[0].OK && got.Results[0].Critical, true)
	equal(t, "second", got.Results[1].OK, true)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Perform(ctx, r.job(e, 0)); err == nil {
		t.Error("interrupted probes had an outcome")
	}
}

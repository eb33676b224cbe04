package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// reply is an answer that was read.
type reply struct {
	code   int
	header http.Header
	body   string
}

func do(t *testing.T, req *http.Request) reply {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{code: res.StatusCode, header: res.Header, body: string(b)}
}

// get asks as a browser would; host is the name by which it calls, "" for the true one.
func get(t *testing.T, url, host string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Host = host
	return do(t, req)
}

func TestPagesShowWhatThereIs(t *testing.T) {
	url, _ := openPages(t, busyShelf())
	for path, want := range map[string][]string{
		"/": {
			"v1.1.8", "verified", "Deploying now", "v1.1.10", "Waits for people", "v1.2.0", "waits for approval", "Review deployments",
			"Queued for the lane", "v1.2.1", "On the way", "v1.3.0", "Recent runs", "&lt;script&gt;",
		},
		"/runs/" + string(idGate):         {"v1.2.0", "@avalo/release-approvers", "https://github.com/avalo/app/actions/runs/103", "Run started"},
		"/runs/" + string(idFailed):       {"Why it ended", "workflow_dispatch", "Who can:"},
		"/lanes/5/avalo-c8c46":            {"History", "v1.1.9"},
		"/lanes/5/avalo-c8c46?before=3":   {"Older runs", "v1.1.8"},
		"/lanes/5/avalo-c8c46?before=nan": {"History"},
	} {
		res := get(t, url+path, "")
		if res.code != http.StatusOK || res.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d, %s", path, res.code, res.header.Get("Content-Type"))
		}
		for _, w := range want {
			if !strings.Contains(res.body, w) {
				t.Errorf("%s does not say %q", path, w)
			}
		}
		if strings.Contains(res.body, "<script>alert") || strings.Contains(res.body, "\u202e") {
			t.Errorf("%s shows what people wrote as it is", path)
		}
	}
}

// What an installation lacks is said on the first page, also before anything has
// come, and to nobody of another installation.
func TestPagesSayWhatIsLacking(t *testing.T) {
	said := []string{"Gatehouse lacks something on avalo", "The permission actions: write", "No workflow can be started.", "settings/installations/5"}
	url, _ := openPages(t, &shelf{lacks: []pipeline.Lack{lack(5)}})
	res := get(t, url+"/", "")
	for _, w := range append(said, "What to do first") {
		if !strings.Contains(res.body, w) {
			t.Errorf("the page does not say %q", w)
		}
	}
	s := busyShelf()
	s.lacks = []pipeline.Lack{lack(6)}
	b := openGate(t, s).browser().signIn("ada", "/")
	if res := b.get("/"); strings.Contains(res.body, said[0]) {
		t.Error("she is told of another's installation")
	}
	s.mu.Lock()
	s.lacks = append(s.lacks, lack(5))
	s.mu.Unlock()
	b.get("/").want(t, "her installation", http.StatusOK, said...)
}

func TestPagesThatAreNotThere(t *testing.T) {
	url, _ := openPages(t, busyShelf())
	for path, want := range map[string]string{
		"/runs/6925ffffffffffff":      "There is no such run",
		"/runs/%3Cscript%3E":          "There is no such run",
		"/runs/..%2f..%2fetc":         "There is no such run",
		"/lanes/5/nothing":            "There is no such page",
		"/lanes/6/avalo-c8c46":        "There is no such page",
		"/lanes/x/avalo-c8c46":        "There is no such page",
		"/static/../../config.go":     "",
		"/static/secret":              "There is no such page",
		"/approvals":                  "There is no such page",
		"/api/v1/runs/6925ffffffffff": "There is no such thing",
	} {
		res := get(t, url+path, "")
		if res.code != http.StatusNotFound && res.code != http.StatusTemporaryRedirect && res.code != http.StatusMovedPermanently {
			t.Errorf("%s: %d", path, res.code)
		}
		if !strings.Contains(res.body, want) || strings.Contains(res.body, "<script>") {
			t.Errorf("%s: %s", path, res.body)
		}
	}
}

func TestPagesWithoutAStore(t *testing.T) {
	s := busyShelf()
	s.err = errors.New("disk on fire at /var/lib/secret")
	url, _ := openPages(t, s)
	for _, path := range []string{"/", "/runs/" + string(idGate), "/lanes/5/avalo-c8c46", "/api/v1/lanes"} {
		res := get(t, url+path, "")
		if res.code != http.StatusServiceUnavailable || strings.Contains(res.body, "secret") {
			t.Errorf("%s: %d\n%s", path, res.code, res.body)
		}
	}
}

// A site whose name was made to resolve to this machine must read nothing, and
// no other site may frame, run or load anything of the pages.
func TestPagesAreForThisMachine(t *testing.T) {
	url, _ := openPages(t, busyShelf())
	for host, want := range map[string]int{
		"": 200, "localhost": 200, "LOCALHOST:8081": 200, "127.0.0.1:1": 200, "[::1]:8081": 200, "gatehouse.example": 200, "gatehouse.example:443": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:8081": 421, "10.0.0.1": 421, "0.0.0.0:8081": 421, "xlocalhost": 421,
	} {
		res := get(t, url+"/", host)
		if res.code != want || (want != 200) == strings.Contains(res.body, "v1.2.0") {
			t.Errorf("called as %q: %d", host, res.code)
		}
		policy := res.header.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("the policy is %q", policy)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"} {
			if res.header.Get(name) != want {
				t.Errorf("%s is %q", name, res.header.Get(name))
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/runs/"+string(idGate), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res := do(t, req); res.code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", res.code)
	}
}

func TestPagesAsJSONAndText(t *testing.T) {
	url, _ := openPages(t, busyShelf())
	var all struct{ Lanes []templates.APILane }
	body := get(t, url+"/api/v1/lanes", "").body
	if err := json.Unmarshal([]byte(body), &all); err != nil || len(all.Lanes) != 1 {
		t.Fatalf("%v\n%s", err, body)
	}
	l := all.Lanes[0]
	if l.Live == nil || l.Live.Version != "v1.1.8" || l.Holder == nil || len(l.AtGate) != 1 || len(l.Queue) != 1 || l.Queue[0].Queued != 1 || len(l.Moving) != 1 {
		t.Errorf("the lane: %s", body)
	}
	var run templates.APIRun
	body = get(t, url+"/api/v1/runs/"+string(idGate), "").body
	if err := json.Unmarshal([]byte(body), &run); err != nil || run.Gate == nil || run.Gate.Missing != 1 || len(run.Stages) != 5 || len(run.Log) != 1 {
		t.Errorf("%v\n%s", err, body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/runs/"+string(idGate), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res := do(t, req); !strings.HasPrefix(res.header.Get("Content-Type"), "text/plain") || !strings.Contains(res.body, "To approve: press Review deployments") {
		t.Errorf("the text:\n%s", res.body)
	}
}

// A history of 2,000 runs is read a page at a time, to its end, each run once.
func TestLongHistory(t *testing.T) {
	s := &shelf{runs: map[pipeline.RunID]*pipeline.Run{}, lanes: []*pipeline.Lane{{V: pipeline.RunVersion, ID: pageLane, Installation: 5}}}
	for i := range 2000 {
		r := aRun(pipeline.RunID(fmt.Sprintf("%016x", i+1)), int64(i+1), fmt.Sprintf("v1.0.%d", i+1))
		reach(r, "notify", pipeline.StagePassed)
		s.runs[r.ID] = ended(r, pipeline.RunSucceeded, nil)
	}
	url, _ := openPages(t, s)
	if body := get(t, url+"/", "").body; strings.Count(body, "<tr>") != pastShown+1 || s.reads > 2*pastShown {
		t.Errorf("the first page has %d rows and read %d runs", strings.Count(body, "<tr>")-1, s.reads)
	}
	seen, pages, path := map[string]bool{}, 0, "/lanes/5/avalo-c8c46"
	for path != "" {
		s.reads = 0
		body := get(t, url+path, "").body
		if pages++; pages > 200 || s.reads > pastShown+1 {
			t.Fatalf("page %d, %d runs read", pages, s.reads)
		}
		for _, m := range regexp.MustCompile(`href="/runs/([0-9a-f]+)"`).FindAllStringSubmatch(body, -1) {
			if seen[m[1]] {
				t.Fatalf("%s is shown twice", m[1])
			}
			seen[m[1]] = true
		}
		path = ""
		if m := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(body); m != nil {
			path = m[1]
		}
	}
	if len(seen) != 2000 || pages != 100 {
		t.Errorf("%d runs on %d pages", len(seen), pages)
	}
}

// On the public listener the address of a run tells nobody anything, and leads
// a browser on this machine to the page.
func TestElsewhere(t *testing.T) {
	h, err := Elsewhere(func() string { return "127.0.0.1:8081" }, func() time.Time { return pageNoon })
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path, peer, host string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.RemoteAddr, r.Host = peer, host
		if len(header) > 0 {
			r.Header.Set(header[0], "x")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	there, not := ask("/runs/"+string(idGate), "203.0.113.9:5000", "gatehouse.example"), ask("/runs/nothing", "203.0.113.9:5000", "gatehouse.example")
	if there.Code != http.StatusForbidden || there.Body.String() != not.Body.String() || not.Code != there.Code {
		t.Errorf("a stranger is answered %d and %d:\n%s", there.Code, not.Code, there.Body)
	}
	if strings.Contains(there.Body.String(), "<script") || !strings.Contains(there.Body.String(), "operator") {
		t.Errorf("the notice:\n%s", there.Body)
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		if w := ask("/runs/a", "127.0.0.1:5000", "127.0.0.1:8080", header); w.Code != http.StatusForbidden {
			t.Errorf("through a proxy with %s: %d", header, w.Code)
		}
	}
	if w := ask("/runs/a", "127.0.0.1:5000", "evil.example"); w.Code != http.StatusForbidden {
		t.Errorf("by a foreign name: %d", w.Code)
	}
	for _, path := range []string{"/", "/runs/" + string(idGate), "/lanes/5/a%2Fb"} {
		if w := ask(path, "127.0.0.1:5000", "localhost:8080"); w.Code != http.StatusFound || w.Header().Get("Location") != "http://127.0.0.1:8081"+path {
			t.Errorf("%s on this machine: %d %s", path, w.Code, w.Header().Get("Location"))
		}
	}
	if w := ask("/metrics", "127.0.0.1:5000", "localhost"); w.Code != http.StatusNotFound {
		t.Errorf("another path: %d", w.Code)
	}
}

func TestPagesNeedTheirParts(t *testing.T) {
	if _, err := Pages(PagesConfig{Reader: busyShelf(), Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("pages without a clock are built")
	}
	if _, err := Elsewhere(nil, nil); err == nil {
		t.Error("a notice without an address is built")
	}
}

var _ Reader = (*shelf)(nil)

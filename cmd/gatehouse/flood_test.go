package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

var flood = flag.Int("flood", 1000, "how many webhooks one repository sends at once; make flood says 10000")

// A repository that sends thousands of webhooks at once loses none of them, and
// a release of another repository goes on meanwhile.
func TestFlood(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(nil)})
	others := newDistrict(s.town)
	if err := others.open(1); err != nil {
		t.Fatal(err)
	}
	sha := s.release()
	s.gate(sha)
	w := &torrent{scene: s, of: [2][]byte{s.status(sha), s.status(strings.Repeat("ab", 20))}, total: int64(*flood)}
	began := time.Now()
	over := make(chan struct{})
	go func() {
		defer close(over)
		w.send(t.Context())
		poke(s.news)
	}()
	s.until("the flood has begun", func() bool { return w.sent.Load() > w.total/10 })
	s.until("another repository's release goes through", func() bool {
		done, err := others.turn(1, false)
		return err == nil && done
	})
	<-over
	sent := time.Since(began)
	s.until("everything that was acknowledged is applied", func() bool { return s.stored("state = 'open'") == 0 })
	if got := s.stored("id LIKE '%/flood-%' AND state = 'done'"); got != w.total || w.refused.Load() != 0 {
		t.Errorf("%d of %d were acknowledged and %d applied", w.total-w.refused.Load(), w.total, got)
	}
	s.approve(sha)
	s.shows(sha, deploy, "success")
	_, metrics := s.get("/metrics")
	t.Logf("| %d | %.0f a second | %d s until the last was applied | %d MB resident | 0 lost |", w.total,
		float64(w.total)/sent.Seconds(), int(time.Since(began).Seconds()), int(figure(metrics, "process_resident_memory_bytes"))>>20)
}

// torrent is a crowd of webhooks of one repository, in turn of a commit that a run
// waits for and of one that nobody knows.
type torrent struct {
	*scene
	of            [2][]byte
	total         int64
	next          atomic.Int64
	sent, refused atomic.Int64
}

const crowd = 32 // connections of GitHub's at once

func (w *torrent) send(ctx context.Context) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			for n := w.next.Add(1); n <= w.total; n = w.next.Add(1) {
				body := w.of[n%2]
				req, err := w.webhook(ctx, "status", fmt.Sprintf("flood-%d", n), body, demoSecret)
				if err != nil {
					w.refused.Add(1)
					continue
				}
				resp, err := client.Do(req)
				if err != nil || resp.StatusCode != http.StatusAccepted {
					w.refused.Add(1)
				}
				if err == nil {
					_ = resp.Body.Close() // its status is all that counts
				}
				if w.sent.Add(1)%64 == 0 {
					poke(w.news)
				}
			}
		})
	}
	all.Wait()
}

// status is the payload of a commit's status, otherwise as the last push had it.
func (s *scene) status(sha string) []byte {
	return s.altered(map[string]any{"sha": sha, "state": "success", "context": "ci"})
}

// altered is the last push with other fields.
func (s *scene) altered(fields map[string]any) []byte {
	s.Helper()
	all := map[string]any{}
	if err := json.Unmarshal(s.delivered("push"), &all); err != nil {
		s.Fatal(err)
	}
	for k, v := range fields {
		all[k] = v
	}
	body, err := json.Marshal(all)
	return must(s, body, err)
}

// stored counts deliveries in the database.
func (s *scene) stored(which string) int64 {
	s.Helper()
	return s.count("SELECT count(*) FROM item WHERE kind = 'delivery' AND " + which)
}

// count is a number out of the database, as another program sees it.
func (s *scene) count(query string) (n int64) {
	s.Helper()
	db, err := sql.Open("sqlite", "file:"+s.database()+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(s.Context(), query).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

// figure reads one figure of /metrics.
func figure(metrics, name string) float64 {
	for line := range strings.Lines(metrics) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			f, _ := strconv.ParseFloat(strings.TrimSpace(v), 64) // 0 is what is shown then
			return f
		}
	}
	return 0
}

// A push of 25 MB, the most that GitHub sends, is a release like any other; of a
// byte more, nothing is read.
func TestLargestPush(t *testing.T) {
	t.Parallel()
	const most = 25 << 20
	s := open(t, demo.Options{Files: short(nil)})
	s.push(sandbox.Push{Branch: "feature/x", By: demo.Dana, Message: "Begin", Files: map[string]string{"x": "1"}})
	s.world.Drain()
	s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "webhook", Path: "push", Kind: sandbox.Forgotten}}})
	sha := s.release()
	body := s.largePush(sha, most)
	if status, answer := s.post("too-large", append(bytes.Clone(body), ' '), demoSecret); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a byte more: %d %s", status, answer)
	}
	if status, answer := s.post("largest", body, demoSecret); status != http.StatusAccepted {
		t.Errorf("25 MB: %d %s", status, answer)
	}
	s.gate(sha)
	if size := s.count("SELECT max(length(body)) FROM item"); size > 1<<20 {
		t.Errorf("%d bytes are stored of it", size)
	}
}

// largePush is the push of a release with as many commits as GitHub lists, and so
// many paths that it has exactly that size.
func (s *scene) largePush(sha string, size int) []byte {
	s.Helper()
	const most = 2048
	commits := make([]any, 0, most)
	for n := range most {
		paths := make([]string, 0, 100)
		for i := range 100 {
			paths = append(paths, fmt.Sprintf("packages/%04d/%03d-%s.ts", n, i, strings.Repeat("x", 90)))
		}
		commits = append(commits, map[string]any{"id": sha, "message": "Change", "added": paths, "removed": []string{}, "modified": []string{}})
	}
	body := s.altered(map[string]any{"ref": "refs/heads/" + branch, "before": strings.Repeat("0", 40), "after": sha, "created": true, "commits": commits})
	if len(body) < size/2 || len(body) > size {
		s.Fatalf("the push has %d bytes", len(body))
	}
	return append(body, bytes.Repeat([]byte(" "), size-len(body))...)
}

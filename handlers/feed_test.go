package handlers

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// stream is what a browser hears, an event at a time.
type stream struct {
	t      *testing.T
	events *bufio.Scanner
}

func openStream(t *testing.T, url string, header ...string) *stream {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	s := &stream{t: t, events: bufio.NewScanner(res.Body)}
	s.events.Split(func(data []byte, end bool) (int, []byte, error) {
		if i := strings.Index(string(data), "\n\n"); i >= 0 {
			return i + 2, data[:i], nil
		}
		if end {
			return len(data), nil, nil
		}
		return 0, nil, nil
	})
	if got := s.next(); got != "retry: 3000" {
		t.Fatalf("the stream begins with %q", got)
	}
	return s
}

// next is the next event, or "" at the end.
func (s *stream) next() string {
	if s.events.Scan() {
		return s.events.Text()
	}
	return ""
}

// A stream says which run or lane changed, and nothing else that is stored.
func TestFeed(t *testing.T) {
	url, feed := openPages(t, busyShelf())
	s := openStream(t, url)
	feed.Changed(engine.DeliveryRef(5, 3, "guid"), "1")
	feed.Changed(engine.RunRef(5, idGate), "17")
	feed.Beat()
	feed.Changed(engine.LaneRef(5, pageLane), "18")
	for _, want := range []string{
		"event: changed\ndata: {\"kind\":\"run\",\"id\":\"5/6925000000000004\",\"revision\":\"17\"}", ": still here",
		"event: changed\ndata: {\"kind\":\"lane\",\"id\":\"5/avalo-c8c46\",\"revision\":\"18\"}",
	} {
		if got := s.next(); got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
	feed.Close()
	if got := s.next(); got != "" {
		t.Errorf("after the end: %q", got)
	}
	if res := get(t, url+"/api/v1/events", ""); res.code != http.StatusServiceUnavailable {
		t.Errorf("a stream that is opened while the process stops: %d", res.code)
	}
}

// Who does not listen is dropped, and holds nobody up.
func TestFeedDropsTheSlow(t *testing.T) {
	feed := NewFeed(time.Now)
	slow, quick := feed.join(), feed.join()
	for i := range feedBehind + 1 {
		feed.Changed(engine.RunRef(5, idGate), fmt.Sprint(i))
		<-quick
	}
	if n := feed.Listeners(); n != 1 {
		t.Errorf("%d listen", n)
	}
	heard := 0
	for range slow { // closed, so this ends
		heard++
	}
	if heard != feedBehind {
		t.Errorf("%d news were kept for it", heard)
	}
	feed.leave(slow)
	feed.Close()
	feed.Close()
}

// There is room for so many; the others are told to ask.
func TestFeedIsBounded(t *testing.T) {
	url, feed := openPages(t, busyShelf())
	for range feedRoom {
		feed.join()
	}
	res := get(t, url+"/api/v1/events", "")
	if res.code != http.StatusServiceUnavailable || res.header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d", res.code)
	}
}

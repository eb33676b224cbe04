package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

const (
	// feedRoom is how many browsers may listen at once; the others ask every few seconds.
	feedRoom = 200
	// feedBehind is how many news a browser may be behind before it is dropped.
	// It then connects again and reads the page anew.
	feedBehind = 64
	// feedWrite is how long one write may take.
	feedWrite = 10 * time.Second
	// FeedBeat is how often Beat should be called: often enough that neither a
	// proxy nor a dead connection keeps a stream open in vain.
	FeedBeat = 15 * time.Second
)

// Feed tells browsers what was stored anew, as server-sent events. It holds no
// news for those who are not there: a page that connects reads itself first.
type Feed struct {
	clock  func() time.Time
	mu     sync.Mutex
	closed bool
	subs   map[chan item]struct{}
}

// NewFeed makes a feed without listeners.
func NewFeed(clock func() time.Time) *Feed {
	return &Feed{clock: clock, subs: map[chan item]struct{}{}}
}

// item is what goes through a stream; a beat is of nothing.
type item struct {
	of    change
	event []byte
}

// change is what a browser is told: what changed, never how.
type change struct {
	Kind     engine.Kind `json:"kind"`
	ID       string      `json:"id"` // installation/run or installation/lane
	Revision string      `json:"revision"`
}

// Changed tells of an item that was stored. It never blocks.
func (f *Feed) Changed(ref engine.Ref, rev string) {
	if ref.Kind != engine.KindRun && ref.Kind != engine.KindLane {
		return
	}
	c := change{Kind: ref.Kind, ID: ref.ID, Revision: rev}
	data, err := json.Marshal(c)
	if err != nil {
		return // strings only
	}
	f.send(item{of: c, event: fmt.Appendf(nil, "event: changed\ndata: %s\n\n", data)})
}

// Beat keeps the streams open, and finds those whose browser is gone.
func (f *Feed) Beat() { f.send(item{event: []byte(": still here\n\n")}) }

// send drops whoever is too far behind.
func (f *Feed) send(event item) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for sub := range f.subs {
		select {
		case sub <- event:
		default:
			delete(f.subs, sub)
			close(sub)
		}
	}
}

// Close ends every stream, now and later.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for sub := range f.subs {
		close(sub)
	}
	clear(f.subs)
}

// Listeners is the number of open streams.
func (f *Feed) Listeners() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}

// join adds a stream; nil means that there is no room.
func (f *Feed) join() chan item {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.subs) >= feedRoom {
		return nil
	}
	sub := make(chan item, feedBehind)
	f.subs[sub] = struct{}{}
	return sub
}

func (f *Feed) leave(sub chan item) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.subs, sub)
}

// ServeHTTP streams everything until the browser leaves, falls behind, or the
// feed closes.
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.stream(w, r, func(change) (tell, goOn bool) { return true, true })
}

// stream passes on what may be told; it ends when told says that nothing may any
// more. A beat asks told about nothing, so that a stream ends with its session.
func (f *Feed) stream(w http.ResponseWriter, r *http.Request, told func(change) (tell, goOn bool)) {
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	sub := f.join()
	if sub == nil {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "Too many streams are open; ask every few seconds instead.", http.StatusServiceUnavailable)
		return
	}
	defer f.leave(sub)
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	if err := out.SetReadDeadline(time.Time{}); err != nil { // else the server's would end the stream
		http.Error(w, "Streams are not possible here.", http.StatusNotImplemented)
		return
	}
	write := func(event []byte) bool {
		if err := out.SetWriteDeadline(f.clock().Add(feedWrite)); err != nil {
			return false
		}
		_, err := w.Write(event)
		return err == nil && out.Flush() == nil
	}
	if !write([]byte("retry: 3000\n\n")) {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case event, open := <-sub:
			if !open {
				return
			}
			if tell, goOn := told(event.of); !goOn || tell && !write(event.event) {
				return
			}
		}
	}
}

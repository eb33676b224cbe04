package handlers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firestore"
	"github.com/gatehouse-app/gatehouse/internal/firestoretest"
	"github.com/gatehouse-app/gatehouse/internal/pgtest"
	"github.com/gatehouse-app/gatehouse/internal/postgres"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	senders = 64      // at once, each with a connection of its own
	rounds  = 30      // of both handlers in turn: a busy machine slows both
	usual   = 8 << 10 // bytes of a payload
)

// BenchmarkAcknowledge says how many webhooks a second are answered, each of
// them stored first, and what share that is of what the same handler answers with
// the store left out ("of-no-store", the median of neighbouring rounds): that
// ratio, unlike the figures, means the same on every machine.
func BenchmarkAcknowledge(b *testing.B) {
	for _, in := range shelves {
		for name, example := range map[string]string{"push": "push_branch", "no-interest": "workflow_job_queued"} {
			b.Run(in.name+"/"+name, func(b *testing.B) {
				shelf := in.open(b)
				event, body := readExample(b, "testdata/translate/"+example+".json")
				body = grown(b, body)
				stored := newMail(b, event, body, receiver(b, shelf))
				nothing := newMail(b, event, body, func(context.Context, engine.Delivery) (engine.Result, error) { return engine.Stored, nil })
				b.ResetTimer()
				ratio := compared(b, stored, nothing)
				b.StopTimer()
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(stored.rate(), "acks/s")
				b.ReportMetric(ratio, "of-no-store")
				b.ReportMetric(float64(stored.percentile(99).Microseconds())/1000, "p99-ms")
				if shelf.commits == nil {
					return
				}
				if s := shelf.commits.Stats(); s.Commits > 1 {
					b.ReportMetric(float64(s.Writes)/float64(s.Commits), "deliveries/commit")
				} else if s.Writes > 1 {
					b.Errorf("%d writes and %d commits", s.Writes, s.Commits)
				}
			})
		}
	}
}

// compared has both answer in turn, and says what share of the second's rate the
// first has.
func compared(b *testing.B, stored, nothing *mail) float64 {
	b.Helper()
	per := max(b.N/rounds, senders)
	var ratios []float64
	for n := range rounds / 2 {
		first, second := stored, nothing
		if n%2 == 0 {
			first, second = nothing, stored
		}
		a, z := first.round(b, per), second.round(b, per)
		if n%2 == 0 {
			a, z = z, a
		}
		ratios = append(ratios, float64(z)/float64(a))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// shelf is a store with what wakes for it.
type shelf struct {
	store   engine.Store
	waker   engine.Waker
	commits *sqlite.Store // nil: it does not count them
}

var shelves = []struct {
	name string
	open func(*testing.B) shelf
}{{"SQLite", sqliteShelf}, {"PostgreSQL", postgresShelf}, {"Firestore", firestoreShelf}}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func sqliteShelf(b *testing.B) shelf {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "ack.db"), sqlite.Options{Logger: silent()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return shelf{store: s, waker: engine.NewLocal(clock{}, silent(), 1), commits: s}
}

// postgresShelf puts a job into River's queue for each, as the program does.
func postgresShelf(b *testing.B) shelf {
	s, err := postgres.Open(b.Context(), pgtest.Start(b).Database(b), silent())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	w, err := postgres.NewWaker(s, clock{}, silent(), 1)
	if err != nil {
		b.Fatal(err)
	}
	return shelf{store: s, waker: w}
}

// firestoreShelf has Google's emulator for a store. What Cloud Tasks would add, a
// call for each, is not in it.
func firestoreShelf(b *testing.B) shelf {
	b.Setenv("FIRESTORE_EMULATOR_HOST", firestoretest.Start(b))
	s, err := firestore.Open(b.Context(), firestore.Config{Project: "demo-bench", Instance: "bench", Logger: silent()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return shelf{store: s, waker: engine.NewLocal(clock{}, silent(), 1)}
}

// grown brings a payload to the size that GitHub's have: most of it are addresses
// that nobody reads.
func grown(b *testing.B, body []byte) []byte {
	b.Helper()
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		b.Fatal(err)
	}
	urls := map[string]string{}
	for n := 0; len(body)+90*n < usual; n++ {
		urls[fmt.Sprintf("address_%d_url", n)] = "https://api.github.com/repos/avalo/avaloapp/addresses{/number}"
	}
	all["addresses"] = urls
	out, err := json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// receiver is an engine that stores deliveries and has nobody to advance them.
func receiver(b *testing.B, s shelf) func(context.Context, engine.Delivery) (engine.Result, error) {
	b.Helper()
	e, err := engine.New(engine.Config{
		Store: s.store, Waker: s.waker, Clock: clock{}, Logger: silent(),
		Machine:   engine.Machine{Next: pipeline.Next, NextIntake: pipeline.NextIntake, Wake: pipeline.Wake},
		Performer: nobody{}, Shower: nobody{}, Instance: "bench", Rand: func() float64 { return 0 },
	})
	if err != nil {
		b.Fatal(err)
	}
	return e.Receive
}

// mail is a server with the handler, and those who send to it.
type mail struct {
	event, signature string
	body             []byte
	url              string
	clients          []*http.Client
	next             atomic.Int64

	sent  int
	took  time.Duration
	waits []time.Duration // of each sender for each answer
}

func newMail(b *testing.B, event string, body []byte, receive func(context.Context, engine.Delivery) (engine.Result, error)) *mail {
	b.Helper()
	h, err := handlers.GitHub(handlers.Config{
		Secrets: [][]byte{[]byte(secret)}, AppID: us.AppID, APIURL: us.APIURL + "/", Clock: time.Now,
		Logger: silent(), Receive: receive,
	})
	if err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	m := &mail{event: event, body: body, url: srv.URL, signature: "sha256=" + sign(sha256.New, secret, body)}
	for range senders {
		t := &http.Transport{DialContext: (&net.Dialer{}).DialContext, MaxIdleConnsPerHost: 1, DisableCompression: true}
		b.Cleanup(t.CloseIdleConnections)
		m.clients = append(m.clients, &http.Client{Transport: t})
	}
	return m
}

// round has n deliveries sent by all senders together, and says how long it took.
func (m *mail) round(b *testing.B, n int) time.Duration {
	b.Helper()
	end := m.next.Load() + int64(n)
	waits := make([][]time.Duration, senders)
	began := time.Now()
	var all sync.WaitGroup
	for s, client := range m.clients {
		all.Go(func() {
			for id := m.next.Add(1); id <= end; id = m.next.Add(1) {
				sent := time.Now()
				if err := m.send(b.Context(), client, id); err != nil {
					b.Error(err)
					return
				}
				waits[s] = append(waits[s], time.Since(sent))
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	m.next.Store(end)
	m.took, m.sent, m.waits = m.took+took, m.sent+n, append(m.waits, slices.Concat(waits...)...)
	return took
}

func (m *mail) send(ctx context.Context, client *http.Client, id int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(m.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Github-Event", m.event)
	r.Header.Set("X-Github-Delivery", fmt.Sprintf("72d3162e-cc78-11e3-81ab-%012x", id))
	r.Header.Set("X-Github-Hook-Installation-Target-Type", "integration")
	r.Header.Set("X-Github-Hook-Installation-Target-Id", "3")
	r.Header.Set("X-Hub-Signature-256", m.signature)
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode/100 != 2 || strings.Contains(string(answer), "duplicate")) {
		return fmt.Errorf("%d %s", resp.StatusCode, answer)
	}
	return err
}

func (m *mail) rate() float64 { return float64(m.sent) / m.took.Seconds() }

func (m *mail) percentile(p int) time.Duration {
	slices.Sort(m.waits)
	return m.waits[(len(m.waits)-1)*p/100]
}

// clock is the machine's own.
type clock struct{}

func (clock) Now() time.Time { return time.Now() }

func (clock) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

// nobody is never asked for anything.
type nobody struct{}

func (nobody) Perform(context.Context, engine.Job) (pipeline.Outcome, error) {
	return pipeline.Done{}, nil
}

func (nobody) Show(context.Context, engine.ShowJob) (engine.Shown, error) { return engine.Shown{}, nil }

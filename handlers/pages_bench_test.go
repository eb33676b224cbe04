package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// BenchmarkPages says what a page costs with 20 and with 2,000 runs in one lane,
// in a real store: the two must not differ.
func BenchmarkPages(b *testing.B) {
	for _, n := range []int{20, 2000} {
		h := storedPages(b, n)
		for name, path := range map[string]string{
			"lanes": "/", "newest": "/lanes/5/" + pageLane, "oldest": "/lanes/5/" + pageLane + "?before=60", "run": fmt.Sprintf("/runs/%016x", n/2),
		} {
			b.Run(fmt.Sprintf("%s-of-%d", name, n), func(b *testing.B) {
				for b.Loop() {
					r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
					r.Host = "localhost"
					r.Header.Set("Accept", "text/html")
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						b.Fatalf("%d", w.Code)
					}
				}
			})
		}
	}
}

// storedPages has n runs of one lane in SQLite, each with four lines of the audit trail.
func storedPages(b *testing.B, n int) http.Handler {
	b.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "pages.db"), sqlite.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	item := func(ref engine.Ref, scope, state string, body any) *engine.Item {
		raw, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		return &engine.Item{Ref: ref, Scope: scope, State: state, Body: raw}
	}
	items := []*engine.Item{item(engine.LaneRef(5, pageLane), pageLane, "", &pipeline.Lane{V: pipeline.RunVersion, ID: pageLane, Installation: 5})}
	for i := range n {
		r := aRun(pipeline.RunID(fmt.Sprintf("%016x", i+1)), int64(i+1), fmt.Sprintf("v1.0.%d", i+1))
		reach(r, "notify", pipeline.StagePassed)
		ended(r, pipeline.RunSucceeded, nil)
		items = append(items, item(engine.RunRef(5, r.ID), "42", string(r.Status), map[string]any{"v": 1, "run": r}))
		for j, what := range []string{"run-started", "lane-held", "deployed", "verified"} {
			seq := int64(4*i + j + 1)
			items = append(items, item(engine.Ref{Kind: engine.KindLog, ID: fmt.Sprintf("5/%s/%012d", pageLane, seq)}, string(r.ID), what,
				pipeline.Entry{Lane: pageLane, Seq: seq, Run: r.ID, What: what}))
		}
	}
	for len(items) > 0 {
		k := min(500, len(items))
		if err := store.Swap(ctx, items[:k]...); err != nil {
			b.Fatal(err)
		}
		items = items[k:]
	}
	e, err := engine.New(engine.Config{
		Store: store, Waker: engine.NewLocal(wall{}, slog.New(slog.DiscardHandler), 1), Clock: wall{}, Logger: slog.New(slog.DiscardHandler),
		Machine:   engine.Machine{Next: pipeline.Next, NextIntake: pipeline.NextIntake, Wake: pipeline.Wake},
		Performer: idle{}, Shower: idle{}, Instance: "bench", Rand: func() float64 { return 0 },
	})
	if err != nil {
		b.Fatal(err)
	}
	h, err := Pages(PagesConfig{Reader: e, Feed: NewFeed(time.Now), WebURL: "https://github.com", Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// wall is the machine's clock.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }

func (wall) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

// idle does nothing that it is asked for.
type idle struct{}

func (idle) Perform(context.Context, engine.Job) (pipeline.Outcome, error) {
	return pipeline.Done{}, nil
}

func (idle) Show(context.Context, engine.ShowJob) (engine.Shown, error) { return engine.Shown{}, nil }

package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// status is a command in a comment of a person.
func status(person int64) engine.Signal {
	s := typed("/status")
	c, _ := s.Fact.(pipeline.CommandGiven)
	c.By.ID = person
	return engine.Signal{Fact: c}
}

// refused are the codes that people were answered with.
func refused(w *world) func() string {
	var mu sync.Mutex
	var codes []string
	s := newLockStory(w.t)
	w.setPerform(func(ctx context.Context, job engine.Job) (pipeline.Outcome, error) {
		if r, ok := job.Effect.(pipeline.Reply); ok && r.Refused != nil {
			mu.Lock()
			codes = append(codes, r.Refused.Code)
			mu.Unlock()
		}
		return s.perform(ctx, job)
	})
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(codes, " ")
	}
}

func (w *world) told(guid string, s engine.Signal) {
	w.t.Helper()
	w.receive(guid, s)
	w.advance(engine.DeliveryRef(inst, appID, guid))
}

// Above the limit a command is answered once; the hour that follows writes over
// the same item. What comes twice, from others, elsewhere or not by a comment
// does not count.
func TestTally(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, machine)
		codes := refused(w)
		for n := range pipeline.CommandLimit {
			w.told(fmt.Sprint("c", n), status(5))
			w.told(fmt.Sprint("c", n), status(5))
		}
		w.told("page", engine.Signal{Fact: pipeline.CommandGiven{By: pipeline.Person{ID: 5}, Where: pipeline.Origin{Surface: pipeline.SurfaceCommand, Command: "7-x"}}})
		w.told("other", status(6))
		other := delivery("elsewhere", status(5))
		other.Repo.ID = 12
		if _, err := w.eng.Receive(context.Background(), other); err != nil {
			t.Fatal(err)
		}
		w.advance(engine.DeliveryRef(inst, appID, "elsewhere"))
		within := strings.TrimSpace(strings.Repeat("no-run ", pipeline.CommandLimit+2))
		if got := codes(); got != within {
			t.Errorf("answers %q, want %q", got, within)
		}
		for n := range 3 {
			w.told(fmt.Sprint("above", n), status(5))
		}
		if got := codes(); got != within+" too-many-commands" {
			t.Errorf("answers above the limit: %q", strings.TrimPrefix(got, within))
		}
		items := w.store.All(engine.KindTally)
		if len(items) != 3 || items[0].ID != "7/11/5" || !items[0].Expires.Equal(time.Now().Add(time.Hour)) || !items[0].WakeAt.IsZero() {
			t.Errorf("tallies: %+v", items)
		}
		time.Sleep(time.Hour)
		w.told("later", status(5))
		if got := codes(); got != within+" too-many-commands no-run" {
			t.Errorf("answers after the hour: %q", strings.TrimPrefix(got, within))
		}
		if items := w.store.All(engine.KindTally); len(items) != 3 || !items[0].Expires.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("tallies after the hour: %+v", items)
		}
	})
}

// Two processes that take up a person's commands at the same moment count them
// together, and a tally that is deleted meanwhile stops nobody.
func TestTallyOfTwoProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := func(c *engine.Config) { c.Options.SoleOwner = false }
		a := newWorld(t, machine, shared)
		b := joinWorld(t, a.store, machine, shared, func(c *engine.Config) { c.Instance = "two" })
		codesA, codesB := refused(a), refused(b)
		var all sync.WaitGroup
		for n := range pipeline.CommandLimit + 5 {
			guid := fmt.Sprint("c", n)
			a.receive(guid, status(5))
			for _, w := range []*world{a, b} {
				all.Go(func() {
					// Who loses against the other again and again comes later.
					for w.eng.Advance(context.Background(), engine.DeliveryRef(inst, appID, guid)) != nil {
						time.Sleep(time.Millisecond)
					}
				})
			}
		}
		all.Wait()
		got := codesA() + " " + codesB()
		if n, above := strings.Count(got, "no-run"), strings.Count(got, "too-many-commands"); n != pipeline.CommandLimit || above != 1 {
			t.Errorf("%d answers and %d above the limit, want %d and 1", n, above, pipeline.CommandLimit)
		}
		if n, err := a.store.Purge(context.Background(), time.Now().Add(time.Hour), 10); err != nil || n != 1 {
			t.Errorf("%d items deleted after the hour, %v", n, err)
		}
		a.told("again", status(5))
		if n := len(a.store.All(engine.KindTally)); n != 1 {
			t.Errorf("%d tallies", n)
		}
	})
}

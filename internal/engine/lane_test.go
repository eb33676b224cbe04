package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/engine/enginetest"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// A process that dies at any swap between somebody's /lock, a push that waits
// behind it, its end by time, and the deploy, is followed by one that finishes
// the same story: the lane was locked once, and what waited went once.
func TestLockThroughDeathAtEverySwap(t *testing.T) {
	for _, stored := range []bool{false, true} {
		for n := 1; ; n++ {
			died := false
			t.Run(fmt.Sprintf("swap=%d,stored=%v", n, stored), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { died = lockAndDie(t, int64(n), stored) })
			})
			if !died || t.Failed() {
				break
			}
		}
	}
}

// lockStory is the world of the real machine around a lock.
type lockStory struct {
	spec  *pipeline.Spec
	mu    sync.Mutex
	nos   []string
	nonce map[string]bool // of the dispatches
}

func newLockStory(t *testing.T) *lockStory {
	spec, problems := pipeline.Parse([]byte(`version: 1
environments: {staging: {firebase: avalo-staging}}
pipelines: {staging: {on: {push: main}, environment: staging, stages: [{deploy: {workflow: deploy.yml}, timeout: 20h}]}}
`), pipeline.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return &lockStory{spec: spec, nonce: map[string]bool{}}
}

func (s *lockStory) perform(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := job.Effect.(type) {
	case pipeline.VerifyPerson:
		return pipeline.PersonVerified{Standing: pipeline.Standing{Person: e.Person, Role: "write"}}, nil
	case pipeline.ReadConfig:
		return pipeline.ConfigRead{Spec: s.spec}, nil
	case pipeline.ReadRelease:
		return pipeline.ReleaseRead{Deploys: map[string]pipeline.Jobs{}}, nil
	case pipeline.CreateDeployment:
		return pipeline.DeploymentMade{ID: 9}, nil
	case pipeline.StartWorkflow:
		s.nonce[e.Nonce] = true
		return pipeline.WorkflowStarted{Workflow: pipeline.WorkflowRun{ID: 99}}, nil
	case pipeline.Reply:
		if e.Refused != nil {
			s.nos = append(s.nos, e.Refused.Reason)
		}
	}
	return pipeline.Done{}, nil
}

func machine(c *engine.Config) {
	c.Machine = engine.Machine{
		Next: pipeline.Next, NextIntake: pipeline.NextIntake, Wake: pipeline.Wake, NextLane: pipeline.NextLane, WakeLane: pipeline.WakeLane,
	}
	c.Options.SoleOwner = true
}

func typed(line string) engine.Signal {
	c, _ := pipeline.ParseCommand(line)
	return engine.Signal{Fact: pipeline.CommandGiven{
		Command: c, By: pipeline.Person{ID: 5, Login: "bob"}, Where: pipeline.ByComment(pipeline.CommentRef{ID: 1, Issue: 1}),
	}}
}

func lockAndDie(t *testing.T, n int64, stored bool) bool {
	s, store := newLockStory(t), enginetest.NewMemStore()
	var count atomic.Int64
	store.BeforeSwap(func([]*engine.Item) error {
		if k := count.Add(1); k < n || k == n && stored {
			return nil
		}
		return engine.ErrUnavailable
	})
	tell := func(w *world) {
		w.setPerform(s.perform)
		stop := w.serve()
		for _, d := range []engine.Delivery{delivery("g1", typed("/lock staging load test for 2h")), delivery("g2", push("aaaaaaa1"))} {
			_, _ = w.eng.Receive(context.Background(), d) // GitHub sees the failure; somebody redelivers
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		stop()
	}
	tell(joinWorld(t, store, machine))
	store.BeforeSwap(nil)
	w := joinWorld(t, store, machine, func(c *engine.Config) { c.Instance = "two" })
	tell(w)
	s.check(t, w)
	return count.Load() > n
}

func (s *lockStory) check(t *testing.T, w *world) {
	entries, err := w.eng.Log(context.Background(), inst, "avalo-staging")
	if err != nil {
		t.Fatal(err)
	}
	lanes, err := w.eng.Lanes(context.Background(), inst)
	if err != nil || len(lanes) != 1 {
		t.Fatal(lanes, err)
	}
	if err := pipeline.VerifyLog(entries, lanes[0].LogHead); err != nil {
		t.Error(err)
	}
	var story []string
	for _, e := range entries {
		story = append(story, e.What)
	}
	once := func(what string) bool {
		i := slices.Index(story, what)
		return i >= 0 && !slices.Contains(story[i+1:], what)
	}
	if !once("locked") || !once("lock-expired") || !once("lane-held") {
		t.Errorf("the log says %q", story)
	}
	if len(s.nos) > 0 || len(s.nonce) != 1 || lanes[0].Lock != nil {
		t.Errorf("%q refused %q, dispatched %v, lock %+v", story, s.nos, s.nonce, lanes[0].Lock)
	}
}

package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// TestAnswerIsKept gives commands by the API: one that fits no run, one by a stranger.
func TestAnswerIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *engine.Config) {
			c.Machine.Next, c.Machine.NextIntake, c.Machine.Wake = pipeline.Next, pipeline.NextIntake, pipeline.Wake
		})
		w.perform = func(_ context.Context, job engine.Job) (pipeline.Outcome, error) {
			e, ok := job.Effect.(pipeline.VerifyPerson)
			if !ok {
				t.Errorf("a performer is asked for %T", job.Effect)
			}
			role := map[int64]string{9: "write"}[e.Person.ID]
			return pipeline.PersonVerified{Standing: pipeline.Standing{Person: e.Person, Role: role}}, nil
		}
		defer w.serve()()
		if _, err := w.eng.Answer(t.Context(), inst, "c1"); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("before the command: %v", err)
		}
		for id, c := range map[string]struct {
			by   int64
			code string
		}{"c1": {9, "no-run"}, "c2": {10, "not-entitled"}} {
			w.receive(id, engine.Signal{Fact: pipeline.CommandGiven{
				Command: pipeline.Command{Verb: pipeline.VerbApprove}, By: pipeline.Person{ID: c.by},
				Where: pipeline.Origin{Surface: pipeline.SurfacePage, Command: id},
			}})
			synctest.Wait()
			a, err := w.eng.Answer(t.Context(), inst, id)
			if err != nil || a.OK || a.Refused == nil || a.Refused.Code != c.code || a.Command != id {
				t.Errorf("the answer is %+v, %v", a, err)
			}
		}
		if _, err := w.eng.Answer(t.Context(), inst+1, "c1"); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("another tenant reads it: %v", err)
		}
	})
}

package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// lawGitHub is a GitHub that lists and dispatches workflow runs, nothing else.
type lawGitHub struct {
	Repo
	App
	listed     []github.WorkflowRun
	dispatched int
}

func (g *lawGitHub) Dispatch(context.Context, github.Dispatch) (github.WorkflowRun, error) {
	g.dispatched++
	return github.WorkflowRun{ID: 100}, nil
}

func (g *lawGitHub) DispatchedSince(context.Context, string, string, time.Time) ([]github.WorkflowRun, error) {
	return g.listed, nil
}

func (g *lawGitHub) Self(context.Context) (github.Self, error) {
	return github.Self{BotLogin: "gatehouse[bot]", BotID: 7}, nil
}

// TestLaw04_AtLeastOnceSafely starts a workflow again after a process died at
// it: what the first try started is found by its mark and adopted, and two of
// them are for a person to sort out. `make mutants` has it dispatch blindly.
func TestLaw04_AtLeastOnceSafely(t *testing.T) {
	const nonce = "00000000000000aa/test/1"
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	ours := github.WorkflowRun{
		ID: 99, Event: "workflow_dispatch", Path: ".github/workflows/test.yml", DisplayTitle: "test [gh:" + nonce + "]",
		Actor: github.Person{ID: 7, Login: "gatehouse[bot]"},
	}
	twin := ours
	twin.ID = 98
	for _, c := range []struct {
		what       string
		tries      int
		listed     []github.WorkflowRun
		dispatched int
		outcome    string
	}{
		{"the first try", 0, nil, 1, "started 100"},
		{"again, nothing was started", 1, nil, 1, "started 100"},
		{"again, one was started", 1, []github.WorkflowRun{ours}, 0, "started 99"},
		{"again, two were started", 1, []github.WorkflowRun{ours, twin}, 0, "unsure"},
	} {
		g := &lawGitHub{listed: c.listed}
		p := &Performers{
			Options: Options{
				Repos: func(pipeline.Repo) Repo { return g }, App: g, Clock: func() time.Time { return noon },
			},
			dispatched: map[string]bool{},
		}
		outcome, err := p.Perform(t.Context(), engine.Job{
			Key: "test/dispatch/1", Tries: c.tries, FirstAt: noon.Add(-time.Hour), Now: noon,
			Effect: pipeline.StartWorkflow{Stage: "test", File: "test.yml", Branch: "main", Nonce: nonce},
		})
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		got := fmt.Sprintf("%T", outcome)
		switch o := outcome.(type) {
		case pipeline.WorkflowStarted:
			got = fmt.Sprintf("started %d", o.Workflow.ID)
		case pipeline.Failed:
			got = o.Refusal.Reason
			if o.Unsure {
				got = "unsure"
			}
		default:
		}
		if got != c.outcome || g.dispatched != c.dispatched {
			t.Errorf("%s: %s with %d dispatches, want %s with %d", c.what, got, g.dispatched, c.outcome, c.dispatched)
		}
	}
}

// Head is asked for by nobody.
func (g *lawGitHub) Head(context.Context, string) (string, error) {
	return "", &github.Error{Class: github.Unavailable, Op: "read a branch"}
}

// lawGoogle is a project in which a site is moved back at once.
type lawGoogle struct {
	Google
	moved int
}

func (g *lawGoogle) Move(context.Context, firebase.Part, firebase.With) (firebase.Moved, error) {
	g.moved++
	return firebase.Moved{Already: true}, nil
}

// lawBlobs is one blob.
type lawBlobs struct{ body []byte }

func (b *lawBlobs) Put(context.Context, []byte) (string, error) {
	return "", errors.New("nothing is stored on the way back")
}

func (b *lawBlobs) Get(context.Context, string) ([]byte, error) { return b.body, nil }

// TestLaw08_RollbackNeedsAlmostNothing moves a pointer while GitHub and Slack
// are down. `make mutants` has GitHub asked first.
func TestLaw08_RollbackNeedsAlmostNothing(t *testing.T) {
	body, err := json.Marshal(record{V: recordVersion, Live: firebase.Snapshot{Project: "avalo-c8c46", Sites: []firebase.Hosting{{Site: "avalo", Version: "sites/avalo/versions/v7"}}}})
	if err != nil {
		t.Fatal(err)
	}
	g, hub := &lawGoogle{}, &lawGitHub{}
	p, err := New(Options{
		Repos: func(pipeline.Repo) Repo { return hub }, App: hub, Prober: &Prober{}, Clock: func() time.Time { return time.Unix(0, 0) },
		Projects: func(firebase.Target) (Google, error) { return g, nil }, Store: &lawBlobs{body: body},
	})
	if err != nil {
		t.Fatal(err)
	}
	move := pipeline.MovePart{Project: "avalo-c8c46", Target: "blob", Move: pipeline.Move{Kind: pipeline.ComponentHosting, ID: "avalo"}}
	job := engine.Job{Key: "restore/move/1", Effect: move, Run: &pipeline.Run{Environment: "production", Asks: map[string]pipeline.Ask{"restore/move/1": {}}}}
	out, err := p.Perform(t.Context(), job)
	if _, moved := out.(pipeline.PartMoved); err != nil || !moved || g.moved != 1 {
		t.Errorf("%#v, %v after %d moves", out, err, g.moved)
	}
}

package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/engine/enginetest"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	inst  = 7
	appID = 3
)

// bubble is the clock of synctest's bubbles.
type bubble struct{}

func (bubble) Now() time.Time { return time.Now() }

func (bubble) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

// world is an engine with a toy machine and an outside that records.
type world struct {
	t     *testing.T
	store *enginetest.MemStore
	eng   *engine.Engine
	local *engine.Local

	mu      sync.Mutex
	done    []string // "key tries"
	shown   []string // "slot notes"
	perform func(ctx context.Context, job engine.Job) (pipeline.Outcome, error)
	show    func(ctx context.Context, job engine.ShowJob) (engine.Shown, error)
}

type option func(*engine.Config)

func newWorld(t *testing.T, opts ...option) *world {
	t.Helper()
	return joinWorld(t, enginetest.NewMemStore(), opts...)
}

// joinWorld makes a further process on a store.
func joinWorld(t *testing.T, store *enginetest.MemStore, opts ...option) *world {
	t.Helper()
	w := &world{t: t, store: store}
	quiet := slog.New(slog.DiscardHandler)
	w.local = engine.NewLocal(bubble{}, quiet, 4)
	c := engine.Config{
		Store: store, Waker: w.local, Machine: toy(), Performer: w, Shower: w, Clock: bubble{},
		Logger: quiet, Instance: "one", Rand: func() float64 { return 0.5 },
	}
	for _, o := range opts {
		o(&c)
	}
	eng, err := engine.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.eng = eng
	return w
}

func (w *world) Perform(ctx context.Context, job engine.Job) (pipeline.Outcome, error) {
	w.mu.Lock()
	w.done = append(w.done, fmt.Sprintf("%s %d", job.Key, job.Tries))
	f := w.perform
	w.mu.Unlock()
	if f == nil {
		return pipeline.Done{}, nil
	}
	return f(ctx, job)
}

func (w *world) Show(ctx context.Context, job engine.ShowJob) (engine.Shown, error) {
	w.mu.Lock()
	w.shown = append(w.shown, fmt.Sprintf("%s %d", job.Slot, len(job.State.Run.Notes)))
	f := w.show
	w.mu.Unlock()
	if f == nil {
		return engine.Shown{Remote: "r-" + string(job.Slot)}, nil
	}
	return f(ctx, job)
}

func (w *world) performed() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.done)
}

func (w *world) shows() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.shown)
}

// serve runs the waker and the sweeps until the test's bubble is done.
func (w *world) serve() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = w.local.Run(ctx, w.eng.Advance) })
	all.Go(func() { w.eng.RunSweeps(ctx) })
	return func() {
		cancel()
		all.Wait()
	}
}

func (w *world) receive(guid string, signals ...engine.Signal) engine.Result {
	w.t.Helper()
	res, err := w.eng.Receive(context.Background(), delivery(guid, signals...))
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func delivery(guid string, signals ...engine.Signal) engine.Delivery {
	return engine.Delivery{AppID: appID, GUID: guid, Event: "push", Repo: repo(), Signals: signals}
}

func repo() pipeline.Repo { return pipeline.Repo{Installation: inst, ID: 11, Owner: "o", Name: "n"} }

func push(after string) engine.Signal {
	return engine.Signal{Fact: pipeline.Pushed{Ref: "refs/heads/main", After: after}}
}

func (w *world) advance(ref engine.Ref) {
	w.t.Helper()
	if err := w.eng.Advance(context.Background(), ref); err != nil {
		w.t.Fatal(err)
	}
}

// notes are what the toy machine of a run heard, in order.
func (w *world) notes(id pipeline.RunID) []string {
	w.t.Helper()
	st, _, err := w.eng.Run(context.Background(), inst, id)
	if err != nil {
		w.t.Fatal(err)
	}
	var notes []string
	for _, n := range st.Run.Notes {
		notes = append(notes, n.Text)
	}
	return notes
}

// run starts a run directly: an intake whose toy machine starts it.
func (w *world) run(sha string) pipeline.RunID {
	w.t.Helper()
	w.receive("start-"+sha, push(sha))
	w.advance(engine.DeliveryRef(inst, appID, "start-"+sha))
	return pipeline.RunID("run-" + sha)
}

// toy is a machine whose runs note whatever they hear. A run's SHA says what it
// owes at its start: "notice", "start" (a workflow), "probe", or nothing.
func toy() engine.Machine {
	return engine.Machine{Next: toyNext, NextIntake: toyIntake, Wake: toyWake}
}

func toyNext(s pipeline.State, e pipeline.Event) pipeline.Step {
	run, lane := *s.Run, *s.Lane
	run.Notes = slices.Clone(run.Notes)
	step := pipeline.Step{}
	owe := func(key string, f pipeline.Effect) {
		step.Effects = append(step.Effects, pipeline.Owed{Key: key, Effect: f})
	}
	text := pipeline.FactKind(e.Fact)
	switch f := any(e.Fact).(type) {
	case pipeline.Started:
		run.Seq = e.At.UnixMicro()
		for i, what := range strings.Split(run.Release.SHA, "-") {
			switch what {
			case "notice":
				owe(fmt.Sprintf("notice/%d", i), pipeline.SendNotice{})
			case "start":
				owe("start", pipeline.StartWorkflow{Stage: "w"})
			case "probe":
				owe("probe", pipeline.RunProbes{})
			case "slack":
				step.Show = []pipeline.Slot{pipeline.SlotSlack, pipeline.SlotDetails}
			case "deadline":
				run.Stages = map[string]*pipeline.StageRun{"w": {Deadline: e.At.Add(21 * 24 * time.Hour)}}
			case "end":
				run.Status = pipeline.RunSucceeded
			case "fail":
				run.Status = pipeline.RunFailed
			case "tell":
				owe("tell", pipeline.Tell{Run: "run-quiet", Fact: pipeline.LaneGranted{}})
			}
		}
	case pipeline.Tick:
		run.Stages = nil
	case pipeline.Answered:
		run.Hindered = slices.DeleteFunc(slices.Clone(run.Hindered), func(h pipeline.Hindrance) bool { return h.Key == f.Key })
		text = fmt.Sprintf("%s %s", f.Key, strings.TrimPrefix(fmt.Sprintf("%T", f.Outcome), "pipeline."))
		switch o := any(f.Outcome).(type) {
		case pipeline.WorkflowStarted:
			run.Stages = map[string]*pipeline.StageRun{"w": {Workflow: &o.Workflow}}
		case pipeline.Failed:
			text += " " + o.Refusal.Code
		default:
		}
	case pipeline.Hindered:
		run.Hindered = slices.DeleteFunc(slices.Clone(run.Hindered), func(h pipeline.Hindrance) bool { return h.Key == f.Key })
		if f.Why != nil {
			run.Hindered = append(run.Hindered, pipeline.Hindrance{Key: f.Key, Why: *f.Why, Since: e.At})
		}
		text = fmt.Sprintf("hindered %s %t", f.Key, f.Why != nil)
	case pipeline.ChecksChanged:
		step.Show = []pipeline.Slot{pipeline.SlotSlack}
		if f.SHA == "check" {
			step.Show = []pipeline.Slot{"check/w/1"}
		}
		if f.SHA == "retry" {
			run.Status = pipeline.RunActive
		}
		if f.SHA == "panic" {
			panic("toy machine")
		}
	default:
	}
	run.Notes = append(run.Notes, pipeline.Note{At: e.At, Text: text})
	lane.LogSeq++
	entry := pipeline.Entry{Lane: lane.ID, Seq: lane.LogSeq, At: e.At, Run: run.ID, What: text, Prev: lane.LogHead}
	entry.Hash = entry.Sum()
	lane.LogHead = entry.Hash
	step.Log = []pipeline.Entry{entry}
	step.State = pipeline.State{Lane: &lane, Run: &run}
	return step
}

func toyIntake(in *pipeline.Intake, e pipeline.Event) pipeline.IntakeStep {
	c := *in
	switch any(e.Fact).(type) {
	case pipeline.Started:
		switch {
		case c.Push != nil:
			run := &pipeline.Run{
				V: pipeline.RunVersion, ID: pipeline.RunID("run-" + c.Push.After), Repo: c.Repo, Lane: "lane", Pipeline: "p",
				Spec: &pipeline.Spec{Pipelines: []*pipeline.Pipeline{{Name: "p"}}}, Status: pipeline.RunActive,
				Release: pipeline.Release{SHA: c.Push.After}, Cause: c.Cause,
			}
			return pipeline.IntakeStep{Intake: &c, Effects: []pipeline.Owed{{Key: "start", Effect: pipeline.StartRun{Run: run}}}}
		case c.Foreign != nil:
			return pipeline.IntakeStep{Intake: &c, Effects: []pipeline.Owed{{Key: "reject", Effect: pipeline.AnswerDoor{Workflow: c.Foreign.Workflow}}}}
		default:
			return pipeline.IntakeStep{Intake: &c, Effects: []pipeline.Owed{{Key: "find", Effect: pipeline.FindRuns{}}}}
		}
	default:
		if a, ok := e.Fact.(pipeline.Answered); ok {
			if o, ok := a.Outcome.(pipeline.RunsFound); ok {
				c.Result = fmt.Sprint(o.Runs)
			}
		}
		c.Over = true
		return pipeline.IntakeStep{Intake: &c}
	}
}

func toyWake(s pipeline.State) time.Time {
	if w := s.Run.Stages["w"]; w != nil {
		return w.Deadline
	}
	return time.Time{}
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func (w *world) setPerform(f func(context.Context, engine.Job) (pipeline.Outcome, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.perform = f
}

func (w *world) setShow(f func(context.Context, engine.ShowJob) (engine.Shown, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.show = f
}

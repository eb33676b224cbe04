package pipeline

import (
	"testing"
	"time"
)

// queued is a lane with the runs of as many repositories, the first of which
// deploys and the others wait for the lane.
func queued(t *testing.T, n int) *fuzzWorld {
	t.Helper()
	spec, problems := Parse([]byte(`version: 1
environments: {staging: {firebase: avalo-lane}}
pipelines:
  staging: {on: {push: main}, environment: staging, stages: [{deploy: {workflow: deploy.yml}}, {workflow: e2e.yml}]}
`), Options{File: "gatehouse.yml"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w := newFuzzWorld(nil)
	w.spec = spec
	for i := range n {
		w.repo = int64(i + 1)
		w.push()
	}
	w.perform()
	return w
}

// perform answers all that is owed, as a healthy world would.
func (w *fuzzWorld) perform() {
	for busy := true; busy && len(w.bad) == 0; {
		busy = false
		for _, r := range w.runs {
			for len(r.owed) > 0 && len(w.bad) == 0 {
				w.in, busy = []byte{7, 0}, true
				w.answer(r)
			}
		}
	}
}

// stop ends a run in one of the ways in which a holder can end.
func (w *fuzzWorld) stop(r *fuzzRun, how int) {
	conclude := func(conclusion string) {
		for _, st := range r.state.Plan().Stages {
			if sr := r.state.Stages[st.ID]; sr.Status == StageRunning && sr.Workflow != nil {
				news := *sr.Workflow
				news.Status, news.Conclusion, news.UpdatedAt = "completed", conclusion, w.at
				w.event(r, WorkflowSeen{Workflow: news})
			}
			w.perform()
		}
	}
	switch how {
	case 0:
		conclude("success")
	case 1:
		conclude("failure")
	case 2:
		conclude("cancelled")
	case 3: // it times out: nothing is heard of its workflow, and nothing is read
		w.at = w.at.Add(24 * time.Hour)
		w.event(r, Tick{})
		w.at = w.at.Add(grace)
		w.event(r, Tick{})
	}
}

// Fifty runs wait for one lane. However the holder ends, or a run that waits is
// canceled, the next is granted exactly once, in order, and none is forgotten.
func TestQueueOfFifty(t *testing.T) {
	const n = 50
	w := queued(t, n)
	if len(w.lane.Queue) != n-1 {
		t.Fatalf("%d runs wait, want %d", len(w.lane.Queue), n-1)
	}
	held, canceled := []RunID{w.lane.Holder}, map[RunID]bool{}
	for i := 0; w.lane.Holder != "" && i < 2*n; i++ {
		if waits := w.lane.Queue; i%7 == 3 && len(waits) > 2 {
			id := waits[len(waits)/2]
			w.event(w.named(id), Commanded{Command: Command{Verb: VerbCancel}, By: w.people[0].Person, Where: ByComment(CommentRef{ID: 1, Issue: 1})})
			w.perform()
			canceled[id] = true
		}
		holder := w.lane.Holder
		w.stop(w.named(holder), i%4)
		w.perform()
		if w.lane.Holder == holder {
			t.Fatalf("%s ended and still holds the lane", holder)
		}
		if w.lane.Holder != "" {
			held = append(held, w.lane.Holder)
		}
	}
	if len(w.bad) > 0 {
		t.Fatal(w.bad)
	}
	for i, r := range w.runs {
		switch {
		case r.state.Status == RunActive:
			t.Errorf("%s is forgotten: %+v", r.state.ID, Explain(State{Lane: w.lane, Run: r.state}))
		case canceled[r.state.ID] && r.state.Status != RunCanceled:
			t.Errorf("%s was canceled and is %s", r.state.ID, r.state.Status)
		case !canceled[r.state.ID]:
			if len(held) == 0 || held[0] != r.state.ID {
				t.Fatalf("run %d is not next; the lane went to %v", i, held)
			}
			held = held[1:]
		}
	}
	if len(held) > 0 || len(w.lane.Queue)+len(w.lane.Runs) > 0 {
		t.Errorf("the lane was held once more by %v, and holds queue %v and %d runs", held, w.lane.Queue, len(w.lane.Runs))
	}
}

// What a lane keeps is bounded by what is active, not by what has been.
func TestLaneStaysSmall(t *testing.T) {
	w := queued(t, 1)
	early, late := 0, 0
	for n := range 200 {
		for w.lane.Holder != "" && len(w.bad) == 0 {
			w.stop(w.named(w.lane.Holder), n%3)
			w.perform()
		}
		if size := len(mustJSON(w.lane)); n < 10 {
			early = max(early, size)
		} else {
			late = max(late, size)
		}
		w.push()
		w.perform()
	}
	if len(w.bad) > 0 {
		t.Fatal(w.bad)
	}
	if late > early+64 {
		t.Errorf("an idle lane takes %d bytes after 10 runs and %d after 200", early, late)
	}
}

// A run that the lane has passed over for a newer one ends when it is told.
func TestPassedOver(t *testing.T) {
	w := queued(t, 2)
	waits := w.runs[1]
	w.lane.Queue = nil
	w.lane.Passed[waits.state.pipelineKey()] = waits.state.Seq + 1
	step := Next(State{Lane: w.lane, Run: waits.state}, Event{At: w.at, Fact: LaneGranted{}})
	if got := step.State.Run; got.Status != RunSuperseded || got.Reason.Code != "outdated" {
		t.Errorf("the run is %s", got.Status)
	}
}

package pipeline

import "slices"

// judgeStuck holds that an active run can always be moved, by something owed,
// by its wake or by people who are named, and that a lane forgets nobody.
func (w *fuzzWorld) judgeStuck() {
	for _, r := range w.runs {
		if r.state.Status == RunActive && len(w.bad) == 0 {
			w.judgeWaits(r)
		}
	}
	w.judgeLane()
}

// judgeWaits asks of everything that a run waits for how it would come.
func (w *fuzzWorld) judgeWaits(r *fuzzRun) {
	keys := []string{r.state.Reading}
	if g := r.state.Gate; g != nil {
		keys = append(keys, g.Doing)
	}
	for key := range r.state.Asks {
		keys = append(keys, key)
	}
	for _, sr := range r.state.Stages {
		keys = append(keys, sr.Doing)
	}
	for _, key := range keys {
		if key != "" && !r.owes(key) {
			w.fail("the run waits for %s, which nobody owes", key)
		}
	}
	for _, st := range r.state.Plan().Stages {
		switch sr := r.state.Stages[st.ID]; sr.Status {
		case StageRunning:
			w.judgeRunning(r, st, sr)
		case StageWaiting:
			w.judgeWaiting(r, st)
		case StagePending, StagePassed, StageFailed, StageSkipped, StageCanceled:
		}
	}
	if len(r.owed) == 0 && len(Explain(State{Lane: w.lane, Run: r.state}).Waits) == 0 {
		w.fail("an active run owes nothing and waits for nothing")
	}
}

func (r *fuzzRun) owes(key string) bool {
	return slices.ContainsFunc(r.owed, func(o Owed) bool { return o.Key == key })
}

func (w *fuzzWorld) judgeRunning(r *fuzzRun, st *Stage, sr *StageRun) {
	if st.Kind == KindApproval {
		if g := r.state.Gate; g.Doing == "" && r.state.Stages[g.Deploy].Doing == "" {
			w.fail("the approval %s runs and nothing is asked for it", st.ID)
		}
		return
	}
	if sr.Doing == "" && (sr.Deadline.IsZero() || Wake(State{Lane: w.lane, Run: r.state}).IsZero()) {
		w.fail("%s runs, owes nothing and never times out", st.ID)
	}
}

// judgeWaiting: people are named and there is an end, or the lane knows of it.
func (w *fuzzWorld) judgeWaiting(r *fuzzRun, st *Stage) {
	if st.Kind == KindApproval {
		for _, wait := range Explain(State{Lane: w.lane, Run: r.state}).Waits {
			if wait.Stage == st.ID && len(wait.Who) > 0 && !wait.Until.IsZero() {
				return
			}
		}
		w.fail("%s waits, and it is not said for whom or until when", st.ID)
		return
	}
	granted := func(o Owed) bool { t, ok := o.Effect.(Tell); return ok && t.Run == r.state.ID }
	told := slices.ContainsFunc(w.runs, func(o *fuzzRun) bool { return slices.ContainsFunc(o.owed, granted) })
	g := r.state.Gate
	held := w.lane.Holder == r.state.ID && (w.lane.Lock != nil || g != nil && g.Door == DoorVerifying) // half way, or before its door
	if r.state.Frozen != nil && !Wake(State{Lane: w.lane, Run: r.state}).IsZero() {
		return
	}
	if !told && !held && !slices.Contains(w.lane.Queue, r.state.ID) {
		w.fail("%s of %s waits for the lane, which has forgotten it", st.ID, r.state.ID)
	}
}

func (w *fuzzWorld) judgeLane() {
	l := w.lane
	switch {
	case l.Holder == "" && len(l.Queue) > 0 && l.Lock == nil:
		w.fail("runs wait for a lane that nobody holds: %v", l.Queue)
	case l.Holder != "" && l.Runs[l.Holder] == nil:
		w.fail("the lane is held by a run that has left it")
	case slices.Contains(l.Queue, l.Holder):
		w.fail("the holder waits for its own lane")
	}
	for i, id := range l.Queue {
		if l.Runs[id] == nil || slices.Contains(l.Queue[:i], id) {
			w.fail("the queue names %s twice, or after it has left", id)
		}
	}
}

// judgePerformed holds what is true of an effect when it is carried out, which
// may be long after it was owed.
func (w *fuzzWorld) judgePerformed(r *fuzzRun, o Owed) {
	switch e := o.Effect.(type) {
	case AnswerDoor:
		if e.Approve && (r.state.Status != RunActive || w.lane.Holder != r.state.ID) {
			w.fail("the door is opened for a run that is %s", r.state.Status)
		}
	case StartWorkflow:
		if r.state.Status != RunActive || r.state.Stages[e.Stage].Attempt != e.Attempt || r.state.Stages[e.Stage].Status.Over() {
			w.fail("%s is dispatched after its attempt has ended", e.Nonce)
		}
	case CreateDeployment:
		if r.state.Status != RunActive {
			w.fail("a Deployment is made for a run that is %s", r.state.Status)
		}
	}
}

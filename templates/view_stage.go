package templates

import (
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// notStarted is the code of a workflow that no runner takes.
const notStarted = "not-started"

// Stage is one stage of a run.
type Stage struct {
	ID        string
	Title     string
	Kind      pipeline.Kind
	Status    pipeline.StageStatus
	Word      Word
	Attempt   int
	StartedAt time.Time
	EndedAt   time.Time
	Deadline  time.Time
	Took      string // in all; "" until it is over
	SoFar     string // until now; "" unless it runs or waits
	Reason    *pipeline.Refusal
	Link      string // the workflow run in GitHub, or ""
	Holder    string // for a stage that queues: the page of the run in front of it
	Checks    []pipeline.CheckResult
	Probes    []pipeline.ProbeResult
	Found     *Found // what it found in Firebase
	MayFail   bool   // the run goes on without it
	Parked    bool   // a deploy that waits behind the gate
	MayRetry  bool
}

func (m *maker) stage(st *pipeline.Stage) Stage {
	sr := m.run.Stages[st.ID]
	s := Stage{
		ID: st.ID, Title: st.Title, Kind: st.Kind, Status: sr.Status, Attempt: sr.Attempt,
		StartedAt: sr.StartedAt, EndedAt: sr.EndedAt, Deadline: sr.Deadline, Reason: sr.Reason,
		Checks: sr.Checks, Probes: sr.Probes, MayFail: st.ContinueOnFailure, Parked: m.parked(st, sr),
	}
	if sr.Workflow != nil && sr.Workflow.ID != 0 {
		s.Link = m.links.Workflow(m.run.Repo, sr.Workflow.ID)
	}
	switch {
	case sr.StartedAt.IsZero() || sr.Status == pipeline.StagePending || sr.Status == pipeline.StageSkipped:
	case !sr.EndedAt.IsZero():
		s.Took = span(sr.EndedAt.Sub(sr.StartedAt))
	default:
		s.SoFar = span(max(0, m.now.Sub(sr.StartedAt)))
	}
	if holder := m.state.Lane.Holder; s.Status == pipeline.StageWaiting && st.Kind.Mutating() && holder != "" {
		s.Holder = m.links.Run(holder)
	}
	for _, w := range m.explained.Waits {
		if w.Stage == st.ID && (w.Code == notStarted || pipeline.Hinders(w.Code)) && !sr.Status.Over() {
			s.Reason = &w.Refusal // it runs, and says why nothing comes of it
			break
		}
	}
	s.Found = m.found(sr)
	s.MayRetry = m.mayRetry(st, sr)
	s.Word = m.stageWord(st, s)
	return s
}

// parked reports whether the stage's workflow was started to wait behind the gate.
func (m *maker) parked(st *pipeline.Stage, sr *pipeline.StageRun) bool {
	g := m.run.Gate
	return g != nil && g.Deploy == st.ID && sr.Status == pipeline.StagePending && sr.Attempt > 0
}

// mayRetry offers what the machine would not refuse to everybody.
func (m *maker) mayRetry(st *pipeline.Stage, sr *pipeline.StageRun) bool {
	r := m.run
	if sr.Status != pipeline.StageFailed || st.Kind.Gated() {
		return false
	}
	if r.Status != pipeline.RunFailed && r.Status != pipeline.RunActive {
		return false
	}
	return m.state.Lane.Passed[strconv.FormatInt(r.Repo.ID, 10)+"/"+r.Pipeline] <= r.Seq
}

func (m *maker) stageWord(st *pipeline.Stage, s Stage) Word {
	gate := st.Kind == pipeline.KindApproval
	switch s.Status {
	case pipeline.StageRunning:
		return m.runningWord(s)
	case pipeline.StageWaiting:
		if gate {
			return m.gateWord()
		}
		return waitingWord(s.Reason)
	case pipeline.StagePassed:
		if gate {
			return Word{"✅", "approved"}
		}
		return Word{"✅", "passed"}
	case pipeline.StageFailed:
		return failedWord(s.Reason)
	case pipeline.StageSkipped:
		return Word{"⏩", "skipped"}
	case pipeline.StageCanceled:
		if m.run.Status == pipeline.RunSuperseded {
			return Word{"⏩", "superseded"}
		}
		return Word{"🚫", "canceled"}
	case pipeline.StagePending:
	}
	if s.Parked {
		return Word{"✋", "waits behind the gate"}
	}
	return Word{"⚪", "not started"}
}

// Icons of a running stage of which nothing runs.
const (
	iconBlocked = "🔑" // until a person lifts what keeps it
	iconRunner  = "⏳" // no runner takes its workflow
)

// waits reports whether somebody should look why nothing runs.
func (w Word) waits() bool { return w.Icon == iconBlocked || w.Icon == iconRunner }

// runningWord says whether anything of a running stage runs.
func (m *maker) runningWord(s Stage) Word {
	switch {
	case m.run.Blocked(s.ID):
		return Word{iconBlocked, "blocked"}
	case s.Reason != nil && s.Reason.Code == notStarted:
		return Word{iconRunner, "waits for a runner"}
	}
	return Word{"🔄", "running"}
}

// waitingWord says what a stage waits for that is no gate.
func waitingWord(why *pipeline.Refusal) Word {
	switch {
	case why != nil && why.Code == "locked":
		return Word{"🔒", "locked"}
	case why != nil && why.Code == "frozen":
		return Word{"🧊", "frozen"}
	}
	return Word{"🕒", "queued"}
}

func (m *maker) gateWord() Word {
	if g := m.gate(); g != nil && g.OneClick {
		return Word{"✋", "one click remains"}
	}
	return Word{"✋", "waits for approval"}
}

func failedWord(why *pipeline.Refusal) Word {
	if why != nil {
		switch why.Code {
		case "rejected":
			return Word{"⛔", "rejected"}
		case "expired":
			return Word{"⌛", "expired"}
		case "timed-out":
			return Word{"⌛", "timed out"}
		}
	}
	return Word{"❌", "failed"}
}

package pipeline

import "slices"

// Stopping is what a run does that a rollback stopped: it ends what it began and
// says when that is over.
type Stopping struct {
	By    RunID `json:"by"`
	Ended bool  `json:"ended,omitempty"`
}

// stop ends this run for a rollback, however far it has come. One in trouble has
// asked for the rollback itself and ends by itself.
func (m *machine) stop(f Stop) {
	r := m.run
	if r.Stopping != nil {
		return // told twice
	}
	r.Stopping = &Stopping{By: f.By}
	if r.Status == RunActive && r.Trouble == nil {
		m.end(RunCanceled, Refusal{
			Code: "stopped", Reason: "Stopped by a rollback of " + r.Environment + ", run " + string(f.By) + ": " + f.Why,
			Fix: "Follow the rollback. Ship a mended release when the lane is unlocked.",
		})
	}
	m.stopEnded()
}

// canceled is what came of a cancellation: its performer has looked until the
// workflow run was over, or ended it by force. Behind a verdict that turned the
// deploy away comes the cancellation itself.
func (m *machine) canceled(key string) bool {
	i := slices.Index(m.run.Canceling, key)
	if i < 0 {
		return false
	}
	m.run.Canceling = slices.Delete(slices.Clone(m.run.Canceling), i, i+1)
	if g := m.run.Gate; g != nil && g.Closing == key {
		g.Closing = ""
		m.cancelWorkflow(m.run.Plan().Stage(g.Deploy), m.run.Stages[g.Deploy])
	}
	m.stopEnded()
	return true
}

// stopEnded tells the rollback once nothing of this run goes on.
func (m *machine) stopEnded() {
	s := m.run.Stopping
	if s == nil || s.Ended || m.run.Status == RunActive || len(m.run.Canceling) > 0 {
		return
	}
	s.Ended = true
	m.owe("lane", "over", Tell{Run: s.By, Fact: HolderOver{Run: m.run.ID}})
}

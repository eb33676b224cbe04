package pipeline

import (
	"slices"
	"strings"
	"time"
)

// Hindrance is something owed or shown that waits until a person lifts what
// keeps Gatehouse from it: a permission was withdrawn, the installation is
// suspended. Nothing fails for that, and nobody has to begin anew.
type Hindrance struct {
	Key   string    `json:"key"` // of the effect, or show/<slot>
	Why   Refusal   `json:"why"`
	Since time.Time `json:"since"`
}

// WholeInstallation is the key of what keeps all runs of an installation.
const WholeInstallation = "installation"

// showKeys begin the keys of surfaces.
const showKeys = "show/"

// ShowKey is the key of a surface that cannot be brought up to date.
func ShowKey(s Slot) string { return showKeys + string(s) }

// OnGitHub reports whether the surface is GitHub's.
func (s Slot) OnGitHub() bool {
	switch s {
	case SlotDeployment, SlotDoor, SlotObserved, SlotIncident:
		return true
	}
	return strings.HasPrefix(string(s), "check/")
}

// Codes of what a person has to lift.
const (
	CodePermission   = "permission-missing"
	CodeSuspended    = "github-suspended"
	CodeUnauthorized = "github-unauthorized"
	CodeOutOfReach   = "repository-out-of-reach"
)

// Hinders reports whether a refusal is of something that a person lifts, upon
// which all goes on by itself.
func Hinders(code string) bool {
	switch code {
	case CodePermission, CodeSuspended, CodeUnauthorized, CodeOutOfReach:
		return true
	}
	return false
}

// Same reports whether one act of one person lifts both.
func (r Refusal) Same(o Refusal) bool { return r.Code == o.Code && r.Fix == o.Fix }

// Hindrance is what keeps the key, or nil.
func (r *Run) Hindrance(key string) *Hindrance {
	i := slices.IndexFunc(r.Hindered, func(h Hindrance) bool { return h.Key == key })
	if i < 0 {
		return nil
	}
	return &r.Hindered[i]
}

func (r *Run) hinderedBy(why Refusal) bool {
	return slices.ContainsFunc(r.Hindered, func(h Hindrance) bool { return h.Why.Same(why) })
}

// hindered takes note of what keeps an effect or a surface, or that nothing does any more.
func (m *machine) hindered(f Hindered) {
	old := m.run.Hindrance(f.Key)
	switch {
	case f.Why == nil:
		m.unhindered(f.Key)
		return
	case m.run.Status != RunActive && !strings.HasPrefix(f.Key, showKeys) || old != nil && old.Why.Same(*f.Why):
		return
	}
	m.unhindered(f.Key)
	news := !m.run.hinderedBy(*f.Why)
	m.run.Hindered = append(m.run.Hindered, Hindrance{Key: f.Key, Why: *f.Why, Since: m.at})
	if news {
		m.note("", "%s", f.Why.Reason)
		m.record("hindered", m.run.stageOf(f.Key), Person{}, f.Why.Reason)
	}
	m.markHindered(f.Key)
}

// unhindered says once that it goes on, and gives the stage the time back that it lost.
func (m *machine) unhindered(key string) {
	h := m.run.Hindrance(key)
	if h == nil {
		return
	}
	was := *h
	m.run.Hindered = slices.DeleteFunc(m.run.Hindered, func(h Hindrance) bool { return h.Key == key })
	for _, sr := range m.run.Stages {
		if sr.Doing == key && !sr.Deadline.IsZero() {
			sr.Deadline = sr.Deadline.Add(m.at.Sub(was.Since))
		}
	}
	if !m.run.hinderedBy(was.Why) && m.run.Status == RunActive {
		m.note("", "It goes on: what kept Gatehouse is lifted.")
		m.record("unhindered", m.run.stageOf(key), Person{}, was.Why.Code)
	}
	m.markHindered(key)
}

// markHindered has those surfaces tell of it that can. What keeps all runs of an
// installation is told by the checks of what is under way, too: that one of them
// can be shown says that nothing is kept any more.
func (m *machine) markHindered(key string) {
	of := m.run.stageOf(key)
	for _, st := range m.run.Plan().Stages {
		sr := m.run.Stages[st.ID]
		if st.ID == of && !strings.HasPrefix(key, showKeys) || key == WholeInstallation && (sr.Status == StageRunning || sr.Status == StageWaiting) {
			m.changed(st.ID)
		}
	}
	m.markChats()
	m.mark(SlotDetails)
}

// stageOf is the stage of an effect's or a check's key; empty if it is of none.
func (r *Run) stageOf(key string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(key, showKeys), "check/"), "/")
	if r.Stages[id] == nil {
		return ""
	}
	return id
}

// Blocked reports whether something that the stage owes waits for a person to lift
// what keeps it: nothing of the stage runs. What cannot be shown blocks nothing.
func (r *Run) Blocked(stage string) bool {
	return slices.ContainsFunc(r.Hindered, func(h Hindrance) bool {
		return !strings.HasPrefix(h.Key, showKeys) && r.stageOf(h.Key) == stage
	})
}

// hindrances are what blocks the run, which is said before everything else as
// nothing else helps, and what only cannot be shown. Each reason is said once.
func (r *Run) hindrances() (block, hide []Wait) {
	var said []Refusal
	for _, shown := range []bool{false, true} {
		for _, h := range r.Hindered {
			if strings.HasPrefix(h.Key, showKeys) != shown || slices.ContainsFunc(said, h.Why.Same) {
				continue
			}
			said = append(said, h.Why)
			w := Wait{Stage: r.stageOf(h.Key), Refusal: h.Why, Since: h.Since}
			if shown {
				hide = append(hide, w)
			} else {
				block = append(block, w)
			}
		}
	}
	return block, hide
}

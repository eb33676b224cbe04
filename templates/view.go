package templates

import (
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// View is everything that a surface may say of a run, as plain text: each
// surface escapes what it shows. Lists are in the order in which they are shown.
type View struct {
	Title    string // repository · environment · version
	Status   Word
	Headline string // one sentence: what happens or why nothing does
	Next     string // what happens then, or what to do
	Facts    Facts
	Release  Release
	Stages   []Stage
	Restore  *Restore // of a rollback
	RolledTo string   // the release was rolled back, to this version
	Gate     *Gate    // nil before the gate is reached
	Waits    []Wait
	Notes    []Note
	Observed []Decision // of a run that only shows what would have happened
	End      *End       // nil while the run is active
	Deploy   Deploy
	Queue    Queue
	Calls    []string // of an incident without an answer: who is called, and when
	Press    Press    // what the buttons in Slack stand for
	Behind   string   // of an active run: its environment is further behind than it should be
}

// Facts name a run.
type Facts struct {
	Run         pipeline.RunID
	Trace       string // the run's OpenTelemetry trace; it is written only where tracing is on
	TracePage   string // where it is shown; empty: nowhere
	Repo        string // owner/name
	Pipeline    string
	Environment string
	Status      pipeline.RunStatus
	StartedBy   string
	StartedAt   time.Time
	Now         time.Time
	Page        string // of the run in Gatehouse
	Checks      string // of the commit's checks in GitHub
	Site        string // the environment's own address
}

// Wait is one thing that a run waits for.
type Wait struct {
	Code   string // of the refusal
	Stage  string // title; empty: the run as a whole
	Reason string
	Fix    string
	Who    []string
	Source string
	Since  time.Time
	Until  time.Time
}

// Note is one line of a run's story.
type Note struct {
	At   time.Time
	Who  string // a login; empty: Gatehouse
	Text string
}

// End says how a run ended. Reason is empty when it ended well.
type End struct {
	At     time.Time
	Took   string
	Why    *pipeline.Refusal
	ByName string // a newer run that took its place: its id
	ByPage string
}

// Deploy is what the status of GitHub's Deployment is told from.
type Deploy struct {
	Recorded bool // there is a Deployment
	Own      bool // Gatehouse made it
	Began    bool
	Passed   bool
	Failed   bool
	Verified bool // only words are left to be said
}

// NewView makes the view of a run as it is at this time.
func NewView(state pipeline.State, now time.Time, links Links) View {
	r := state.Run
	m := &maker{state: state, run: r, now: now, links: links, explained: pipeline.Explain(state)}
	v := View{
		Title:    r.Repo.Name + " · " + r.Environment + " · " + r.Release.Version,
		Headline: m.explained.Headline,
		Next:     m.explained.Next,
		Facts: Facts{
			Run: r.ID, Trace: r.TraceID(), TracePage: links.TracePage(r.TraceID()), Repo: r.Repo.FullName(), Pipeline: r.Pipeline, Environment: r.Environment, Status: r.Status,
			StartedBy: name(r.StartedBy), StartedAt: r.CreatedAt, Now: now,
			Page: links.Run(r.ID), Checks: links.Checks(r.Repo, r.Release.SHA),
		},
		Press:   pressOf(r),
		Release: m.release(),
		Gate:    m.gate(),
		Waits:   m.waits(),
		End:     m.end(),
	}
	if env := r.Env(); env != nil {
		v.Facts.Site = safeURL(env.URL)
	}
	for _, st := range r.Plan().Stages {
		v.Stages = append(v.Stages, m.stage(st))
	}
	for _, n := range r.Notes {
		v.Notes = append(v.Notes, Note{At: n.At, Who: n.Who, Text: n.Text})
	}
	if v.Gate != nil && v.Gate.Open {
		v.Headline = v.Gate.remains()
	}
	if v.End != nil && v.End.Why != nil {
		v.Next = v.End.Why.Fix // its lines to paste are shown as lines
	}
	v.Observed = m.observed()
	if v.Restore = m.restore(); v.Restore != nil {
		v.Title = r.Repo.Name + " · " + r.Environment + " · rollback to " + r.Release.Version
		if v.Restore.To == "" {
			v.Title = r.Repo.Name + " · " + r.Environment + " · rollback"
		}
	}
	if r.RolledBack != nil {
		v.RolledTo = r.RolledBack.To
		v.Headline = r.Release.Version + " was rolled back to " + r.RolledBack.To + ": " + r.RolledBack.Why
	}
	if b := behindOf(state.Lane, now); b != nil && b.Said && r.Status == pipeline.RunActive {
		v.Behind = b.Text + "."
	}
	v.Deploy, v.Calls = m.deploy(), incidentCalls(state)
	v.Queue = m.queue()
	v.Status = m.status(v)
	return v
}

// Stage returns the stage of that id, or nil.
func (v View) Stage(id string) *Stage {
	for i := range v.Stages {
		if v.Stages[i].ID == id {
			return &v.Stages[i]
		}
	}
	return nil
}

// otherWaits leaves out what an open gate says better itself.
func (v View) otherWaits() []Wait {
	if v.Gate == nil || !v.Gate.Open {
		return v.Waits
	}
	return slices.DeleteFunc(slices.Clone(v.Waits), func(w Wait) bool { return w.Stage == v.Gate.Stage })
}

// closed are the waits that keep the door shut whoever approves.
func (v View) closed() []Wait {
	return slices.DeleteFunc(slices.Clone(v.Waits), func(w Wait) bool {
		return w.Code != "locked" && w.Code != "frozen" && !pipeline.Hinders(w.Code)
	})
}

// advised are the waits of which the chats say what to do: a closed door, or what
// should have gone on by itself.
func (v View) advised() []Wait {
	return slices.DeleteFunc(slices.Clone(v.Waits), func(w Wait) bool {
		return w.Code != "locked" && w.Code != "frozen" && w.Code != notStarted && !pipeline.Hinders(w.Code)
	})
}

// advice says in the chats what to do, and why where the headline is of something
// else. An open gate says it itself.
func (v View) advice(escape func(string) string) string {
	if v.End == nil && v.Gate != nil && v.Gate.Open {
		return ""
	}
	var text string
	for _, w := range v.advised() {
		text += "\n"
		if v.End != nil || w.Reason != v.Headline {
			text += w.sign() + " " + escape(sentence(w.Reason)) + " "
		}
		text += escape(sentence(w.Fix))
	}
	return text
}

// sign is what stands before a wait that keeps the door shut.
func (w Wait) sign() string {
	switch {
	case w.Code == "frozen":
		return "🧊"
	case w.Code == notStarted:
		return iconRunner
	case pipeline.Hinders(w.Code):
		return iconBlocked
	}
	return "🔒"
}

// maker holds what every part of a view is made from.
type maker struct {
	state     pipeline.State
	run       *pipeline.Run
	now       time.Time
	links     Links
	explained pipeline.Explanation
}

func (m *maker) status(v View) Word {
	if v.RolledTo != "" {
		return Word{"↩️", "rolled back"}
	}
	switch m.run.Status {
	case pipeline.RunSucceeded:
		return Word{"✅", "succeeded"}
	case pipeline.RunFailed:
		return Word{"❌", "failed"}
	case pipeline.RunCanceled:
		return Word{"🚫", "canceled"}
	case pipeline.RunSuperseded:
		return Word{"⏩", "superseded"}
	case pipeline.RunRejected:
		return Word{"⛔", "rejected"}
	case pipeline.RunExpired:
		return Word{"⌛", "expired"}
	case pipeline.RunObserved:
		return Word{"👁", "observed"}
	case pipeline.RunActive:
	}
	return activeWord(v)
}

// activeWord prefers what people must know: a failure, then a wait for them.
func activeWord(v View) Word {
	running := Word{"🔄", "running"}
	word := running
	for _, s := range v.Stages {
		switch {
		case s.Status == pipeline.StageFailed && !s.MayFail:
			return Word{"❌", "failing"}
		case s.Status == pipeline.StageWaiting, s.Status == pipeline.StageRunning && word.Icon == running.Icon:
			word = s.Word
		}
	}
	return word
}

func (m *maker) waits() []Wait {
	var waits []Wait
	for _, w := range m.explained.Waits {
		wait := Wait{Code: w.Code, Reason: w.Reason, Fix: w.Fix, Who: w.Who, Source: w.Source, Since: w.Since, Until: w.Until}
		if st := m.run.Plan().Stage(w.Stage); st != nil {
			wait.Stage = st.Title
		}
		waits = append(waits, wait)
	}
	return waits
}

func (m *maker) end() *End {
	r := m.run
	if r.Status == pipeline.RunActive {
		return nil
	}
	e := &End{At: r.EndedAt, Took: span(r.EndedAt.Sub(r.CreatedAt)), Why: r.Reason}
	if r.SupersededBy != "" {
		e.ByName, e.ByPage = string(r.SupersededBy), m.links.Run(r.SupersededBy)
	}
	return e
}

func (m *maker) deploy() Deploy {
	var d Deploy
	if v := m.state.Lane.Verified; v != nil {
		d.Verified = v.Run == m.run.ID
	}
	if m.run.Deployment != nil {
		d.Recorded, d.Own = true, m.run.Deployment.Own
	}
	for _, st := range m.run.Plan().Stages {
		if st.Kind != pipeline.KindDeploy {
			continue
		}
		status := m.run.Stages[st.ID].Status
		d.Began = d.Began || status == pipeline.StageRunning || status == pipeline.StagePassed || status == pipeline.StageFailed
		d.Passed = d.Passed || status == pipeline.StagePassed
		d.Failed = d.Failed || status == pipeline.StageFailed
	}
	return d
}

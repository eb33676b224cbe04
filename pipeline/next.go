package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Next is the machine: one state and one event give one step. The given state
// is not changed.
func Next(s State, e Event) Step {
	m := &machine{run: s.Run.clone(), lane: s.Lane.clone(), at: e.At, zones: e.Zones}
	m.calendar()
	if m.run.Observed() {
		m.observe(e.Fact)
	} else {
		m.openLane()
		m.from = m.origin(e.Fact)
		m.apply(e.Fact)
		m.rebind()
		m.settle()
		m.happened(e.Fact)
	}
	return Step{
		State:   State{Lane: m.lane, Run: m.run},
		Effects: m.owed, Show: m.show, Log: m.log, Refused: m.refused,
	}
}

// machine is one step being made.
type machine struct {
	run     *Run
	lane    *Lane
	at      time.Time
	zones   Zones
	thaw    *Thaw // by which a freeze that is on does not count
	owed    []Owed
	show    []Slot
	log     []Entry
	refused *Refusal
	from    Origin // of the person behind the fact, if there is one
}

func (m *machine) apply(f Fact) {
	switch f := f.(type) {
	case Started:
		m.enter()
	case Tick:
		m.tick()
	case Answered:
		m.answered(f)
	case WorkflowSeen:
		m.workflowSeen(f.Workflow)
	case DoorRequested:
		m.doorRequested(f)
	case Reviewed:
		m.reviewed(f)
	case DeploymentSeen:
		m.deploymentSeen(f)
	case ChecksChanged:
		m.checksChanged(f)
	case Pressed:
		m.pressed(f)
	case RerunRequested:
		m.rerun(f)
	case Commanded:
		m.commanded(f)
	case Superseded, LiveChanged, LaneGranted, LaneTurned, Unanswered, Stop, HolderOver, RolledBack, Hindered, Blocks:
		m.told(f)
	case Pushed, CommandGiven, Asked:
		m.refuse(Refusal{Code: "not-for-a-run", Reason: "This belongs to an intake, not to a run."})
	}
}

// told takes the word of the lane, or of another of its runs.
func (m *machine) told(f Fact) {
	switch f := any(f).(type) {
	case Superseded:
		m.superseded(f)
	case LiveChanged:
		m.liveChanged()
	case LaneGranted:
		m.laneGranted()
	case LaneTurned:
		m.laneTurned(f)
	case Unanswered:
		m.unanswered(f)
	case Hindered:
		m.hindered(f)
	case Blocks:
		m.blocks(f)
	case Stop:
		m.stop(f)
	case HolderOver:
		m.holderOver(f)
	case RolledBack:
		m.rolledBack(f)
	}
}

// answered hands an outcome to what waits for it. An outcome that nothing waits
// for belongs to an attempt that is over: it changes nothing, but a workflow
// that was started all the same must not run on.
func (m *machine) answered(a Answered) {
	m.unhindered(a.Key)
	if a.Key == m.run.Reading {
		m.run.Reading = ""
		m.releaseRead(a.Outcome)
		return
	}
	if ask, ok := m.run.Asks[a.Key]; ok {
		delete(m.run.Asks, a.Key)
		m.asked(ask, a.Outcome)
		return
	}
	if g := m.run.Gate; g != nil && a.Key == g.Recording {
		m.reviewRecorded(a.Outcome)
		return
	}
	if m.answeredElsewhere(a) {
		return
	}
	if g := m.run.Gate; g != nil && a.Key == g.Doing {
		g.Doing = ""
		m.gateAnswered(a.Outcome)
		return
	}
	for _, st := range m.run.Plan().Stages {
		if sr := m.run.Stages[st.ID]; sr.Doing == a.Key {
			sr.Doing = ""
			m.stageAnswered(st, sr, a.Outcome)
			return
		}
	}
	if o, ok := a.Outcome.(WorkflowStarted); ok {
		m.cancelRun("late", o.Workflow.ID)
	}
}

// answeredElsewhere hands an outcome to what no stage waits for: the moves of a
// rollback, the judgement of a trouble, the cancellations of a run that stops.
func (m *machine) answeredElsewhere(a Answered) bool {
	if t := m.run.Trouble; t != nil && a.Key == t.Doing {
		m.troubleJudged(a.Outcome)
		return true
	}
	if x := m.run.Restore; x != nil {
		if a.Key == x.Recording {
			m.deploymentRecorded(a.Outcome)
			return true
		}
		for key, s := range x.Moves {
			if s.Doing == a.Key {
				m.moveAnswered(key, a.Outcome)
				return true
			}
		}
	}
	return m.canceled(a.Key)
}

// owe adds an effect and returns its key, which never repeats within the run.
func (m *machine) owe(stage, verb string, e Effect) string {
	m.run.Serial++
	key := stage + "/" + verb + "/" + strconv.Itoa(m.run.Serial)
	m.owed = append(m.owed, Owed{Key: key, Effect: e})
	return key
}

// changed says that surfaces of a stage are behind.
func (m *machine) changed(id string) {
	sr := m.run.Stages[id]
	if sr.Attempt > 0 {
		m.mark(CheckSlot(id, sr.Attempt))
	}
	m.markChats()
	m.markGate(id)
	if m.run.Deployment != nil {
		m.mark(SlotDeployment)
	}
	if sr.Status.Over() && sr.Status != StagePassed || sr.Status == StageWaiting {
		m.mark(SlotDetails)
	}
}

// markGate says that those who are asked at the gate, and GitHub's page of the
// waiting job, are behind. The deploy's news counts too: once the door opens,
// nobody can take his approval back any more, and no message may offer it.
func (m *machine) markGate(id string) {
	g := m.run.Gate
	if g == nil || g.Stage != id && g.Deploy != id {
		return
	}
	if m.run.Spec.Notify.Slack != "" {
		m.mark(SlotPeople)
	}
	if g.Reports() {
		m.mark(SlotDoor)
	}
}

// Reports reports whether a job waits at our protection rule and has no verdict:
// until then GitHub shows what is said there.
func (g *Gate) Reports() bool {
	return g.Kind == GateByEnvironment && g.Parked && (g.Door == DoorShut || g.Door == DoorVerifying) && !g.OpenAt.IsZero()
}

// markChats says that the run's messages are behind.
func (m *machine) markChats() {
	m.mark(SlotSlack)
	if m.run.Spec.Notify.Discord {
		m.mark(SlotDiscord)
	}
}

func (m *machine) mark(s Slot) {
	if !slices.Contains(m.show, s) {
		m.show = append(m.show, s)
	}
}

// CheckSlot is the slot of a stage's check run.
func CheckSlot(stage string, attempt int) Slot {
	return Slot("check/" + stage + "/" + strconv.Itoa(attempt))
}

func (m *machine) refuse(r Refusal) { m.refused = &r }

func (m *machine) note(who, format string, args ...any) {
	m.run.Notes = append(m.run.Notes, Note{At: m.at, Who: who, Text: fmt.Sprintf(format, args...)})
}

func (r *Run) clone() *Run {
	c := *r
	c.Stages = make(map[string]*StageRun, len(r.Stages))
	for id, sr := range r.Stages {
		s := *sr
		if sr.Workflow != nil {
			w := *sr.Workflow
			s.Workflow = &w
		}
		if sr.Check != nil {
			k := *sr.Check
			s.Check = &k
		}
		c.Stages[id] = &s
	}
	if r.Gate != nil {
		g := *r.Gate
		g.Approvals = slices.Clone(r.Gate.Approvals)
		c.Gate = &g
	}
	if r.Deployment != nil {
		d := *r.Deployment
		c.Deployment = &d
	}
	c.Restore, c.Trouble, c.Stopping = r.Restore.clone(), clonePtr(r.Trouble), clonePtr(r.Stopping)
	c.Notes, c.Hindered = slices.Clone(r.Notes), slices.Clone(r.Hindered)
	c.Asks = maps.Clone(r.Asks)
	return &c
}

func (r *Restore) clone() *Restore {
	if r == nil {
		return nil
	}
	c := *r
	c.Moves = make(map[string]*MoveState, len(r.Moves))
	for key, s := range r.Moves {
		c.Moves[key] = clonePtr(s)
	}
	return &c
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func (l *Lane) clone() *Lane {
	c := *l
	c.Queue = slices.Clone(l.Queue)
	c.History = slices.Clone(l.History)
	c.Heard = slices.Clone(l.Heard)
	if l.Lock != nil {
		k := *l.Lock
		c.Lock = &k
	}
	c.Passed = maps.Clone(l.Passed)
	c.LiveOf = maps.Clone(l.LiveOf)
	c.Runs = make(map[RunID]*LaneRun, len(l.Runs))
	for id, lr := range l.Runs {
		r := *lr
		c.Runs[id] = &r
	}
	return &c
}

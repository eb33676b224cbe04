package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// LaneAsk is what a person wants of a lane, with what GitHub said of him.
type LaneAsk struct {
	Verb        Verb          `json:"verb"`
	Environment string        `json:"environment"`
	By          Person        `json:"by"`
	Entitled    bool          `json:"entitled,omitempty"` // by maintain, or as a commander
	Who         []string      `json:"who,omitempty"`      // others who are entitled
	Reason      string        `json:"reason,omitempty"`
	For         time.Duration `json:"for,omitempty"`
	Surface     Surface       `json:"surface,omitempty"`
	Slack       *SlackRef     `json:"slack,omitempty"` // who that is there
}

// Heard is a change that the lane has answered already, by its cause: after a
// crash the same effect comes again.
type Heard struct {
	Cause   string   `json:"cause"`
	Refused *Refusal `json:"refused,omitempty"`
}

// heardMost is how many changes a lane remembers.
const heardMost = 16

// LaneEvent is something that happens to a lane and not to one of its runs: what
// somebody asks, or nothing but the time.
type LaneEvent struct {
	At    time.Time
	Cause string
	Ask   *LaneAsk
	// Behind is how far the lane was found to be behind.
	Behind *Behind
}

// LaneStep is the answer of NextLane: the lane to store, the lines of its log,
// and the runs that are owed a word with it.
type LaneStep struct {
	Lane    *Lane
	Log     []Entry
	Errand  *Errand
	Refused *Refusal
	Said    *Behind // is to be told to people
}

// Errand is what a lane's own step owes to runs. An intake carries it out.
type Errand struct {
	Tell []Tell `json:"tell,omitempty"`
	Look *Look  `json:"look,omitempty"` // how far the lane is behind is asked
}

// NextLane is the machine of a lane that changes by itself. The given lane is
// not changed.
func NextLane(l *Lane, e LaneEvent) LaneStep {
	m := &laneMachine{lane: l.clone(), at: e.At}
	m.open()
	if e.Ask != nil {
		m.from = Origin{Surface: e.Ask.Surface, Slack: e.Ask.Slack}
		m.ask(*e.Ask, e.Cause)
	}
	if e.Behind != nil {
		m.behind(*e.Behind, e.Cause)
	}
	m.nag()
	m.call()
	return LaneStep{Lane: m.lane, Log: m.log, Errand: m.errand(), Refused: m.refused, Said: m.said}
}

// WakeLane says when a lane changes by itself. Zero means never.
func WakeLane(l *Lane) time.Time {
	var wake time.Time
	for _, at := range []time.Time{l.lockEnds(), l.nagAt(), l.callAt(), l.lookAt()} {
		if !at.IsZero() && (wake.IsZero() || at.Before(wake)) {
			wake = at
		}
	}
	return wake
}

// nagAt is when those who wait are told of the lock again.
func (l *Lane) nagAt() time.Time {
	if l.Lock == nil || len(l.Queue) == 0 {
		return time.Time{}
	}
	last := l.Lock.At
	if l.Lock.SaidAt.After(last) {
		last = l.Lock.SaidAt
	}
	return last.Add(lockNag)
}

// laneMachine is one step of a lane being made.
type laneMachine struct {
	lane    *Lane
	at      time.Time
	log     []Entry
	tell    []Tell
	turned  bool // runs may wait for something else now
	say     bool // those who wait are told of the lock again
	refused *Refusal
	from    Origin  // of who asks
	said    *Behind // is to be told to people
}

func (m *laneMachine) record(run RunID, what, on string, who Person, why string) {
	e := Entry{At: m.at, Run: run, Who: who.Login, ID: who.ID, What: what, On: on, Why: why}
	if who != (Person{}) {
		e.from(m.from)
	}
	m.log = append(m.log, m.lane.record(e))
}

// open ends a lock whose time is over, and gives the lane to whoever waits.
func (m *laneMachine) open() {
	if m.lane.expired(m.at) {
		m.record("", "lock-expired", string(m.lane.ID), Person{}, "")
		m.turned = true
	}
	m.grant()
}

func (m *laneMachine) grant() {
	if m.lane.Holder != "" || m.lane.Locked(m.at) != nil {
		return
	}
	next, overtaken := m.lane.grant()
	for _, id := range overtaken {
		m.tell = append(m.tell, Tell{Run: id, Fact: LaneGranted{}})
	}
	if next != "" {
		m.lane.hand(next)
		m.record(next, "lane-held", string(m.lane.ID), Person{}, "by run "+string(next))
		m.tell = append(m.tell, Tell{Run: next, Fact: LaneGranted{}})
	}
}

// nag has those who wait told of a lock that may have been forgotten.
func (m *laneMachine) nag() {
	if at := m.lane.nagAt(); !at.IsZero() && !m.at.Before(at) {
		m.lane.Lock.SaidAt = m.at
		m.say, m.turned = true, true
	}
}

// errand is one word to every run of the lane, if something turned, and the day's
// question.
func (m *laneMachine) errand() *Errand {
	if m.turned {
		for _, id := range m.lane.bySeq() {
			m.tell = append(m.tell, Tell{Run: id, Fact: LaneTurned{Say: m.say}})
		}
	}
	look := m.look()
	if len(m.tell) == 0 && look == nil {
		return nil
	}
	return &Errand{Tell: m.tell, Look: look}
}

// bySeq lists the lane's active runs, oldest first.
func (l *Lane) bySeq() []RunID {
	var ids []RunID
	for id := range l.Runs {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, l.inOrder)
	return ids
}

// ask does what a person wants, once for each cause.
func (m *laneMachine) ask(a LaneAsk, cause string) {
	if i := slices.IndexFunc(m.lane.Heard, func(h Heard) bool { return h.Cause == cause }); i >= 0 {
		m.refused = m.lane.Heard[i].Refused
		return
	}
	switch a.Verb {
	case VerbLock:
		m.refused = m.lock(a)
	case VerbUnlock:
		m.refused = m.unlock(a)
	case VerbUnfreeze:
		m.refused = m.unfreeze(a)
	case VerbApprove, VerbReject, VerbWithdraw, VerbRetry, VerbCancel, VerbStatus, VerbDeploy, VerbRollback, VerbKill:
		m.refused = &Refusal{Code: "not-for-a-lane", Reason: "/" + string(a.Verb) + " is said of a run."}
	}
	if m.refused != nil {
		m.record("", "refused", string(a.Verb)+" "+a.Environment, a.By, m.refused.Reason)
	}
	m.lane.Heard = append(m.lane.Heard, Heard{Cause: cause, Refused: m.refused})
	m.lane.Heard = m.lane.Heard[max(0, len(m.lane.Heard)-heardMost):]
}

func (m *laneMachine) lock(a LaneAsk) *Refusal {
	had := m.lane.Locked(m.at)
	what, why := "locked", a.Reason
	switch {
	case strings.TrimSpace(a.Reason) == "":
		return reasonWanted("/lock " + a.Environment + " REASON for 2h")
	case had == nil || had.By.ID == a.By.ID:
	case !a.Entitled:
		return a.notEntitled(*had, "take the lock over")
	default:
		what, why = "lock-taken", a.Reason+" (taken over from "+had.Who()+", who had locked it: "+had.Why+")"
	}
	lock := &Lock{By: a.By, At: m.at, Why: a.Reason}
	if a.For > 0 {
		lock.Until = m.at.Add(a.For)
		why += ", until " + clock(lock.Until)
	}
	m.lane.Lock, m.turned = lock, true
	m.record("", what, a.Environment, a.By, why)
	return nil
}

func (m *laneMachine) unlock(a LaneAsk) *Refusal {
	had := m.lane.Locked(m.at)
	switch {
	case had == nil:
		return &Refusal{Code: "not-locked", Reason: a.Environment + " is not locked.", Fix: "What a run waits for is said by /status."}
	case had.By.ID == a.By.ID && a.By.ID != 0:
	case !a.Entitled:
		return a.notEntitled(*had, "take it off")
	case strings.TrimSpace(a.Reason) == "":
		why := reasonWanted("/unlock " + a.Environment + " REASON")
		why.Reason = fmt.Sprintf("%s locked %s: %s Who takes somebody else's lock off says why.", had.Who(), a.Environment, ended(had.Why))
		return why
	}
	m.lane.Lock, m.turned = nil, true
	m.record("", "unlocked", a.Environment, a.By, a.Reason)
	m.grant()
	return nil
}

func reasonWanted(typed string) *Refusal {
	return &Refusal{Code: "reason-required", Reason: "A reason is asked for: others wait for it.", Fix: "Type it:", Lines: typed}
}

func (a LaneAsk) notEntitled(had Lock, what string) *Refusal {
	return &Refusal{
		Code:   "locked-by-another",
		Reason: fmt.Sprintf("%s is locked by %s since %s: %s To %s takes the role maintain%s.", a.Environment, had.Who(), clock(had.At), ended(had.Why), what, a.orCommander()),
		Fix:    "Ask " + had.Who() + ", or one of those.", Who: a.Who,
	}
}

func (a LaneAsk) orCommander() string {
	if len(a.Who) == 0 {
		return ""
	}
	return ", or one of " + strings.Join(a.Who, ", ")
}

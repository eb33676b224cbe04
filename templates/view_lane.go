package templates

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// LaneView is everything that a surface may say of a lane, as plain text.
type LaneView struct {
	Lane         pipeline.LaneID
	Installation int64
	Page         string
	Environments []string
	Repos        []string // owner/name
	Gated        bool
	Live         *Live // nil: nothing yet
	Verified     *Live // nil: nothing yet, or it is what is live
	Doubt        *Live // set: what is live is not known since then
	DoubtReason  string
	Holder       *RunLine    // who deploys now
	Held         bool        // somebody deploys who was not given
	AtGate       []RunLine   // who waits for people, oldest first
	Queue        []RunLine   // who waits for the lane, first first
	Moving       []RunLine   // who is on the way to the gate, oldest first
	Unlisted     int         // active runs that were not given
	Lock         *LaneLock   // nil: the lane is not locked
	Behind       *LaneBehind // nil: it is not, or nobody has looked
	Thaw         *LaneLock   // nil: nobody has lifted its freezes
	Back         string      // where it is taken back; "" while nothing went live
}

// LaneLock is who keeps a lane's door shut, or lifts its freezes, and why.
type LaneLock struct {
	By          string
	At          time.Time
	Until       time.Time // zero: until somebody unlocks it
	Why         string
	Environment string // as a command names it
}

// LaneBehind is how far a lane is behind the default branch.
type LaneBehind struct {
	Text    string // production is 12 commits and 6 days behind main
	Compare string
	Awaits  string
	Said    bool // it is longer than the configuration lets pass
}

// Live is a release that went to a lane.
type Live struct {
	Version   string
	Short     string
	At        time.Time
	Page      string // of the run
	Commit    string // its page; "" when the run is not given
	StartedBy string
	Approvers []string
	Verified  bool
}

// RunLine is a run in a list.
type RunLine struct {
	View
	Lane     pipeline.LaneID
	LanePage string
	Position int // in the queue, from 1
	Done     int // stages that are over
}

// NewRunLine makes a line of a run.
func NewRunLine(state pipeline.State, now time.Time, links Links) RunLine {
	r := state.Run
	line := RunLine{View: NewView(state, now, links), Lane: r.Lane, LanePage: links.Lane(r.Repo.Installation, r.Lane)}
	for _, s := range line.Stages {
		if s.Status.Over() {
			line.Done++
		}
	}
	return line
}

// Since is when the first of its waits began.
func (l RunLine) Since() time.Time {
	if len(l.Waits) == 0 {
		return l.Facts.StartedAt
	}
	return l.Waits[0].Since
}

// NewLaneView makes the view of a lane from what it says itself and the runs
// that are given: those that it names, and others of its history.
func NewLaneView(lane *pipeline.Lane, runs []*pipeline.Run, now time.Time, links Links) LaneView {
	v := LaneView{Lane: lane.ID, Installation: lane.Installation, Page: links.Lane(lane.Installation, lane.ID)}
	known := map[pipeline.RunID]*pipeline.Run{}
	for _, r := range runs {
		known[r.ID] = r
		v.Environments = append(v.Environments, r.Environment)
		v.Repos = append(v.Repos, r.Repo.FullName())
		v.Gated = v.Gated || r.Gated()
	}
	v.Environments, v.Repos = sorted(v.Environments), sorted(v.Repos)
	v.Live = liveOf(lane.Live, known, links)
	v.Verified = liveOf(lane.Verified, known, links)
	if v.Live != nil && lane.Verified != nil {
		v.Live.Verified = lane.Live.Run == lane.Verified.Run
	}
	if v.Live != nil && v.Live.Verified {
		v.Verified = nil
	}
	if lane.Doubt != nil {
		v.Doubt, v.DoubtReason = liveOf(&lane.Doubt.Shipped, known, links), lane.Doubt.Reason
	}
	if k := lane.Locked(now); k != nil {
		v.Lock = &LaneLock{By: k.Who(), At: k.At, Until: k.Until, Why: k.Why, Environment: v.Title()}
	}
	if k := lane.Thawed(now); k != nil {
		v.Thaw = &LaneLock{By: name(k.By), At: k.At, Until: k.Until, Why: k.Why, Environment: v.Title()}
	}
	v.Behind = behindOf(lane, now)
	if lane.Leaving() != nil {
		v.Back = links.Back(lane.Installation, lane.ID)
	}
	v.place(lane, known, now, links)
	return v
}

// place puts each active run where it stands.
func (v *LaneView) place(lane *pipeline.Lane, known map[pipeline.RunID]*pipeline.Run, now time.Time, links Links) {
	bySeq := func(a, b pipeline.RunID) int { return int(lane.Runs[a].Seq - lane.Runs[b].Seq) }
	for _, id := range slices.SortedFunc(maps.Keys(lane.Runs), bySeq) {
		if known[id] == nil {
			v.Unlisted++
			continue
		}
		line := NewRunLine(pipeline.State{Lane: lane, Run: known[id]}, now, links)
		line.Position = slices.Index(lane.Queue, id) + 1
		switch {
		case id == lane.Holder:
			v.Holder = &line
		case line.Position > 0:
			v.Queue = append(v.Queue, line)
		case line.Gate != nil && line.Gate.Open:
			v.AtGate = append(v.AtGate, line)
		default:
			v.Moving = append(v.Moving, line)
		}
	}
	v.Held = lane.Holder != "" && known[lane.Holder] == nil
	slices.SortFunc(v.Queue, func(a, b RunLine) int { return a.Position - b.Position })
}

func behindOf(lane *pipeline.Lane, now time.Time) *LaneBehind {
	b := lane.Behind
	if b == nil {
		return nil
	}
	return &LaneBehind{Text: b.Text(now), Compare: safeURL(b.Compare), Awaits: lane.Awaits(now), Said: !b.SaidAt.IsZero()}
}

func liveOf(s *pipeline.Shipped, known map[pipeline.RunID]*pipeline.Run, links Links) *Live {
	if s == nil {
		return nil
	}
	l := &Live{Version: s.Version, Short: short(s.SHA), At: s.At, Page: links.Run(s.Run)}
	r := known[s.Run]
	if r == nil {
		return l
	}
	l.Commit, l.StartedBy = links.Commit(r.Repo, s.SHA), name(r.StartedBy)
	if r.Gate != nil {
		for _, a := range r.Gate.Approvals {
			if a.Counts() {
				l.Approvers = append(l.Approvers, name(a.By))
			}
		}
	}
	return l
}

// Title is what a lane is called: its environments, else its project.
func (v LaneView) Title() string {
	if len(v.Environments) == 0 {
		return string(v.Lane)
	}
	return strings.Join(v.Environments, ", ")
}

// Named are the runs that a lane's view speaks of: what it holds, queues and
// has live. At most most of the active ones are named, the oldest first.
func Named(lane *pipeline.Lane, most int) []pipeline.RunID {
	bySeq := func(a, b pipeline.RunID) int { return int(lane.Runs[a].Seq - lane.Runs[b].Seq) }
	ids := slices.SortedFunc(maps.Keys(lane.Runs), bySeq)
	ids = ids[:min(most, len(ids))]
	add := func(id pipeline.RunID) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	add(lane.Holder)
	for _, s := range []*pipeline.Shipped{lane.Live, lane.Verified} {
		if s != nil {
			add(s.Run)
		}
	}
	if lane.Doubt != nil {
		add(lane.Doubt.Run)
	}
	return ids
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

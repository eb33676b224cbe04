package pipeline

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// atGate is a world whose one run, of the first or second pipeline, waits at its
// gate.
func atGate(t *testing.T, pipeline byte) *gateWorld {
	t.Helper()
	g := &gateWorld{fuzzWorld: newFuzzWorld([]byte{0, pipeline, 0}), met: map[string]int{}}
	g.play()
	if gate := g.run.state.Gate; gate == nil || gate.OpenAt.IsZero() {
		t.Fatal("the run is not at its gate")
	}
	return g
}

// A decision and a refusal say who, from where, about which release and under
// which policy.
func TestTheLogSaysFromWhere(t *testing.T) {
	g := atGate(t, 0)
	slack := Origin{Surface: SurfaceSlack, Slack: &SlackRef{Team: "T1", User: "U7"}}
	for _, who := range []int{0, 1} { // p1 wrote the commit
		g.event(g.run, Commanded{Command: Command{Verb: VerbApprove}, By: g.people[who].Person, Where: slack})
		for len(g.run.owed) > 0 {
			g.answerOne(0)
		}
	}
	for _, want := range []Entry{{What: "approval", Who: "p0", ID: 1}, {What: "refused", Who: "p1", ID: 2}} {
		i := slices.IndexFunc(g.log, func(e Entry) bool { return e.What == want.What && e.Who == want.Who && e.ID == want.ID })
		if i < 0 {
			t.Fatalf("nothing says %s by %s", want.What, want.Who)
		}
		e := g.log[i]
		if e.From != SurfaceSlack || e.Slack != "T1/U7" || e.Release != g.run.state.Bound().Digest() || e.Policy != g.run.state.Gate.Policy.Digest() {
			t.Errorf("got %+v", e)
		}
	}
	if i := slices.IndexFunc(g.log, func(e Entry) bool { return e.What == "run-started" }); g.log[i].From != "" || g.log[i].Release != "" {
		t.Errorf("a line of before the gate has what is said at one: %+v", g.log[i])
	}
}

// TestALanesLogSaysFromWhere: a lock from Slack names the account there.
func TestALanesLogSaysFromWhere(t *testing.T) {
	where := Origin{Surface: SurfaceSlack, Slack: &SlackRef{Team: "T1", User: "U7"}}
	spec := &Spec{Environments: map[string]*Environment{"production": {Name: "production", Firebase: "avalo"}}}
	in := &Intake{V: IntakeVersion, ID: "in", At: time.Unix(1, 0), Cause: "click", Command: &CommandGiven{
		Command: Command{Verb: VerbLock, Target: "production", Reason: "stock-taking"}, By: Person{ID: 9, Login: "ada"}, Where: where,
	}}
	m := &intakeMachine{in: in}
	m.laneConfig(ConfigRead{Spec: spec})
	in.Ask.Entitled = true
	step := NextLane(&Lane{V: RunVersion, ID: "avalo"}, LaneEvent{At: in.At, Cause: in.Cause, Ask: in.Ask})
	if len(step.Log) != 1 || step.Log[0].From != SurfaceSlack || step.Log[0].Slack != "T1/U7" || step.Log[0].ID != 9 {
		t.Errorf("got %+v, refused %+v", step.Log, step.Refused)
	}
}

// olderHash is what the version before wrote for the line below.
const olderHash = "74039aa5eea9f39356280c2cb97996ad2983e6d1e92e75b317cf47258ff61e6c"

// Lines that were written before the newer fields existed have the hash that
// they had then.
func TestOlderLinesVerify(t *testing.T) {
	const stored = `[{"lane":"avalo-c8c46","seq":1,"at":"2026-11-24T03:00:00Z","run":"6553f1001a2b3c4d","who":"dana","id":4,"what":"run-started","on":"production","why":"production for v1.2.0 at aaaaaaa1","prev":"","hash":"` + olderHash + `"}]`
	var lines []Entry
	if err := json.Unmarshal([]byte(stored), &lines); err != nil {
		t.Fatal(err)
	}
	if err := VerifyLog(lines, olderHash); err != nil {
		t.Error(err)
	}
}

// TestTamperedLog changes, leaves out and reorders lines in every way.
func TestTamperedLog(t *testing.T) {
	g := atGate(t, 0)
	if err := VerifyLog(g.log, g.lane.LogHead); err != nil || len(g.log) < 2 {
		t.Fatalf("%d lines: %v", len(g.log), err)
	}
	for i := range g.log {
		for what, change := range map[string]func(*Entry){
			"who":     func(e *Entry) { e.Who += "x" },
			"id":      func(e *Entry) { e.ID++ },
			"when":    func(e *Entry) { e.At = e.At.Add(1) },
			"where":   func(e *Entry) { e.From = SurfacePage },
			"release": func(e *Entry) { e.Release = "other" },
			"policy":  func(e *Entry) { e.Policy = "other" },
			"why":     func(e *Entry) { e.Why = "" },
			"hash":    func(e *Entry) { e.Why += "!"; e.Hash = e.Sum() }, // the next line, or the head, tells
		} {
			log := slices.Clone(g.log)
			before := log[i]
			if change(&log[i]); log[i] != before && VerifyLog(log, g.lane.LogHead) == nil {
				t.Errorf("line %d: another %s is not found", i+1, what)
			}
		}
		if VerifyLog(slices.Delete(slices.Clone(g.log), i, i+1), g.lane.LogHead) == nil {
			t.Errorf("line %d is missing and is not missed", i+1)
		}
		if log := slices.Clone(g.log); i > 0 {
			log[i-1], log[i] = log[i], log[i-1]
			if VerifyLog(log, g.lane.LogHead) == nil {
				t.Errorf("lines %d and %d changed places and it is not found", i, i+1)
			}
		}
	}
}

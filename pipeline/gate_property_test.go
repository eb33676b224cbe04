package pipeline

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestGateOpensOnlyAsApproved plays stories that crowd around a gate: people
// approve, withdraw and reject from every surface, teams and policies change,
// builds are run again, what is live changes, people are called who may approve from
// then on, and every fact and answer may come
// late, twice or in another order. The properties of [FuzzNext] hold: a door opens
// only for distinct entitled people who approved exactly what is shipped then.
func TestGateOpensOnlyAsApproved(t *testing.T) {
	met := map[string]int{}
	for luck := range uint64(1000) {
		random := rand.New(rand.NewPCG(luck, 7))
		in := make([]byte, 180)
		for i := range in {
			in[i] = byte(random.Uint32())
		}
		in[0] &= 14 // the configuration with gates, protected by GitHub or not
		g := &gateWorld{fuzzWorld: newFuzzWorld(in), met: met}
		g.play()
		if len(g.bad) > 0 {
			t.Fatalf("luck %d: %s", luck, g.bad[0])
		}
	}
	for _, what := range []string{"opened", "release-changed", replacesCode, "policy-changed", "withdrawn", "approver left", "escalated", "opened by who was called"} {
		if met[what] < 5 {
			t.Errorf("%s was met %d times only: the stories prove too little; met: %v", what, met[what], met)
		}
	}
}

// gateWorld is the world around one gate.
type gateWorld struct {
	*fuzzWorld
	run  *fuzzRun
	said []Fact // to be told again
	met  map[string]int
}

func (g *gateWorld) play() {
	g.push()
	g.run = g.runs[0]
	for range 40 { // in peace up to the gate
		for len(g.run.owed) > 0 {
			g.answerOne(0)
		}
		g.builds(1)
		if gate := g.run.state.Gate; gate != nil && !gate.OpenAt.IsZero() {
			break
		}
	}
	for len(g.in) > 0 && len(g.bad) == 0 && g.run.state.Status == RunActive {
		g.crowd()
	}
	g.count()
}

// answerOne answers an owed effect as a healthy world does.
func (g *gateWorld) answerOne(i int) {
	r := g.run
	o := r.owed[i]
	r.owed = slices.Delete(r.owed, i, i+1)
	if !r.state.Wants(o.Key, o.Effect) {
		return
	}
	g.judgePerformed(r, o)
	a := Answered{Key: o.Key, Outcome: g.outcome(r, o.Effect, 7)}
	r.answered = append(r.answered, a)
	g.event(r, a)
}

// builds gives news of every workflow that ran before the gate.
func (g *gateWorld) builds(attempt int) {
	for _, st := range g.run.state.Plan().Stages {
		if sr := g.run.state.Stages[st.ID]; sr.Workflow != nil && st.Kind == KindWorkflow {
			g.say1(WorkflowSeen{Workflow: WorkflowRun{
				ID: sr.Workflow.ID, Attempt: attempt, Status: "completed", Conclusion: "success", HeadSHA: g.run.state.Release.SHA, UpdatedAt: g.at,
			}})
		}
	}
}

func (g *gateWorld) say1(f Fact) {
	g.said = append(g.said, f)
	g.event(g.run, f)
}

// crowd is one thing that happens at the gate.
func (g *gateWorld) crowd() {
	r := g.run
	op := g.pick(24)
	switch {
	case op < 8:
		if len(r.owed) > 0 {
			g.answerOne(g.pick(len(r.owed)))
		}
	case op < 13:
		g.say1(Commanded{Command: Command{Verb: VerbApprove}, By: g.someone(), Where: g.somewhere()})
	case op == 13:
		g.say1(Pressed{Button: ButtonApprove, Stage: "approval", Attempt: r.state.Stages["approval"].Attempt, By: g.someone()})
	case op == 14:
		g.say1(Reviewed{Workflow: g.someWorkflow(r), By: g.someone(), Approved: g.pick(8) != 0, At: g.at})
	case op == 15:
		g.say1(Commanded{Command: Command{Verb: VerbWithdraw}, By: g.someone(), Where: g.somewhere()})
	case op == 16 || op == 10 && r.state.Gate != nil && r.state.Gate.Door == DoorVerifying:
		g.people[g.pick(3)].Teams = [][]string{{"leads", "approvers"}, {"leads"}, nil}[g.pick(3)]
	case op == 17 && g.pick(3) == 0:
		g.rebuild()
	case op == 18 && g.pick(3) == 0:
		g.ship()
	case op == 19 && g.pick(6) == 0:
		p := *g.spec.Environments["production"].Approval
		p.Need = []Need{{Team: "approvers", Count: 1 + g.pick(2)}}
		g.policy = &p
	case op == 20:
		g.say1(DoorRequested{Workflow: g.someWorkflow(r), Environment: r.state.Environment, Deployment: 900})
	case op == 21 && len(g.said) > 0:
		g.event(r, g.said[g.pick(len(g.said))])
	case op == 22 && len(r.answered) > 0:
		g.event(r, r.answered[g.pick(len(r.answered))])
	case op == 23:
		g.at = g.at.Add(time.Duration(g.pick(60)) * time.Minute)
		g.ticks()
	}
}

func (g *gateWorld) somewhere() Origin {
	return []Origin{
		ByComment(CommentRef{ID: 5, Issue: 1}),
		{Surface: SurfaceSlack, Slack: &SlackRef{Team: "T1", User: "U1"}},
		{Surface: SurfacePage, Command: "c1"},
		{Surface: SurfaceCommand, Command: "c2"},
	}[g.pick(4)]
}

// rebuild runs a build once more in GitHub: begun, over, or both.
func (g *gateWorld) rebuild() {
	how := g.pick(3)
	for _, st := range g.run.state.Plan().Stages {
		sr := g.run.state.Stages[st.ID]
		if sr.Workflow == nil || st.Kind != KindWorkflow || sr.Status != StagePassed {
			continue
		}
		w := WorkflowRun{ID: sr.Workflow.ID, Attempt: sr.Workflow.Attempt + 1, Status: "in_progress", HeadSHA: g.run.state.Release.SHA, UpdatedAt: g.at}
		if how > 0 {
			g.say1(WorkflowSeen{Workflow: w})
		}
		if how < 2 {
			w.Status, w.Conclusion = "completed", "success"
			g.say1(WorkflowSeen{Workflow: w})
		}
		return
	}
}

// ship is another run's deploy: what is live changes, and the word of it comes now
// or never.
func (g *gateWorld) ship() {
	if g.lane.LiveOf == nil {
		g.lane.LiveOf = map[int64]*Shipped{}
	}
	n := g.events % 3
	g.lane.LiveOf[g.repo] = &Shipped{Run: "other", Repo: g.repo, Version: fmt.Sprintf("v0.%d", n), SHA: fmt.Sprintf("ccccccc%d", n), At: g.at}
	if g.pick(3) > 0 {
		g.say1(LiveChanged{})
	}
}

// count tells what the story has met, so that it is known to prove something.
func (g *gateWorld) count() {
	gate := g.run.state.Gate
	if gate == nil {
		return
	}
	if gate.Door == DoorOpening || gate.Door == DoorOpen {
		g.met["opened"]++
		if slices.ContainsFunc(gate.Approvals, func(a Approval) bool { return a.Void == nil && a.By.ID == g.people[5].Person.ID }) {
			g.met["opened by who was called"]++
		}
	}
	if gate.Escalated > 0 {
		g.met["escalated"]++
	}
	for _, a := range gate.Approvals {
		switch {
		case a.Void == nil:
		case a.Void.Code == "not-entitled":
			g.met["approver left"]++
		default:
			g.met[a.Void.Code]++
		}
	}
}

package pipeline

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"
)

// fuzzConfigs are the teams that the fuzz target plays with; the first byte of
// the input chooses.
var fuzzConfigs = []string{`version: 1
environments:
  production:
    firebase: avalo-lane
    url: https://avalo.app
    approval: {need: [{team: leads, count: 1}, {team: approvers, count: 1}], expires: 72h, escalate: [{after: 10m, team: watch}, {after: 20m, team: duty, may_approve: true}]}
    freeze: [{every: TUE 05:00, until: TUE 08:00, timezone: Europe/Warsaw}, {from: 2026-11-28, until: 2026-11-28}]
pipelines:
  production:
    on: {push: release/*}
    environment: production
    stages:
      - parallel: [{workflow: test.yml, retries: 1}, {workflow: lint.yml, continue_on_failure: true}]
      - approval
      - workflow: export.yml
      - deploy: {workflow: deploy.yml}
      - {smoke: [{get: /}, {get: /beta, critical: false}], continue_on_failure: true}
      - notify
  hotfix:
    on: {push: hotfix/*}
    environment: production
    stages: [approval, {deploy: {workflow: deploy.yml}}, {workflow: e2e.yml}]
  graph:
    on: {push: graph/*}
    environment: production
    stages:
      - workflow: build.yml
      - {approval: {}, needs: [build]}
      - {checks: [ci], needs: [build], retries: 1}
      - {deploy: {workflow: deploy.yml}, needs: [approval, checks]}
`, `version: 1
environments:
  staging: {firebase: avalo-lane, url: https://staging.avalo.app, freeze: [{every: TUE 06:00, until: TUE 07:30}]}
pipelines:
  staging:
    on: {push: main}
    environment: staging
    stages: [{workflow: test.yml}, {deploy: {workflow: deploy.yml}}, {smoke: [{get: /}]}, notify]
  checked:
    on: {push: main}
    environment: staging
    stages: [{checks: [ci, lint]}, {workflow: build.yml, retries: 2}, {deploy: {workflow: deploy.yml}}]
`}

// fuzzSpecs are parsed once: a step is a thousand times cheaper.
var fuzzSpecs = sync.OnceValue(func() []*Spec {
	var all []*Spec
	for _, text := range fuzzConfigs {
		spec, problems := Parse([]byte(text), Options{File: "gatehouse.yml"})
		if len(problems) > 0 {
			panic(fmt.Sprint(problems))
		}
		all = append(all, spec)
	}
	return all
})

// fuzzRun is a run and what the world remembers of it, told apart from what the
// machine believes.
type fuzzRun struct {
	state     *Run
	owed      []Owed
	answered  []Answered // to be told twice
	keys      map[string]bool
	asked     map[string]string // by key of VerifyPerson: the release as it was then
	workflows []int64
	wrongHead map[int64]bool // told of another commit
	approvers []fuzzApproval // verified, and not void since
	sealed    string         // what is shipped, once a door opened for it
	policy    *Policy        // by which they were verified
	proof     *DoorVerified  // the last word on the door
	opened    int
	closed    map[int64]bool
	reads     int // of the release
	dispatch  map[string]int
}

// fuzzWorld is the world around one lane, driven by bytes.
type fuzzWorld struct {
	in       []byte
	spec     *Spec
	thorough bool // every step is made twice and stored
	events   int
	repo     int64
	at       time.Time
	lane     *Lane
	runs     []*fuzzRun
	log      []Entry
	people   []Standing
	gate     GateInspected
	jobs     Jobs
	policy   *Policy
	workflow int64
	causes   int
	errands  int
	deployed map[string]int64 // pipeline to the highest Seq that began to deploy
	bad      []string
}

func newFuzzWorld(in []byte) *fuzzWorld {
	w := &fuzzWorld{
		in: in, at: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), workflow: 100, repo: 1, deployed: map[string]int64{},
		lane: &Lane{V: RunVersion, ID: "avalo-lane", Installation: 7},
	}
	first := w.byte()
	w.spec, w.thorough = fuzzSpecs()[int(first)%len(fuzzConfigs)], first&0xf0 == 16
	w.gate = GateInspected{Exists: true, Rule: first&2 != 0}
	if first&4 != 0 {
		w.jobs = Jobs{Environment: "${{ inputs.environment }}", Jobs: []string{"deploy"}}
	}
	if first&8 != 0 && w.gate.Rule {
		w.gate.Reviewers = []string{"@acme/leads"}
	}
	for i, teams := range [][]string{{"leads", "approvers"}, {"leads"}, {"approvers"}, {"leads", "approvers"}, {"watch"}, {"duty"}} {
		role := "write"
		if i == 4 {
			role = "read"
		}
		w.people = append(w.people, Standing{Person: Person{ID: int64(i + 1), Login: "p" + string(rune('0'+i)), Bot: i == 3}, Role: role, Teams: teams})
	}
	return w
}

func (w *fuzzWorld) byte() byte {
	if len(w.in) == 0 {
		return 0
	}
	b := w.in[0]
	w.in = w.in[1:]
	return b
}

func (w *fuzzWorld) pick(n int) int { return int(w.byte()) % n }

// step plays one thing that the bytes say.
func (w *fuzzWorld) step() {
	op := w.pick(17)
	if len(w.runs) == 0 || op == 0 && len(w.runs) < 5 {
		w.push()
		return
	}
	r := w.runs[w.pick(len(w.runs))]
	switch op {
	case 1, 2, 3, 4, 5:
		w.answer(r)
	case 6, 7, 8:
		w.news(r)
	case 9:
		w.event(r, DoorRequested{Workflow: w.someWorkflow(r), Environment: r.state.Environment, Deployment: 900})
	case 10:
		w.event(r, Reviewed{Workflow: w.someWorkflow(r), By: w.someone(), Approved: w.pick(4) != 0, At: w.at})
	case 11, 12:
		w.say(r)
	case 13:
		w.event(r, ChecksChanged{SHA: r.state.Release.SHA})
	case 14:
		w.at = w.at.Add([]time.Duration{time.Minute, 30 * time.Minute, 3 * time.Hour, 73 * time.Hour}[w.pick(4)])
		w.ticks()
	case 15:
		w.change(r)
	case 16:
		w.lock()
	}
}

// fuzzZones reads no file twice.
var fuzzZones = func() Zones {
	known := map[string]*time.Location{}
	for _, name := range zonesOfTheWorld {
		if loc, err := time.LoadLocation(name); err == nil {
			known[name] = loc
		}
	}
	return func(name string) (*time.Location, error) {
		if loc := known[name]; loc != nil {
			return loc, nil
		}
		return time.LoadLocation(name)
	}
}()

// lock is what people want of the lane itself.
func (w *fuzzWorld) lock() {
	who := w.standing(w.someone())
	ask := LaneAsk{Verb: []Verb{VerbLock, VerbLock, VerbUnlock, VerbUnfreeze}[w.pick(4)], Environment: "production", By: who.Person, Entitled: w.pick(2) == 0, Reason: "test"}
	if w.pick(2) == 0 {
		ask.For = 2 * time.Hour
	}
	w.causes++
	w.laneStep(LaneEvent{At: w.at, Cause: fmt.Sprint(w.causes), Ask: &ask})
}

// laneStep is a step of the lane itself. What it owes to runs is told late.
func (w *fuzzWorld) laneStep(e LaneEvent) {
	before := mustJSON(w.lane)
	step := NextLane(w.lane, e)
	if !bytes.Equal(before, mustJSON(w.lane)) {
		w.fail("a step of the lane changed the lane it was given")
	}
	w.lane, w.log = step.Lane, append(w.log, step.Log...)
	if step.Errand == nil {
		return
	}
	for _, t := range step.Errand.Tell {
		r := w.named(t.Run)
		w.errands++
		r.owed = append(r.owed, Owed{Key: fmt.Sprint("errand/", w.errands), Effect: t})
	}
}

func (w *fuzzWorld) push() {
	pl := w.spec.Pipelines[w.pick(len(w.spec.Pipelines))]
	how := w.byte()
	branch := []string{pl.Name + "/a", pl.Name + "/b"}[how&1]
	n := len(w.runs)
	in := &intakeMachine{in: &Intake{
		At: w.at, Cause: fmt.Sprint(n), Repo: Repo{Installation: 7, ID: w.repo, Owner: "acme", Name: "app"},
		Push: &Pushed{Ref: "refs/heads/" + branch, Before: "old", After: fmt.Sprintf("aaaaaaa%d", n), By: w.people[0].Person, Forced: how&2 != 0},
	}}
	r := &fuzzRun{
		state: in.newRun(w.spec, pl), keys: map[string]bool{}, asked: map[string]string{},
		closed: map[int64]bool{}, dispatch: map[string]int{}, wrongHead: map[int64]bool{},
	}
	w.runs = append(w.runs, r)
	w.event(r, Started{})
}

// answer brings the outcome of something owed: well, badly, unsure, or twice.
func (w *fuzzWorld) answer(r *fuzzRun) {
	how := w.pick(16)
	if how == 0 && len(r.answered) > 0 {
		w.event(r, r.answered[w.pick(len(r.answered))])
		return
	}
	if len(r.owed) == 0 {
		return
	}
	i := w.pick(len(r.owed))
	o := r.owed[i]
	if tell, ok := o.Effect.(Tell); ok {
		if how != 1 { // else it is told once more later
			r.owed = slices.Delete(r.owed, i, i+1)
		}
		w.event(w.named(tell.Run), tell.Fact)
		return
	}
	r.owed = slices.Delete(r.owed, i, i+1)
	a := Answered{Key: o.Key, Outcome: Failed{Refusal: Refusal{Code: "withdrawn"}}}
	switch wanted := r.state.Wants(o.Key, o.Effect); {
	case wanted:
		w.judgePerformed(r, o)
		a.Outcome = w.outcome(r, o.Effect, how)
	case how > 10: // it was in hand already
		a.Outcome = w.outcome(r, o.Effect, how)
	}
	r.answered = append(r.answered, a)
	w.event(r, a)
}

func (w *fuzzWorld) named(id RunID) *fuzzRun {
	for _, r := range w.runs {
		if r.state.ID == id {
			return r
		}
	}
	panic("told a run that does not exist: " + string(id))
}

func (w *fuzzWorld) outcome(r *fuzzRun, e Effect, how int) Outcome {
	if how == 1 || how == 2 {
		return Failed{Refusal: Refusal{Code: "test", Reason: "It failed."}, Unsure: how == 2}
	}
	switch e := e.(type) {
	case ReadRelease:
		return ReleaseRead{Commits: []Commit{{SHA: "c1", Authors: []Person{w.people[1].Person}}}, Total: 1, Deploys: map[string]Jobs{"deploy.yml": w.jobs}}
	case StartWorkflow:
		w.workflow++
		r.workflows = append(r.workflows, w.workflow)
		return WorkflowStarted{Workflow: WorkflowRun{ID: w.workflow}}
	case ReadWorkflow:
		return WorkflowRead{Workflow: w.workflowNews(r, e.Workflow, how)}
	case ReadReviews:
		o := ReviewsRead{Workflow: w.workflowNews(r, e.Workflow, how)}
		if how == 3 {
			o.Reviews = []Reviewed{{Workflow: e.Workflow, By: w.people[0].Person}}
		}
		return o
	case RecordReview:
		if how == 3 {
			return ReviewRecorded{Refused: &Refusal{Code: "not-a-reviewer", Reason: "No."}}
		}
		return ReviewRecorded{}
	case ReadChecks:
		return readChecks(e, [][]string{{"success", "success"}, {"success"}, {"failure"}, {"success", "success"}}[how%4])
	case InspectGate:
		return w.gate
	case VerifyPerson:
		return PersonVerified{Standing: e.seen(w.standing(e.Person))}
	case VerifyDoor:
		return w.doorVerified(e)
	case CreateDeployment:
		return DeploymentMade{ID: 901}
	case RunProbes:
		return probe(e, [][]string{{"ok"}, {"500"}, {"ok", "500"}, {"ok"}}[how%4])
	default:
		return Done{}
	}
}

func (w *fuzzWorld) standing(p Person) Standing {
	for _, s := range w.people {
		if s.Person.ID == p.ID {
			return s
		}
	}
	return Standing{Person: p, Role: "none"}
}

func (w *fuzzWorld) doorVerified(e VerifyDoor) Outcome {
	o := DoorVerified{Policy: w.policy}
	if o.Policy == nil {
		o.Policy = w.spec.Environments[e.Environment].Approval
	}
	for _, p := range e.People {
		o.Standings = append(o.Standings, w.standing(p))
	}
	return o
}

func (w *fuzzWorld) someWorkflow(r *fuzzRun) int64 {
	if len(r.workflows) == 0 {
		return 1
	}
	return r.workflows[w.pick(len(r.workflows))]
}

func (w *fuzzWorld) someone() Person { return w.people[w.pick(len(w.people))].Person }

func (w *fuzzWorld) news(r *fuzzRun) {
	if len(r.workflows) > 0 {
		w.event(r, WorkflowSeen{Workflow: w.workflowNews(r, w.someWorkflow(r), w.pick(32))})
	}
}

func (w *fuzzWorld) workflowNews(r *fuzzRun, id int64, how int) WorkflowRun {
	n := WorkflowRun{ID: id, Attempt: 1, HeadSHA: r.state.Release.SHA, UpdatedAt: w.at}
	n.Status = []string{"completed", "queued", "waiting", "in_progress", "completed", "waiting", "completed", "completed"}[how%8]
	if n.Status == "completed" {
		n.Conclusion = []string{"success", "success", "failure", "cancelled"}[how/8%4]
	}
	if how == 30 {
		n.HeadSHA = "bbbbbbb9"
		r.wrongHead[id] = true
	}
	if how == 29 {
		n.Attempt = 2
	}
	return n
}

// say is what people do: press, comment, run again.
func (w *fuzzWorld) say(r *fuzzRun) {
	stages := r.state.Plan().Stages
	st := stages[w.pick(len(stages))]
	by, where := w.someone(), []Origin{
		ByComment(CommentRef{ID: 5, Issue: 1}),
		{Surface: SurfaceSlack, Slack: &SlackRef{Team: "T1", User: "U1"}},
		{Surface: SurfacePage, Command: "c1"},
		{Surface: SurfaceCommand, Command: "c2"},
	}[w.events%4]
	switch w.pick(9) {
	case 0, 1, 2:
		w.event(r, Commanded{Command: Command{Verb: VerbApprove, Reason: "good"}, By: by, Where: where})
	case 3:
		w.event(r, Pressed{Button: ButtonApprove, Stage: st.ID, Attempt: r.state.Stages[st.ID].Attempt, By: by})
	case 4:
		w.event(r, Commanded{Command: Command{Verb: VerbRetry}, By: by, Where: where})
	case 5:
		w.event(r, RerunRequested{Stage: st.ID, Attempt: r.state.Stages[st.ID].Attempt, By: by})
	case 6:
		w.event(r, Commanded{Command: Command{Verb: []Verb{VerbCancel, VerbReject, VerbStatus}[w.pick(3)]}, By: by, Where: where})
	case 7:
		w.event(r, Pressed{Button: ButtonRetry, Stage: st.ID, Attempt: r.state.Stages[st.ID].Attempt, By: by})
	case 8:
		w.event(r, Commanded{Command: Command{Verb: VerbWithdraw}, By: by, Where: where})
	}
}

// change is what happens elsewhere: teams, the policy on the default branch, or
// a fact of another run that comes late.
func (w *fuzzWorld) change(r *fuzzRun) {
	switch w.pick(6) {
	case 0:
		p := &w.people[w.pick(3)]
		p.Teams = [][]string{{"leads", "approvers"}, {"leads"}, nil}[w.pick(3)]
	case 1:
		if env := w.spec.Environments["production"]; env != nil {
			p := *env.Approval
			p.Need = []Need{{Team: "approvers", Count: 1 + w.pick(2)}}
			w.policy = &p
		}
	case 2:
		w.event(r, LaneGranted{})
	case 3:
		w.event(r, DeploymentSeen{Workflow: w.someWorkflow(r), Deployment: 900, Environment: r.state.Environment})
	case 4:
		why := Refusal{Code: []string{CodePermission, CodeSuspended}[w.pick(2)], Reason: "It is kept.", Fix: "Lift it."}
		w.event(r, Hindered{Key: w.hinderable(r), Why: &why})
	case 5:
		w.event(r, Hindered{Key: w.hinderable(r)})
	}
}

// hinderable is the key of something that may wait for a person.
func (w *fuzzWorld) hinderable(r *fuzzRun) string {
	keys := []string{"installation", ShowKey(SlotSlack)}
	for _, o := range r.owed {
		if _, told := o.Effect.(Tell); !told {
			keys = append(keys, o.Key)
		}
	}
	return keys[w.pick(len(keys))]
}

func (w *fuzzWorld) ticks() {
	if at := WakeLane(w.lane); !at.IsZero() && !at.After(w.at) {
		w.laneStep(LaneEvent{At: w.at, Cause: "time"})
		if again := WakeLane(w.lane); !again.IsZero() && !again.After(w.at) {
			w.fail("a tick of the lane at %s leaves its wake at %s", w.at, again)
		}
	}
	for _, r := range w.runs {
		if at := Wake(State{Lane: w.lane, Run: r.state}); !at.IsZero() && !at.After(w.at) {
			w.event(r, Tick{})
			if again := Wake(State{Lane: w.lane, Run: r.state}); !again.IsZero() && !again.After(w.at) {
				w.fail("a tick at %s leaves the wake at %s: it would be ticked for ever", w.at, again)
			}
		}
	}
}

// drain is a healthy world with much time: everything owed is answered, every
// workflow ends well, and two months pass.
func (w *fuzzWorld) drain() {
	w.laneStep(LaneEvent{At: w.at, Cause: "drain", Ask: &LaneAsk{Verb: VerbUnlock, By: w.people[0].Person, Entitled: true, Reason: "test"}})
	for range 60 {
		for _, r := range w.runs {
			for len(r.owed) > 0 {
				w.in = []byte{7, 0}
				w.answer(r)
			}
			for _, st := range r.state.Plan().Stages {
				if sr := r.state.Stages[st.ID]; sr.Workflow != nil && sr.Status == StageRunning {
					n := *sr.Workflow
					n.Status, n.Conclusion, n.HeadSHA = "completed", "success", r.state.Release.SHA
					w.event(r, WorkflowSeen{Workflow: n})
				}
			}
		}
		w.at = w.at.Add(24 * time.Hour)
		w.ticks()
	}
	for _, r := range w.runs {
		if r.state.Status == RunActive {
			w.fail("a run is stuck: %+v", Explain(State{Lane: w.lane, Run: r.state}))
		}
	}
	if w.lane.Holder != "" || len(w.lane.Queue) > 0 || len(w.lane.Runs) > 0 {
		w.fail("the lane is not free: held by %q, queue %v, %d runs", w.lane.Holder, w.lane.Queue, len(w.lane.Runs))
	}
}

package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzNext drives several runs in one lane from a string of bytes: pushes, news
// in any order, outcomes well, bad, unsure and twice, people, time. Whatever
// happens:
//
//   - no door opens and no deploy is dispatched behind our own gate without the
//     approvals that the policy asks for, as verified last and not withdrawn,
//     judged by brute force
//   - no door opens for a commit other than the release's, or after it was closed
//   - a door opens at most once a run, a stage is dispatched once an attempt
//   - no door opens and no deploy begins while the lane is locked, or in a freeze
//     that nobody has lifted
//   - at most one run of a lane has a deploy under way, and that run holds it
//   - no run deploys after a newer one of its pipeline began to
//   - a final status stays, unless a person who may write retries a failed run
//   - only a release whose probes all passed is verified
//   - the same state and event give the same step, and the state is not changed
//   - keys never repeat; facts, effects and states survive being stored
//   - a stage whose state changed is shown anew
//   - the log is one whole chain
//   - a final run wants no wake, and a tick never leaves a wake in the past
//   - no door is opened and nothing is dispatched for a run or an attempt that
//     ended while the effect rested
//   - an active run owes what it waits for, has an end, or names who can move it;
//     a lane that somebody waits for is held, and its queue forgets nobody
//   - in a healthy world every run ends and leaves the lane free
func FuzzNext(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add(seed.in, seed.luck)
	}
	f.Fuzz(func(t *testing.T, in []byte, luck uint64) {
		if bad := playBytes(in, luck); len(bad) > 0 {
			t.Fatal(strings.Join(bad, "\n"))
		}
	})
}

// TestRandomStories plays what FuzzNext would, left to luck alone.
func TestRandomStories(t *testing.T) {
	for luck := range uint64(1500) {
		in := []byte{byte(luck) % 16}
		if bad := playBytes(in, luck+1); len(bad) > 0 {
			t.Fatalf("luck %d: %s", luck+1, strings.Join(bad, "\n"))
		}
	}
}

// A story is what the bytes say, up to fuzzLimit of them, and then what luck
// says, if it is not zero. The bytes are few because the fuzzer shortens each
// interesting input in a time that grows with the square of its length.
const (
	fuzzLimit = 64
	fuzzLuck  = 250
)

type fuzzSeed struct {
	in   []byte
	luck uint64
}

// fuzzSeeds are one story for each kind of world, and the same with the thorough
// properties.
func fuzzSeeds() []fuzzSeed {
	var seeds []fuzzSeed
	for kind := range byte(32) {
		walk := []byte{kind}
		for i := range 20 {
			walk = append(walk, byte(i*37+i/7), byte(i*11+3))
		}
		seeds = append(seeds, fuzzSeed{in: walk, luck: uint64(kind) + 1})
	}
	return seeds
}

func playBytes(in []byte, luck uint64) []string {
	if len(in) > fuzzLimit {
		in = in[:fuzzLimit]
	}
	if luck != 0 {
		tail := make([]byte, fuzzLuck)
		for i, random := 0, rand.New(rand.NewPCG(luck, luck)); i < len(tail); i++ {
			tail[i] = byte(random.Uint32())
		}
		in = append(slices.Clone(in), tail...)
	}
	w := newFuzzWorld(in)
	for len(w.in) > 0 && len(w.bad) == 0 {
		w.step()
	}
	if len(w.bad) == 0 {
		w.drain()
	}
	if err := VerifyLog(w.log, w.lane.LogHead); err != nil {
		w.fail("the log is broken: %v", err)
	}
	return w.bad
}

func (w *fuzzWorld) fail(format string, args ...any) {
	if len(w.bad) == 0 {
		w.bad = append(w.bad, fmt.Sprintf(format, args...))
	}
}

// event gives one run one event and holds the step to the properties.
func (w *fuzzWorld) event(r *fuzzRun, f Fact) {
	if len(w.bad) > 0 {
		return
	}
	f = w.stored(f)
	before := State{Lane: w.lane, Run: r.state}
	w.remember(r, f)
	step := w.next(before, Event{At: w.at, Zones: fuzzZones, Fact: f})
	if len(w.bad) > 0 {
		return
	}
	w.judgeStatus(r, before.Run, step, f)
	w.judgeShown(before.Run, step)
	w.lane, r.state = step.State.Lane, step.State.Run
	for key := range r.state.Asks {
		if r.asked[key] == "" {
			r.asked[key] = shipping(r.state)
		}
	}
	w.log = append(w.log, step.Log...)
	for _, o := range step.Effects {
		w.judgeEffect(r, o)
		r.owed = append(r.owed, o)
	}
	w.judgeState(r, before.Run)
}

// next is a step of the machine. What holds for every step by its making is held
// against every one in a thorough world, else against one in sixteen: it costs
// twenty times the step.
func (w *fuzzWorld) next(before State, e Event) Step {
	if w.events++; !w.thorough && w.events%16 != 0 {
		return Next(before, e)
	}
	stored := mustJSON(before)
	step := Next(before, e)
	if !bytes.Equal(stored, mustJSON(before)) {
		w.fail("%s changed the state it was given", FactKind(e.Fact))
	}
	if again := Next(before, e); !reflect.DeepEqual(step, again) {
		w.fail("%s gives two answers", FactKind(e.Fact))
	}
	var after State
	if err := json.Unmarshal(mustJSON(step.State), &after); err != nil {
		w.fail("the state cannot be read: %v", err)
	}
	if !bytes.Equal(mustJSON(step.State), mustJSON(after)) {
		w.fail("the state does not survive being stored")
	}
	step.State = after
	return step
}

// stored sends a fact through its stored form, as the engine does.
func (w *fuzzWorld) stored(f Fact) Fact {
	if _, ok := f.(Answered); ok || !w.thorough {
		return f
	}
	b, err := MarshalFact(f)
	if err != nil {
		w.fail("a fact cannot be stored: %v", err)
		return f
	}
	g, err := UnmarshalFact(b)
	if err != nil || !reflect.DeepEqual(f, g) {
		w.fail("%s does not survive being stored: %v", FactKind(f), err)
	}
	return g
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// remember keeps, apart from the machine, who was verified as approving what.
func (w *fuzzWorld) remember(r *fuzzRun, f Fact) {
	if c, ok := f.(Commanded); ok && c.Command.Verb == VerbWithdraw {
		r.forget(c.By)
	}
	a, ok := f.(Answered)
	if !ok {
		return
	}
	switch o := a.Outcome.(type) {
	case PersonVerified:
		ask, waits := r.state.Asks[a.Key]
		if waits && ask.Verb == VerbApprove && r.asked[a.Key] == shipping(r.state) {
			r.approvers = append(r.approvers, fuzzApproval{o.Standing.Person, shipping(r.state)})
		}
	case DoorVerified:
		if g := r.state.Gate; g == nil || g.Doing != a.Key {
			return
		}
		if r.policy != nil && !reflect.DeepEqual(r.policy, o.Policy) {
			r.approvers = nil // all void
		}
		r.policy, r.proof = o.Policy, &o
	}
}

// fuzzApproval is who approved what.
type fuzzApproval struct {
	by Person
	of string
}

// shipping says, apart from the machine, what a run would ship now: the commit
// and its like, what it replaces, and what the stages before the gate have made.
func shipping(r *Run) string {
	before := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for _, st := range r.Plan().Stages {
			for _, need := range st.Needs {
				if (st.Kind == KindApproval || before[st.ID]) && !before[need] {
					before[need], grown = true, true
				}
			}
		}
	}
	text := fmt.Sprint(r.Repo.ID, r.Release.Ref, r.Release.SHA, r.Release.Version, r.Release.Config, r.Release.Workflows, r.Release.Sensitive)
	if r.Release.Replaces != nil {
		text += " in place of " + r.Release.Replaces.SHA
	}
	for _, st := range r.Plan().Stages {
		if w := r.Stages[st.ID].Workflow; before[st.ID] && w != nil {
			text += fmt.Sprint(" ", st.ID, w.ID, w.Attempt, w.Conclusion)
		}
	}
	return text
}

// forget takes back what a person approved, as long as the door is not opening.
func (r *fuzzRun) forget(by Person) {
	if g := r.state.Gate; g == nil || g.Door != DoorShut && g.Door != DoorVerifying {
		return
	}
	r.approvers = slices.DeleteFunc(r.approvers, func(a fuzzApproval) bool { return a.by.ID == by.ID })
	for key, ask := range r.state.Asks {
		if ask.Verb == VerbApprove && ask.By.ID == by.ID {
			r.asked[key] = "withdrawn"
		}
	}
}

func (w *fuzzWorld) judgeEffect(r *fuzzRun, o Owed) {
	if r.keys[o.Key] {
		w.fail("the key %s is owed twice", o.Key)
	}
	r.keys[o.Key] = true
	w.judgeStored(o.Effect)
	switch e := o.Effect.(type) {
	case ReadRelease:
		if r.reads++; r.reads > 1 {
			r.approvers = nil // the release is another one now
		}
	case StartWorkflow:
		if r.dispatch[e.Nonce]++; r.dispatch[e.Nonce] > 1 {
			w.fail("%s is dispatched twice", e.Nonce)
		}
		st := r.state.Plan().Stage(e.Stage)
		if st.Kind == KindDeploy && r.state.Gated() && r.state.Gate.Kind != GateByEnvironment {
			w.judgeApprovals(r, "dispatched "+e.Nonce)
		}
	case CreateDeployment:
		if r.state.Gated() {
			w.judgeApprovals(r, "made a Deployment")
		}
	case AnswerDoor:
		w.judgeVerdict(r, e)
	}
}

func (w *fuzzWorld) judgeStored(e Effect) {
	if !w.thorough {
		return
	}
	b, err := MarshalEffect(e)
	if err != nil {
		w.fail("an effect cannot be stored: %v", err)
		return
	}
	if stored, err := UnmarshalEffect(b); err != nil || !bytes.Equal(mustJSON(stored), mustJSON(e)) {
		w.fail("%s does not survive being stored: %v", EffectKind(e), err)
	}
}

func (w *fuzzWorld) judgeVerdict(r *fuzzRun, e AnswerDoor) {
	if !e.Approve {
		r.closed[e.Workflow] = true
		return
	}
	switch {
	case r.wrongHead[e.Workflow] && r.state.Gated():
		w.fail("the door opens for another commit")
	case r.closed[e.Workflow]:
		w.fail("the door opens after it was closed")
	case r.state.Status != RunActive:
		w.fail("the door opens for a run that is %s", r.state.Status)
	}
	if g := r.state.Gate; g != nil && g.Kind == GateByEnvironment {
		if r.opened++; r.opened > 1 {
			w.fail("the door opens twice")
		}
	}
	if r.state.Gated() {
		w.judgeApprovals(r, "opened the door")
	}
}

// judgeApprovals is the independent reference: it tries every way of seating
// those who approved and still may.
func (w *fuzzWorld) judgeApprovals(r *fuzzRun, what string) {
	if r.proof == nil || r.proof.Policy == nil {
		w.fail("%s without having verified anything", what)
		return
	}
	if r.sealed == "" {
		r.sealed = shipping(r.state) // from the first act on nothing is taken back
	}
	var may []Standing
	for _, s := range r.proof.Standings {
		approved := slices.ContainsFunc(r.approvers, func(a fuzzApproval) bool { return a.by.ID == s.Person.ID && a.of == r.sealed })
		if approved && !s.Person.Bot && s.Person.ID != w.people[1].Person.ID { // she wrote the commit
			may = append(may, called(r, s, w.at))
		}
	}
	if !bruteForce(*r.proof.Policy, may) {
		w.fail("%s with the approvals of %v only, under %v", what, may, r.proof.Policy.Need)
	}
}

// called lets who was called to a gate that nobody opened, and may approve from
// then on, sit everywhere: told by the clock, not by what the machine remembers.
func called(r *fuzzRun, s Standing, at time.Time) Standing {
	g := r.state.Gate
	for _, e := range r.proof.Policy.Escalate {
		if e.MayApprove && slices.Contains(s.Teams, e.Team) && g != nil && !g.OpenAt.IsZero() && !at.Before(g.OpenAt.Add(e.After)) {
			for _, n := range r.proof.Policy.Need {
				s.Teams = append(slices.Clone(s.Teams), n.Team)
			}
		}
	}
	return s
}

func (w *fuzzWorld) judgeStatus(r *fuzzRun, before *Run, step Step, f Fact) {
	after := step.State.Run
	if before.Status == RunActive || before.Status == after.Status && before.EndedAt.Equal(after.EndedAt) {
		return
	}
	a, _ := f.(Answered)
	ask, asked := r.state.Asks[a.Key]
	v, verified := a.Outcome.(PersonVerified)
	if !asked || ask.Verb != VerbRetry || !verified || !v.Standing.CanWrite() || before.Status != RunFailed {
		w.fail("a run that was %s became %s by %s %T", before.Status, after.Status, FactKind(f), a.Outcome)
	}
}

// judgeShown holds that a surface that shows a stage hears of its change.
func (w *fuzzWorld) judgeShown(before *Run, step Step) {
	for id, sr := range step.State.Run.Stages {
		old := before.Stages[id]
		if sr.Attempt == 0 || sr.Status == StagePending || old.Status == sr.Status && old.Attempt == sr.Attempt {
			continue
		}
		if !slices.Contains(step.Show, CheckSlot(id, sr.Attempt)) {
			w.fail("%s went from %s to %s and is not shown anew", id, old.Status, sr.Status)
		}
	}
}

// judgeState looks at the whole lane after a step.
func (w *fuzzWorld) judgeState(r *fuzzRun, before *Run) {
	moving := 0
	for _, o := range w.runs {
		if deploying(o.state) {
			moving++
			if w.lane.Holder != o.state.ID {
				w.fail("a deploy is under way in a run that does not hold the lane")
			}
		}
	}
	if moving > 1 {
		w.fail("%d deploys are under way in one lane", moving)
	}
	if deploying(r.state) && !deploying(before) && w.lane.Locked(w.at) != nil {
		w.fail("a deploy begins in a locked lane")
	}
	if deploying(r.state) && !deploying(before) && w.lane.Thawed(w.at) == nil && FrozenAt(r.state.Env().Freeze, w.at, fuzzZones) != nil {
		w.fail("a deploy begins in a freeze that nobody lifted")
	}
	if deploying(r.state) && !deploying(before) {
		if w.deployed[r.state.Pipeline] > r.state.Seq {
			w.fail("an older release is deployed over a newer one")
		}
		w.deployed[r.state.Pipeline] = r.state.Seq
	}
	if v := w.lane.Verified; v != nil && v.Run == r.state.ID {
		for _, st := range r.state.Plan().Stages {
			if st.Kind == KindSmoke && r.state.Stages[st.ID].Status != StagePassed {
				w.fail("a release is verified whose %s is %s", st.ID, r.state.Stages[st.ID].Status)
			}
		}
	}
	if r.state.Status != RunActive && !Wake(State{Lane: w.lane, Run: r.state}).IsZero() {
		w.fail("a run that is over wants a wake")
	}
	w.judgeStuck()
}

func deploying(r *Run) bool {
	for _, st := range r.Plan().Stages {
		if st.Kind == KindDeploy && r.Status == RunActive && r.Stages[st.ID].Status == StageRunning {
			return true
		}
	}
	return false
}

package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// IntakeVersion is the version of the stored form of an Intake.
const IntakeVersion = 1

// NextIntake is the machine of intakes. Its first event is Started, all others
// are Answered. The given intake is not changed.
func NextIntake(in *Intake, e Event) IntakeStep {
	c := *in
	c.Doing = append([]string(nil), in.Doing...)
	c.Started = append([]RunID(nil), in.Started...)
	m := &intakeMachine{in: &c}
	if _, ok := e.Fact.(Started); ok {
		m.begin()
	}
	if a, ok := e.Fact.(Answered); ok {
		m.answered(a)
	}
	if len(c.Doing) == 0 {
		c.Over = true
	}
	return IntakeStep{Intake: &c, Effects: m.owed}
}

type intakeMachine struct {
	in   *Intake
	owed []Owed
}

func (m *intakeMachine) owe(name string, e Effect) {
	m.owed = append(m.owed, Owed{Key: name, Effect: e})
	m.in.Doing = append(m.in.Doing, name)
}

func (m *intakeMachine) begin() {
	if len(m.in.Doing) > 0 || m.in.Over {
		return // told twice
	}
	switch {
	case m.in.Push != nil:
		m.owe("read-config", ReadConfig{})
	case m.in.Asked != nil:
		m.owe("person", VerifyPerson{Person: m.in.Asked.By, Role: true})
	case m.in.Command != nil && m.in.Command.Offline != "":
		m.beginOffline()
	case !m.in.spared() && m.in.Limit.Told:
		m.limited() // GitHub is not asked anything for it
	case m.in.Command != nil:
		m.owe("person", VerifyPerson{Person: m.in.Command.By, Role: true})
	case m.in.Foreign != nil:
		m.owe("read-config", ReadConfig{})
	case m.in.Errand != nil:
		for i, tell := range m.in.Errand.Tell {
			m.owe("tell/"+strconv.Itoa(i+1), tell)
		}
		if m.in.Errand.Look != nil {
			m.owe("read-config", ReadConfig{})
		}
	}
}

// answerForeign decides about a job at the door that Gatehouse did not start. Only
// mode: observe lets it in: there Gatehouse holds nothing.
func (m *intakeMachine) answerForeign(observed bool) {
	f := m.in.Foreign
	verdict, what := AnswerDoor{
		Workflow: f.Workflow, Environment: f.Environment,
		Comment: "Gatehouse did not start this job, so nobody was asked to approve it. Push a release branch; Gatehouse then starts the deploy itself.",
	}, "rejected"
	if observed {
		verdict.Approve, verdict.Comment, what = true, "mode: observe: Gatehouse holds nothing. In earnest it would have rejected this job, which it did not start.", "let in, since the mode is observe"
	}
	m.in.Result = "a job that Gatehouse did not start waits at " + f.Environment + ": " + what
	m.owe("answer", verdict)
}

func (m *intakeMachine) answered(a Answered) {
	i := 0
	for i < len(m.in.Doing) && m.in.Doing[i] != a.Key {
		i++
	}
	if i == len(m.in.Doing) {
		return
	}
	m.in.Doing = append(m.in.Doing[:i], m.in.Doing[i+1:]...)
	switch o := a.Outcome.(type) {
	case HeadRead:
		m.headRead(o)
	case ConfigRead:
		m.configRead(o)
	case PersonVerified:
		m.personKnown(a.Key, o.Standing)
	case LaneChanged:
		if m.in.Errand != nil {
			m.sayBehind(o.Said)
			return
		}
		m.answer(o.Refused)
	case BehindRead:
		m.owe("lane", ChangeLane{Lane: m.in.Errand.Look.Lane, Behind: &o.Behind})
	case RunsFound:
		m.runsFound(o.Runs)
	case RestorePlanned:
		m.planned(o)
	case RunStarted:
		m.in.Started = append(m.in.Started, o.Run)
		m.in.Result = "started " + fmt.Sprint(m.in.Started)
		if c := m.in.Command; c != nil && c.Command.Verb == VerbDeploy {
			m.owe("reply/"+string(o.Run), Reply{Where: c.Where, OK: true, Run: o.Run})
		}
	case Failed:
		m.failed(a.Key, o)
	case Done:
		if a.Key == "judge-request" {
			m.rollbackJudged()
		}
	case ReleaseRead, WorkflowStarted, WorkflowRead, ReviewsRead, ReviewRecorded, ChecksRead, GateInspected, DoorVerified, DeploymentMade, Probed,
		SnapshotTaken, DeployVerified, TargetLoaded, PartMoved, TroubleJudged:
		// A reply or a check run is done; the others answer no intake.
	}
}

// keySeen is the effect that nothing waits for: the command goes on without it.
const keySeen = "seen"

// seen lets somebody see at once that a command is being carried out. Below a
// commit an App cannot react.
func (m *intakeMachine) seen() {
	if at := m.in.Command.Where.Comment; at != nil && at.Issue != 0 {
		m.owe(keySeen, React{Comment: *at})
	}
}

// failed ends what could not be done. A push whose configuration cannot be read
// says so on the commit: the answer is no, with the reason.
func (m *intakeMachine) failed(key string, o Failed) {
	if key == keySeen {
		return
	}
	m.in.Result = key + ": " + o.Refusal.Reason
	switch {
	case m.in.rollbackRequest() != nil && slices.Contains([]string{"read-config", "commander", "judge-request", "plan"}, key):
		m.noRollback(o.Refusal)
	case m.in.Command != nil && key != "person" && !strings.HasPrefix(key, "reply") && !strings.HasPrefix(key, "show"):
		m.answer(&o.Refusal)
	case key != "read-config" || m.in.Errand != nil:
	case m.in.Foreign != nil:
		m.answerForeign(false)
	default:
		m.show("", o.Refusal)
	}
}

// Branch is the branch that was pushed.
func (p Pushed) Branch() string { return strings.TrimPrefix(p.Ref, "refs/heads/") }

func (m *intakeMachine) configRead(o ConfigRead) {
	if m.in.Errand != nil {
		m.lookConfig(o)
		return
	}
	if m.in.Foreign != nil {
		m.answerForeign(o.Refused == nil && o.Spec != nil && o.Spec.Mode == ModeObserve)
		return
	}
	if m.in.rollbackRequest() != nil {
		m.rollbackConfig(o)
		return
	}
	if m.in.Command != nil {
		if m.in.Command.Command.Verb == VerbDeploy {
			m.deployConfig(o)
			return
		}
		m.laneConfig(o)
		return
	}
	p := m.in.Push
	switch {
	case o.Missing:
		m.in.Result = "no .github/gatehouse.yml on the default branch"
	case o.Refused != nil:
		m.in.Result = o.Refused.Reason
		m.show("", *o.Refused)
	case len(o.Problems) > 0:
		m.in.Result = fmt.Sprintf("the configuration has %d problems", len(o.Problems))
		m.owe("show", ShowProblems{SHA: p.After, Path: o.Path, Problems: o.Problems})
	case m.in.Asked != nil && !m.asked(o.Spec):
	default:
		m.startRuns(o.Spec)
	}
}

// begins reports whether what came in starts a pipeline.
func (m *intakeMachine) begins(pl *Pipeline) (ok bool, reason string) {
	p := m.in.Push
	if m.in.Asked != nil {
		return pl.StartedByHand(m.in.Asked.Environment, p.Branch())
	}
	return pl.Triggered(p.Branch(), p.Changed, p.Truncated || p.Created)
}

// show says on the commit why nothing begins: of a pipeline, or at all.
func (m *intakeMachine) show(pipeline string, why ...Refusal) {
	key := "show"
	if pipeline != "" {
		key += "/" + pipeline
	}
	m.owe(key, ShowProblems{SHA: m.in.Push.After, Pipeline: pipeline, Refusals: why})
}

func (m *intakeMachine) startRuns(spec *Spec) {
	var why []string
	before := len(m.owed)
	for _, pl := range spec.Pipelines {
		if ok, reason := m.begins(pl); !ok {
			why = append(why, pl.Name+": "+reason)
			continue
		}
		if no := spec.Unavailable(pl); len(no) > 0 && spec.Mode != ModeObserve {
			m.in.Result = pl.Name + ": " + no[0].Reason
			m.show(pl.Name, no...)
			continue
		}
		m.owe("start/"+pl.Name, StartRun{Run: m.newRun(spec, pl)})
	}
	if len(m.owed) == before {
		m.in.Result = "no pipeline begins: " + strings.Join(why, "; ")
	}
}

func (m *intakeMachine) newRun(spec *Spec, pl *Pipeline) *Run {
	p := m.in.Push
	pinned := *spec
	pinned.Pipelines = []*Pipeline{pl}
	run := &Run{
		V: RunVersion, ID: NewRunID(m.in.At, m.in.Cause, pl.Name), Repo: m.in.Repo,
		Lane: LaneID(spec.Environments[pl.Environment].Firebase), Pipeline: pl.Name, Environment: pl.Environment,
		Spec: &pinned, StartedBy: p.By, Cause: m.in.Cause, Status: RunActive, CreatedAt: m.in.At,
		Stages: map[string]*StageRun{},
		Release: Release{
			Ref: p.Ref, SHA: p.After, PushedAt: p.At, Forced: p.Forced, Version: version(p.Branch(), p.After),
			Message: p.Message, Config: spec.Digest,
		},
	}
	if !p.Created {
		run.Release.Before = p.Before
	}
	for _, st := range pl.Stages {
		run.Stages[st.ID] = &StageRun{Status: StagePending}
	}
	return run
}

// version is what follows release/ in the branch, else the short SHA.
func version(branch, sha string) string {
	if v, ok := strings.CutPrefix(branch, "release/"); ok && v != "" {
		return v
	}
	return short(sha)
}

// personKnown goes on once GitHub has said who somebody is.
func (m *intakeMachine) personKnown(key string, s Standing) {
	switch key {
	case "entitled":
		m.laneAsked(s)
	case "commander":
		m.rollbackLimited(s)
	default:
		m.personVerified(s)
	}
}

// personVerified goes on with a command if its author may push. Anybody else
// gets no answer to a comment, so that a public repository leaks nothing.
func (m *intakeMachine) personVerified(s Standing) {
	if !s.CanWrite() {
		m.in.Result = s.Person.Login + " has no write access: no answer"
		if c := m.in.Command; c != nil && c.Where.Comment == nil {
			m.owe("reply", Reply{Where: c.Where, Refused: &Refusal{
				Code: "not-entitled", Reason: s.Person.Login + " has no write access to " + m.in.Repo.FullName() + ".", Fix: "Ask somebody who may push there.",
			}})
		}
		return
	}
	if m.in.Asked != nil {
		a := *m.in.Asked
		a.By = s.Person
		m.in.Asked = &a
		m.owe("read-head", ReadHead{Ref: a.Ref})
		return
	}
	c := *m.in.Command
	c.By = s.Person
	m.in.Command = &c
	if why := c.late(m.in.At); why != nil {
		m.in.Result = why.Reason
		m.owe("reply", Reply{Where: c.Where, Refused: why})
		return
	}
	if !m.in.spared() {
		m.limited()
		return
	}
	if why := c.Command.unavailable(); why != nil {
		m.owe("reply", Reply{Where: c.Where, Refused: why})
		return
	}
	if m.in.Limit == nil {
		m.seen()
	}
	if c.Command.Verb == VerbRollback || c.Command.Verb == VerbDeploy || c.Command.Verb.OfLane() {
		m.owe("read-config", ReadConfig{})
		return
	}
	m.owe("find", FindRuns{})
}

func (m *intakeMachine) runsFound(runs []Found) {
	c := m.in.Command
	var fit []Found
	named := c.Command.Verb != VerbRetry && c.Command.Target != ""
	for _, r := range runs {
		named = named || r.named(c.Command.Target) // a retry may name a stage instead
	}
	for _, r := range runs {
		if c.fits(r) && (!named || r.named(c.Command.Target)) {
			fit = append(fit, r)
		}
	}
	if len(fit) == 1 {
		m.owe("tell", TellRun{Run: fit[0].Run, Fact: Commanded{Command: c.Command, By: c.By, Where: c.Where}})
		return
	}
	why := Refusal{
		Code: "no-run", Reason: "No run here fits /" + string(c.Command.Verb) + ".",
		Fix: "Name it by version or run: /" + string(c.Command.Verb) + " v1.2.0. A run appears when a branch of the configuration is pushed.",
	}
	if other := c.without(runs); named && len(fit) == 0 && other != nil {
		why = *other
	}
	if len(fit) > 1 {
		var names []string
		for _, r := range fit {
			names = append(names, r.Environment+" "+r.Version+" (run "+string(r.Run)+")")
		}
		why = Refusal{
			Code: "several-runs", Reason: strconv.Itoa(len(fit)) + " runs fit /" + string(c.Command.Verb) + ": " + strings.Join(names, ", ") + ".",
			Fix: "Name one by its version or run.", Lines: "/" + string(c.Command.Verb) + " " + string(fit[0].Run),
		}
	}
	m.in.Result = why.Reason
	m.owe("reply", Reply{Where: c.Where, Refused: &why})
}

// without says what to type where the first word behind the command, meant as a
// reason, names no run: nothing is approved by a word that may be a slip.
func (c CommandGiven) without(runs []Found) *Refusal {
	i := slices.IndexFunc(runs, c.fits)
	if i < 0 || slices.ContainsFunc(runs, func(r Found) bool { return r.named(c.Command.Target) }) {
		return nil
	}
	return &Refusal{
		Code: "no-such-run", Reason: "No run here is called " + quoted(c.Command.Target) + ", so nothing was done.", Fix: "Name the run before the reason:",
		Lines: strings.TrimSpace("/" + string(c.Command.Verb) + " " + runs[i].Version + " " + c.Command.Target + " " + c.Command.Reason),
	}
}

// fits reports whether a command may mean that run: by its name, else by the
// commit it was written on, else because it is in the right state.
func (c CommandGiven) fits(r Found) bool {
	if sha := c.Where.commit(); sha != "" && sha != r.SHA {
		return false
	}
	switch c.Command.Verb {
	case VerbApprove, VerbWithdraw, VerbReject:
		return r.AtGate
	case VerbRetry:
		return r.Failed
	case VerbCancel:
		return r.Active
	default:
		return r.Active || c.Command.Target != ""
	}
}

// named reports whether people may mean the run by that word.
func (f Found) named(word string) bool {
	return word != "" && (word == string(f.Run) || strings.EqualFold(word, f.Version) || strings.EqualFold(word, f.Environment))
}

func (r *Run) named(word string) bool { return FoundOf(r).named(word) }

// FoundOf is what a command needs to know of a run.
func FoundOf(r *Run) Found {
	f := Found{
		Run: r.ID, Environment: r.Environment, Version: r.Release.Version, SHA: r.Release.SHA,
		Active: r.Status == RunActive,
	}
	f.AtGate = f.Active && r.Gate != nil && !r.Gate.OpenAt.IsZero() && (r.Gate.Door == DoorShut || r.Gate.Door == DoorVerifying)
	for _, st := range r.Plan().Stages {
		if r.Stages[st.ID].Status == StageFailed && !st.Kind.Gated() && (f.Active || r.Status == RunFailed) {
			f.Failed = true
		}
	}
	return f
}

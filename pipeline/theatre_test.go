package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// theatre is the world around the machine: it stores, and answers effects from
// the little that a scenario says.
type theatre struct {
	t          *testing.T
	source     string
	spec       *Spec
	at         time.Time
	lanes      map[LaneID]*Lane
	runs       map[string]*Run   // by the name in the scenario
	owed       map[string][]Owed // by run, not yet answered
	names      []string
	log        []Entry
	people     map[string]Standing
	commits    []Commit
	jobs       Jobs
	gate       GateInspected
	policy     *Policy // what the default branch says now, if not the spec's
	noPolicy   bool
	unreadable bool
	head       string      // what the branch of a start by hand leads to; empty: it is gone
	config     *ConfigRead // what an intake reads, if not the spec
	last       map[string]Fact
	workflow   int64
	causes     int
	heads      map[string]HeadRead
	freeze     *Freeze         // of the default branch, beside the spec's
	held       map[string]bool // kinds of effects that are not answered by themselves
	parts      []string        // components that a rollback moves
	live       []string        // components that a deploy with verify changes
	problem    string          // what a deploy with verify finds wrong
	judged     TroubleAction   // what is decided about a release in trouble
	snapshots  int
	tallies    map[string]Tally // by login
	missing    []time.Time      // when commits came to main that are not live
}

func newStage(t *testing.T) *theatre {
	return &theatre{
		t: t, at: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC),
		lanes: map[LaneID]*Lane{}, runs: map[string]*Run{}, owed: map[string][]Owed{}, people: map[string]Standing{},
		last: map[string]Fact{}, tallies: map[string]Tally{},
		held:     map[string]bool{"workflow": true, "RunProbes": true, "ReadChecks": true, "ReadWorkflow": true, "ReadReviews": true},
		workflow: 100,
	}
}

func (w *theatre) configure() {
	spec, problems := Parse([]byte(w.source), Options{File: "gatehouse.yml"})
	if len(problems) > 0 {
		w.t.Fatalf("the scenario's configuration: %v", problems)
	}
	w.spec = spec
}

// say plays one line.
func (w *theatre) say(words []string) []string {
	verb, args := words[0], words[1:]
	switch verb {
	case "person": // person LOGIN ROLE [team…]
		w.person(args)
		return nil
	case "bot": // bot LOGIN ROLE [team…]
		w.person(args)
		s := w.people[args[0]]
		s.Person.Bot = true
		w.people[args[0]] = s
		return nil
	case "commits": // commits LOGIN… : one commit each
		w.commits = nil
		for i, login := range args {
			w.commits = append(w.commits, Commit{SHA: fmt.Sprintf("c%d", i+1), Authors: []Person{w.who(login)}})
		}
		return nil
	case "github": // github [rule] [job] [reviewers=a,b] [branches=a,b]
		return w.setGitHub(args)
	case "policy": // policy TEAM COUNT | policy none : the default branch changes
		w.setPolicy(args)
		return nil
	case "hold": // hold KIND… : answer these effects only by "answer"
		for _, k := range args {
			w.held[k] = true
		}
		return nil
	case "free":
		for _, k := range args {
			delete(w.held, k)
		}
		return nil
	case "wait":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			w.t.Fatal(err)
		}
		w.at = w.at.Add(d)
		return w.ticks()
	case "push": // push NAME PIPELINE BRANCH SHA by LOGIN [forced] [after=SHA] [ago=DURATION]
		return w.push(args)
	case "intake":
		return w.intake(args)
	case "rollback": // rollback NAME ENVIRONMENT LOGIN [to=VERSION] [glass] [offline] [REASON…]
		return w.rollback(args)
	case "parts": // parts KIND/ID… : what a rollback moves
		w.parts = args
		return nil
	case "changes": // changes KIND/ID… : what the next deploy with verify changes
		w.live = args
		return nil
	case "problem": // problem WHY : what the next deploy with verify finds wrong
		w.problem = strings.Join(args, " ")
		return nil
	case "judge": // judge restore|hold|ask : what is decided about trouble
		w.judged = TroubleAction(args[0])
		return nil
	case "freeze": // freeze FROM UNTIL REASON… : the default branch has a further freeze now
		w.freeze = &Freeze{From: args[0], To: args[1], Reason: strings.Join(args[2:], " ")}
		return nil
	case "head": // head BRANCH SHA [MESSAGE…] : where a branch leads from now on
		if w.heads == nil {
			w.heads = map[string]HeadRead{}
		}
		w.heads[full(args[0])] = HeadRead{SHA: args[1], Message: strings.Join(args[2:], " "), Authors: []string{"dana"}}
		return nil
	case "main": // main COUNT : so many commits come to the default branch, or none is missing
		return w.commitsToMain(args[0])
	case "spent": // spent LOGIN COUNT : so many of the commands that one may give in comments within an hour
		w.spent(args)
		return nil
	case "lane": // lane LOGIN /lock ENVIRONMENT REASON: a command about a lane
		return w.laneCommand(args)
	case "show":
		return w.show(args[0])
	case "explain":
		return w.explain(args[0])
	case "notes":
		return w.notes(args[0])
	case "log":
		return w.story()
	}
	if w.runs[verb] == nil {
		w.t.Fatalf("who is %q? say: %v", verb, words)
	}
	if args[0] != "again" { // again: the same fact once more
		w.last[verb] = w.fact(verb, args)
	}
	if w.last[verb] == nil {
		return []string{verb + " does not owe " + args[1]}
	}
	return w.event(verb, w.last[verb])
}

func (w *theatre) commitsToMain(count string) []string {
	if count == "live" {
		w.missing = nil
		return nil
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		w.t.Fatal(err)
	}
	for range n {
		w.missing = append(w.missing, w.at)
	}
	return nil
}

func (w *theatre) person(args []string) {
	id := int64(len(w.people) + 1)
	if old, known := w.people[args[0]]; known {
		id = old.Person.ID
	}
	s := Standing{Person: Person{ID: id, Login: args[0]}, Role: args[1]}
	for _, team := range args[2:] {
		if unseen, ok := strings.CutPrefix(team, "unseen="); ok {
			s.Unseen = append(s.Unseen, unseen)
		} else {
			s.Teams = append(s.Teams, team)
		}
	}
	w.people[args[0]] = s
}

func (w *theatre) setPolicy(args []string) {
	if args[0] == "none" {
		w.noPolicy = true
		return
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		w.t.Fatal(err)
	}
	p := *w.spec.Environments["production"].Approval
	p.Need = []Need{{Team: args[0], Count: n}}
	w.policy = &p
}

func (w *theatre) setGitHub(args []string) []string {
	w.gate, w.jobs = GateInspected{Exists: true}, Jobs{}
	for _, a := range args {
		switch {
		case a == "rule":
			w.gate.Rule = true
		case a == "job":
			w.jobs = Jobs{Environment: "${{ inputs.environment }}", Jobs: []string{"deploy"}}
		case strings.HasPrefix(a, "reviewers="):
			w.gate.Reviewers = strings.Split(a[len("reviewers="):], ",")
		case strings.HasPrefix(a, "branches="):
			w.gate.Restricted, w.gate.Branches = true, strings.Split(a[len("branches="):], ",")
		}
	}
	return nil
}

func (w *theatre) who(login string) Person {
	if s, ok := w.people[login]; ok {
		return s.Person
	}
	return Person{Login: login}
}

func (w *theatre) push(args []string) []string {
	name, pl, branch, sha, by := args[0], w.spec.Pipeline(args[1]), args[2], args[3], args[5]
	in := &intakeMachine{in: &Intake{
		At: w.at, Cause: name, Repo: Repo{Installation: 7, ID: 1, Owner: "acme", Name: "app"},
		Push: &Pushed{Ref: "refs/heads/" + branch, After: sha, Before: "old", By: w.who(by), Forced: slices.Contains(args, "forced")},
	}}
	for _, a := range args {
		if of, ok := strings.CutPrefix(a, "after="); ok {
			in.in.Push.Before = of
		}
		if ago, ok := strings.CutPrefix(a, "ago="); ok {
			d, err := time.ParseDuration(ago)
			if err != nil {
				w.t.Fatal(err)
			}
			in.in.Push.At = w.at.Add(-d).Truncate(time.Second)
		}
	}
	run := in.newRun(w.spec, pl)
	return w.begin(name, run)
}

// fact reads what a scenario says to a run.
func (w *theatre) fact(run string, args []string) Fact {
	switch args[0] {
	case "workflow": // workflow STAGE STATUS [CONCLUSION] [sha=…] [attempt=…]
		return WorkflowSeen{Workflow: w.news(run, args[1:])}
	case "door":
		return DoorRequested{Workflow: w.workflowOf(run, args[1]), Environment: w.runs[run].Environment, Deployment: 900}
	case "deployment":
		return DeploymentSeen{Workflow: w.workflowOf(run, args[1]), Environment: w.runs[run].Environment, Deployment: 900}
	case "tick":
		return Tick{}
	case "review": // review STAGE LOGIN approved|rejected [comment]
		return Reviewed{
			Workflow: w.workflowOf(run, args[1]), Environments: []string{w.runs[run].Environment}, By: w.who(args[2]),
			Approved: args[3] == "approved", Comment: strings.Join(args[4:], " "), At: w.at,
		}
	case "press": // press BUTTON STAGE LOGIN
		return Pressed{Button: Button(args[1]), Stage: args[2], Attempt: w.runs[run].Stages[args[2]].Attempt, By: w.who(args[3])}
	case "rerun":
		return RerunRequested{Stage: args[1], By: w.who(args[2])}
	case "comment": // comment LOGIN VERB [reason, or for retry the stage]
		return Commanded{Command: command(args[2:]), By: w.who(args[1]), Where: ByComment(CommentRef{ID: 5, Issue: 1})}
	case "slack": // slack LOGIN|stranger VERB [shown=DIGEST] [reason]
		return w.slacked(args[1:])
	case "checks":
		return ChecksChanged{SHA: w.runs[run].Release.SHA}
	case "hindered": // hindered KEY CODE : what is owed or shown waits for a person
		return Hindered{Key: args[1], Why: &Refusal{Code: args[2], Reason: "GitHub refuses: " + args[2] + ".", Fix: "Lift it."}}
	case "lifted":
		return Hindered{Key: args[1]}
	case "answer": // answer KEY-PREFIX outcome…
		return w.answer(run, args[1], args[2:])
	}
	w.t.Fatalf("no such fact: %v", args)
	return nil
}

// slacked is a press of a button in Slack.
func (w *theatre) slacked(args []string) Fact {
	f := Commanded{Where: Origin{Surface: SurfaceSlack, Slack: &SlackRef{Team: "T1", User: "U1", Channel: "C1"}}}
	if args[0] != "stranger" {
		f.By = w.who(args[0])
	}
	if len(args) > 2 && strings.HasPrefix(args[2], "shown=") {
		f.Command.Shown = strings.TrimPrefix(args[2], "shown=")
		args = append(args[:2:2], args[3:]...)
	}
	shown := f.Command.Shown
	f.Command = command(args[1:])
	f.Command.Shown = shown
	return f
}

func (w *theatre) workflowOf(run, stage string) int64 {
	if wf := w.runs[run].Stages[stage].Workflow; wf != nil {
		return wf.ID
	}
	return -1
}

func (w *theatre) news(run string, args []string) WorkflowRun {
	wf := WorkflowRun{ID: w.workflowOf(run, args[0]), Attempt: 1, Status: args[1], HeadSHA: w.runs[run].Release.SHA, UpdatedAt: w.at}
	for _, a := range args[2:] {
		if sha, ok := strings.CutPrefix(a, "sha="); ok {
			wf.HeadSHA = sha
		} else if n, ok := strings.CutPrefix(a, "attempt="); ok {
			wf.Attempt, _ = strconv.Atoi(n)
		} else {
			wf.Conclusion = a
		}
	}
	return wf
}

func command(args []string) Command {
	c := Command{Verb: Verb(args[0])}
	if len(args) > 1 && c.Verb == VerbRetry {
		c.Target = args[1]
	} else {
		c.Reason = strings.Join(args[1:], " ")
	}
	return c
}

// notes are what people read of a run's story.
func (w *theatre) notes(name string) (out []string) {
	for _, n := range w.runs[name].Notes {
		out = append(out, n.At.Format("Mon 15:04")+" "+n.Text)
	}
	return out
}

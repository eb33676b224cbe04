package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// intake plays what comes in before a run is known:
//
//	intake config missing|broken|refused|right
//	intake push BRANCH SHA by LOGIN [path…]
//	intake command LOGIN VERB [TARGET] [on=SHA] [offline=RUN]
//	intake asked release|rollback BRANCH SHA by LOGIN [to ENVIRONMENT]
//	intake foreign ENVIRONMENT
func (w *theatre) intake(args []string) []string {
	in := &Intake{V: IntakeVersion, ID: "in", Repo: Repo{Installation: 7, ID: 1, Owner: "acme", Name: "app"}, At: w.at, Cause: "delivery"}
	switch args[0] {
	case "config":
		w.setConfig(args[1])
		return nil
	case "push":
		in.Push = &Pushed{Ref: "refs/heads/" + args[1], Before: "old", After: args[2], By: w.who(args[4]), Changed: args[5:]}
	case "command":
		in.Command = w.intakeCommand(args[1:])
	case "asked":
		w.head = strings.TrimPrefix(args[3], "-")
		in.Asked = &Asked{For: Asking(args[1]), Ref: full(args[2]), By: w.who(args[5]), Environment: strings.Join(args[min(7, len(args)):], "")}
	case "foreign":
		in.Foreign = &DoorRequested{Workflow: 666, Environment: args[1]}
	default:
		w.t.Fatalf("no such intake: %v", args)
	}
	out, in := w.playIntake(in)
	if !in.Over {
		w.t.Errorf("the intake is not over: %+v", in)
	}
	return append(out, "intake is over: "+in.Result)
}

// playIntake takes an intake to its end.
func (w *theatre) playIntake(in *Intake) ([]string, *Intake) {
	var out []string
	var play func(Fact)
	play = func(f Fact) {
		step := NextIntake(in, Event{At: w.at, Fact: f})
		in = step.Intake
		for _, o := range step.Effects {
			out = append(out, "intake owes "+o.Key+" "+intakeDetail(o.Effect))
		}
		for _, o := range step.Effects {
			var answer Outcome
			switch e := o.Effect.(type) {
			case Tell:
				out = append(out, w.event(string(e.Run), e.Fact)...)
				answer = Done{}
			case ChangeLane:
				ev := LaneEvent{At: w.at, Cause: w.cause(), Behind: e.Behind}
				if e.Behind == nil {
					ev.Ask = &e.Ask
				}
				told, outcome := w.changeLane(e.Lane, ev)
				out, answer = append(out, told...), outcome
			default:
				answer = w.intakeOutcome(o.Effect)
			}
			play(Answered{Key: o.Key, Outcome: answer})
		}
	}
	play(Started{})
	return out, in
}

func (w *theatre) setConfig(what string) {
	switch what {
	case "missing":
		w.config = &ConfigRead{Missing: true}
	case "broken":
		_, problems := Parse([]byte("version: 2\n"), Options{File: "gatehouse.yml"})
		w.config = &ConfigRead{Path: ".github/gatehouse.yml", Problems: problems}
	case "refused":
		w.config = &ConfigRead{Refused: &Refusal{Code: "bound-elsewhere", Reason: "The operator binds staging of acme/app to another project."}}
	case "unreadable":
		w.config = nil
		w.unreadable = true
	default:
		w.config, w.unreadable = nil, false
	}
}

func (w *theatre) intakeCommand(args []string) *CommandGiven {
	c := &CommandGiven{Command: Command{Verb: Verb(args[1])}, By: w.who(args[0]), Where: ByComment(CommentRef{ID: 5})}
	for _, a := range args[2:] {
		if sha, ok := strings.CutPrefix(a, "on="); ok {
			c.Where.Comment.SHA = sha
		} else if run, ok := strings.CutPrefix(a, "offline="); ok {
			c.By, c.Offline = Operator(), RunID(run)
		} else if ago, ok := strings.CutPrefix(a, "ago="); ok {
			d, err := time.ParseDuration(ago)
			if err != nil {
				w.t.Fatal(err)
			}
			c.At = w.at.Add(-d)
		} else {
			c.Command.Target = a
		}
	}
	return c
}

func (w *theatre) intakeOutcome(e Effect) Outcome {
	switch e := e.(type) {
	case ReadHead:
		if w.heads != nil {
			return w.heads[e.Ref]
		}
		return HeadRead{SHA: w.head}
	case ReadConfig:
		switch {
		case w.unreadable:
			return Failed{Refusal: Refusal{Code: "forbidden", Reason: "The App may not read contents."}}
		case w.config != nil:
			return *w.config
		}
		return ConfigRead{Path: ".github/gatehouse.yml", Spec: w.spec}
	case ReadBehind:
		found := Behind{Environment: e.Environment, Branch: "main", SHA: e.SHA, Limit: e.Limit, Commits: len(w.missing)}
		if len(w.missing) > 0 {
			found.Since = w.missing[0]
		}
		return BehindRead{Behind: found}
	case ReadPinned:
		return ConfigRead{Spec: w.spec}
	case StartRun:
		return RunStarted{Run: e.Run.ID}
	case FindRuns:
		return w.found()
	default:
		return w.natural(e)
	}
}

// found answers as the engine does: with runs that are active or failed.
func (w *theatre) found() RunsFound {
	var o RunsFound
	for _, name := range w.names {
		if f := FoundOf(w.runs[name]); f.Active || f.Failed {
			o.Runs = append(o.Runs, f)
		}
	}
	return o
}

func intakeDetail(e Effect) string {
	switch e := e.(type) {
	case ShowProblems:
		var why []string
		for _, p := range e.Problems {
			why = append(why, p.Message)
		}
		for _, r := range e.Refusals {
			why = append(why, r.Error())
		}
		return strings.TrimSpace("ShowProblems on "+e.SHA+" "+e.Pipeline+string(e.Asked)) + ": " + strings.Join(slices.Compact(why), " / ")
	case StartRun:
		return fmt.Sprintf("StartRun %s for %s in %s", e.Run.Pipeline, e.Run.Release.Version, e.Run.Lane)
	case SayBehind:
		return "SayBehind " + e.Behind.Text(e.Behind.At) + ", waiting for " + e.Behind.Awaits
	case TellRun:
		return fmt.Sprintf("TellRun %s /%s", e.Run, e.Fact.Command.Verb)
	}
	return detail(e)
}

// full is the name of a ref as GitHub gives it.
func full(ref string) string {
	if strings.HasPrefix(ref, "refs/") {
		return ref
	}
	return "refs/heads/" + ref
}

package pipeline

import (
	"slices"
	"strings"
)

// answer is an outcome that the scenario spells out.
func (w *theatre) answer(run, prefix string, args []string) Fact {
	i := slices.IndexFunc(w.owed[run], func(o Owed) bool { return strings.HasPrefix(o.Key, prefix) })
	if i < 0 {
		return nil
	}
	o := w.owed[run][i]
	w.owed[run] = slices.Delete(w.owed[run], i, i+1)
	return Answered{Key: o.Key, Outcome: w.outcome(o.Effect, args)}
}

func (w *theatre) outcome(e Effect, args []string) Outcome {
	if len(args) > 0 && (args[0] == "failed" || args[0] == "unsure") {
		return Failed{Refusal: Refusal{Code: "test", Reason: strings.Join(args[1:], " ") + "."}, Unsure: args[0] == "unsure"}
	}
	switch e := e.(type) {
	case RunProbes:
		return probe(e, args)
	case ReadChecks:
		return readChecks(e, args)
	case ReadWorkflow:
		return WorkflowRead{Workflow: readWorkflow(e, args)}
	case RecordReview:
		if len(args) > 0 && args[0] == "recorded" {
			return ReviewRecorded{}
		}
		return ReviewRecorded{Refused: &Refusal{Code: "not-a-reviewer", Reason: strings.Join(args, " ") + "."}}
	case ReadReviews:
		o := ReviewsRead{}
		if len(args) > 1 {
			o.Reviews = []Reviewed{{By: w.who(args[0]), Approved: args[1] == "approved"}}
		}
		return o
	}
	return w.natural(e)
}

func probe(e RunProbes, args []string) Outcome {
	o := Probed{}
	for i, p := range e.Probes {
		ok := i >= len(args) || args[i] == "ok"
		r := ProbeResult{Get: p.Get, OK: ok, Critical: p.Critical}
		if !ok {
			r.Reason = "answered " + args[i] + "."
		}
		o.Results = append(o.Results, r)
	}
	return o
}

func readChecks(e ReadChecks, args []string) Outcome {
	o := ChecksRead{}
	for i, n := range e.Names {
		r := CheckResult{Name: n, Status: "missing"}
		if i < len(args) && args[i] != "missing" {
			r.Status = "completed"
			r.Conclusion = args[i]
		}
		o.Results = append(o.Results, r)
	}
	return o
}

// seen leaves out the role where a team speaks for the person and nobody reads it.
func (e VerifyPerson) seen(s Standing) Standing {
	if !e.Role && len(s.Teams) > 0 {
		s.Role = ""
	}
	return s
}

// natural is what a healthy world answers.
func (w *theatre) natural(e Effect) Outcome {
	switch e := e.(type) {
	case ReadRelease:
		o := ReleaseRead{Commits: w.commits, Total: len(w.commits), Deploys: map[string]Jobs{}, Workflows: map[string]string{"test.yml": "t1"}}
		for _, f := range e.Deploys {
			o.Deploys[f], o.Workflows[f] = w.jobs, "d1"
		}
		return o
	case StartWorkflow:
		w.workflow++
		return WorkflowStarted{Workflow: WorkflowRun{ID: w.workflow}}
	case InspectGate:
		return w.gate
	case VerifyPerson:
		if s, ok := w.people[e.Person.Login]; ok {
			return PersonVerified{Standing: e.seen(s)}
		}
		return PersonVerified{Standing: Standing{Person: e.Person, Role: "none"}}
	case VerifyDoor:
		o := DoorVerified{Policy: w.policy}
		if o.Policy == nil && !w.noPolicy {
			o.Policy = w.spec.Environments[e.Environment].Approval
		}
		o.Freeze = w.spec.Environments[e.Environment].Freeze
		if w.freeze != nil {
			o.Freeze = append(slices.Clone(o.Freeze), *w.freeze)
		}
		for _, p := range e.People {
			o.Standings = append(o.Standings, w.people[p.Login])
		}
		return o
	case RecordReview:
		return ReviewRecorded{Refused: &Refusal{Code: CodeNotSignedIn, Reason: "Nobody signs in."}}
	case CreateDeployment:
		return DeploymentMade{ID: 901}
	case RunProbes:
		return probe(e, nil)
	case TakeSnapshot:
		return SnapshotTaken{Ref: w.recorded()}
	case VerifyDeploy:
		return w.verifyDeploy()
	case LoadTarget:
		return w.loadTarget(e)
	case MovePart:
		return PartMoved{At: e.Move.To, Moved: true}
	case JudgeTrouble:
		return w.judge()
	case StartRun:
		return RunStarted{Run: "auto"}
	default:
		return Done{}
	}
}

func readWorkflow(e ReadWorkflow, args []string) WorkflowRun {
	wf := WorkflowRun{ID: e.Workflow, Attempt: 1, Status: args[0]}
	for _, a := range args[1:] {
		if sha, ok := strings.CutPrefix(a, "sha="); ok {
			wf.HeadSHA = sha
		} else {
			wf.Conclusion = a
		}
	}
	return wf
}

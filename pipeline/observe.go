package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// Decision is what a stage would have come to. Its text is a sentence for people;
// Refused says why it would not have gone that way.
type Decision struct {
	Stage   string   `json:"stage,omitempty"` // id; empty: the run as a whole
	Text    string   `json:"text,omitempty"`
	Refused *Refusal `json:"refused,omitempty"`
}

// Observed reports whether the run only shows what would happen: it dispatches
// nothing, gates nothing, and is in no lane.
func (r *Run) Observed() bool { return r.Spec.Mode == ModeObserve }

// observe is the whole machine of an observed run: read what a real one would
// rest on, decide, end.
func (m *machine) observe(f Fact) {
	r := m.run
	switch f := f.(type) {
	case Started:
		if r.Reading == "" && r.Status == RunActive {
			r.Release.Replaces = m.lane.LiveOf[r.Repo.ID]
			m.readRelease()
		}
	case Answered:
		if f.Key == r.Reading && r.Status == RunActive {
			r.Reading = ""
			m.observed(f.Outcome)
		}
	case Commanded:
		m.reply(Ask{Verb: f.Command.Verb, By: f.By, Where: f.Where}, &Refusal{
			Code: "observed", Reason: r.Release.Version + " is only observed: nothing runs and nothing waits.",
			Fix: "Remove mode: observe from the configuration to let Gatehouse act.",
		}, "")
	case Tick, WorkflowSeen, DoorRequested, Reviewed, DeploymentSeen, ChecksChanged, Pressed, RerunRequested, Superseded, LiveChanged, LaneGranted, LaneTurned, Hindered, Blocks, Unanswered, Stop, HolderOver, RolledBack, Pushed, CommandGiven, Asked:
		// Nothing of this is its own: it started nothing and asked nobody.
	}
}

// observed goes on with an answer: first the release, then what protects the environment.
func (m *machine) observed(o Outcome) {
	switch o := o.(type) {
	case ReleaseRead:
		m.releaseKnown(o)
		if m.run.gate() == nil {
			m.decided(m.run.decide(nil))
			return
		}
		m.run.Reading = m.owe("observe", "inspect", InspectGate{Environment: m.run.Environment})
	case GateInspected:
		m.decided(m.run.decide(&o))
	case Failed:
		m.decided(append([]Decision{{Refused: &o.Refusal}}, m.run.decide(nil)...))
	case Done, WorkflowStarted, WorkflowRead, ReviewsRead, ReviewRecorded, ChecksRead, PersonVerified, DoorVerified, DeploymentMade, Probed, HeadRead, ConfigRead, RunStarted, RunsFound, LaneChanged, BehindRead,
		SnapshotTaken, DeployVerified, TargetLoaded, PartMoved, RestorePlanned, TroubleJudged:
		// Nothing that is asked for here is answered so.
	}
}

func (m *machine) decided(all []Decision) {
	r := m.run
	for _, no := range r.Spec.Unavailable(r.Plan()) {
		all = append([]Decision{{Refused: &no}}, all...)
	}
	r.Decisions, r.Status, r.EndedAt = all, RunObserved, m.at
	m.record("run-observed", r.Environment, r.StartedBy, r.Pipeline+" for "+r.Release.Version+" at "+r.Release.SHA)
	m.mark(SlotObserved)
}

// gate is the approval stage of the run's pipeline, or nil.
func (r *Run) gate() *Stage {
	i := slices.IndexFunc(r.Plan().Stages, func(st *Stage) bool { return st.Kind == KindApproval })
	if i < 0 {
		return nil
	}
	return r.Plan().Stages[i]
}

// decide says of every stage what would happen, in order.
func (r *Run) decide(g *GateInspected) []Decision {
	var all []Decision
	for _, st := range r.Plan().Stages {
		d := Decision{Stage: st.ID}
		switch st.Kind {
		case KindWorkflow:
			d.Text, d.Refused = r.wouldRun(st.Workflow.File)
		case KindChecks:
			d.Text = "Would wait for these checks on the commit: " + strings.Join(st.Checks.Names, ", ") + "."
		case KindApproval:
			d.Text, d.Refused = r.wouldAsk(st, g)
		case KindDeploy:
			if d.Text, d.Refused = r.wouldRun(st.Deploy.File); d.Refused == nil {
				d.Text += fmt.Sprintf(" Before it, %s would have to be free of other runs.", r.Lane)
				if r.Frozen != nil {
					d.Text += " " + r.Frozen.refusal(r.Environment, nil).Reason
				}
			}
		case KindSmoke:
			d.Text = "Would probe " + r.Env().URL + ": " + strings.Join(probed(st.Smoke.Probes), ", ") + "."
		case KindNotify:
			d.Text = "Would say how it ended."
		case KindBackup:
			d.Text = "Would record what is live in " + string(r.Lane) + "."
		case KindPrerequisites, KindCompliance, KindSecurity, KindMigrate, KindWatch, KindMobile, KindRequest, KindTarget, KindRestore:
			d.Text = "Would not run: this version cannot carry out the kind " + string(st.Kind) + " yet."
		}
		all = append(all, d)
	}
	return all
}

func probed(probes []Probe) []string {
	var all []string
	for _, p := range probes {
		all = append(all, "GET "+p.Get)
	}
	return all
}

func (r *Run) wouldRun(file string) (string, *Refusal) {
	if r.Release.Read && r.Release.Workflows[file] == "" {
		return "", &Refusal{
			Code: "workflow-missing", Reason: fmt.Sprintf("There is no .github/workflows/%s at commit %s.", file, short(r.Release.SHA)),
			Fix: "Add it, on the default branch too: GitHub starts only what it finds there.",
		}
	}
	return fmt.Sprintf("Would start the workflow %s on %s.", file, r.Release.Branch()), nil
}

// wouldAsk says who would be asked at the gate, where, and who could not answer.
func (r *Run) wouldAsk(st *Stage, g *GateInspected) (string, *Refusal) {
	p := r.Env().Approval
	text := "Would ask " + strings.Join(asked(*p), " and ") + "."
	if authors := r.authors(); !p.AuthorMayApprove && len(authors) > 0 {
		text += " Not counted, as authors of this release: " + strings.Join(authors, ", ") + "."
	}
	if g == nil {
		return text, nil
	}
	jobs := r.Release.Deploys[r.Plan().Stage(st.Approval.Deploy).Deploy.File]
	kind, refused := ChooseGate(p.Gate, r.Environment, *g, jobs)
	if refused == nil && jobs.Environment != "" {
		refused = g.keepsOut(r.Release.Branch(), r.Environment)
	}
	switch {
	case refused != nil:
	case kind == GateByEnvironment && len(g.Reviewers) > 0:
		text += " GitHub would ask its reviewers (" + strings.Join(g.Reviewers, ", ") + ") to review the deployment, and Gatehouse would hold the door."
	case kind == GateByEnvironment:
		text += " Gatehouse would hold the environment's door in GitHub."
	case kind == GateByGatehouse:
		text += " The gate would be Gatehouse's own, since no protection rule of it is on the environment: anyone with write access could start the workflow himself."
	}
	return text, refused
}

func asked(p Policy) []string {
	var all []string
	for _, n := range p.Need {
		all = append(all, fmt.Sprintf("%d of %s", n.Count, strings.Join(n.Who(), ", ")))
	}
	return all
}

// authors lists the logins of all who had a hand in the release.
func (r *Run) authors() []string {
	var logins []string
	for _, c := range r.Release.Commits {
		for _, a := range c.Authors {
			if a.Login != "" && !slices.Contains(logins, a.Login) {
				logins = append(logins, a.Login)
			}
		}
	}
	return logins
}

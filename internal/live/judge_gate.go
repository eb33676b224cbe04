package live

import (
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// plans says what GitHub sells to whom.
const plans = "In a private repository only GitHub Enterprise has protection rules and required reviewers; Free, Pro and Team have not."

// inspected is what the gate of an environment rests on; known is false if it could not be read.
func (j *judge) inspected(name string) (g pipeline.GateInspected, known bool) {
	env, known := j.facts.Environments[name]
	if env == nil {
		return pipeline.GateInspected{}, known
	}
	return stage.Inspected(*env, j.facts.App.ID, j.facts.Repo.Owner), true
}

// gate says which gate a run would use and why, or why it would be refused.
func (j *judge) gate(u use, branch string, jobs pipeline.Jobs) {
	name, choice := u.env.Name, u.env.Approval.Gate
	g, known := j.inspected(name)
	if !known {
		return
	}
	kind, no := pipeline.ChooseGate(choice, name, g, jobs)
	if no == nil {
		j.gateNote(u, kind, g)
		return
	}
	for ; no != nil; _, no = pipeline.ChooseGate(choice, name, g, jobs) {
		j.gateRefused(u, branch, jobs, *no)
		if !cure(&jobs, no.Code) {
			return
		}
	}
}

// cure takes away what a workflow was refused for, so that the next reason shows.
func cure(jobs *pipeline.Jobs, code string) bool {
	switch code {
	case "several-gated-jobs":
		jobs.Jobs = jobs.Jobs[:1]
	case "ungated-job":
		jobs.Before = nil
	case "gated-concurrency":
		jobs.Concurrency = false
	default:
		return false
	}
	return true
}

// gateRefused says why a run would be refused at its gate, and where that is set.
func (j *judge) gateRefused(u use, branch string, jobs pipeline.Jobs, no pipeline.Refusal) {
	name := u.env.Name
	f := Finding{Severity: Error, Code: no.Code, Topic: TopicEnvironments, Where: j.environmentPage(name), What: no.Reason, Fix: no.Fix, Lines: no.Lines, Why: "A release is refused at its gate."}
	switch no.Code {
	case "rule-missing", "reviewers-without-rule":
		if j.ruleDisabled(name) {
			f.Code, f.Fix = "rule-disabled", "Tick "+j.facts.App.Name+" on that page under Deployment protection rules and save."
			f.Why = "The rule is there and is not enabled. " + f.Why
		}
		if no.Code == "rule-missing" && j.private() {
			f.Why += " " + plans
		}
	default: // what the workflow must be
		f.Topic, f.Where = TopicWorkflows, j.inFile(u, branch, "concurrency:", "environment: "+jobs.Environment, "\njobs:")
		if no.Code != "gated-concurrency" {
			f.Where = j.inFile(u, branch, "environment: "+jobs.Environment, "\n    environment:", "\njobs:")
		}
	}
	j.add(f)
}

// gateNote tells which gate is used.
func (j *judge) gateNote(u use, kind pipeline.GateKind, g pipeline.GateInspected) {
	name, choice := u.env.Name, u.env.Approval.Gate
	f := Finding{Severity: Note, Code: "gate-" + string(kind), Topic: TopicEnvironments, Where: j.environmentPage(name)}
	if kind == pipeline.GateByEnvironment {
		f.What = fmt.Sprintf("GitHub holds the door of %s, and Gatehouse's protection rule opens it.", name)
		f.Why = "The rule is enabled there, and gate: " + string(choice) + " uses it."
		if len(g.Reviewers) > 0 {
			f.Why += " GitHub asks its required reviewers as well: " + strings.Join(g.Reviewers, ", ") + "."
		} else {
			f.Why += " It has no required reviewers, so people approve on the check run or by /approve."
		}
		j.add(f)
		return
	}
	f.What = fmt.Sprintf("Gatehouse holds the door of %s itself: it starts %s only after the approvals.", name, u.file)
	switch {
	case choice == pipeline.GateGatehouse:
		f.Why = "gate: gatehouse is written in the configuration."
	case !g.Rule:
		f.Why = "gate: auto asked GitHub, and Gatehouse's protection rule is not enabled there."
	default:
		f.Why = fmt.Sprintf("gate: auto asked GitHub, and no job of %s references %s.", u.file, name)
	}
	if choice != pipeline.GateGatehouse && !g.Rule && j.private() {
		f.Why += " " + plans
	}
	f.Why += " Anybody with write access could start the workflow past it."
	j.add(f)
	if j.ruleDisabled(name) {
		j.add(Finding{
			Severity: Warning, Code: "rule-disabled", Topic: TopicEnvironments, Where: j.environmentPage(name),
			What: "Gatehouse's protection rule is on " + name + " and is not enabled.", Why: "GitHub does not ask it.",
			Fix: "Tick " + j.facts.App.Name + " on that page under Deployment protection rules and save.",
		})
	}
}

func (j *judge) private() bool { return j.facts.Info != nil && j.facts.Info.Private }

func (j *judge) ruleDisabled(name string) bool {
	env := j.facts.Environments[name]
	if env == nil {
		return false
	}
	enabled, present := false, false
	for _, rule := range env.Rules {
		if rule.AppID == j.facts.App.ID {
			present, enabled = true, enabled || rule.Enabled
		}
	}
	return present && !enabled
}

func (j *judge) environmentPage(name string) string {
	if env := j.facts.Environments[name]; env != nil {
		return j.page(fmt.Sprintf("/settings/environments/%d/edit", env.ID))
	}
	return j.page("/settings/environments")
}

func (j *judge) missingEnvironment(name string) Finding {
	f := Finding{
		Severity: Warning, Code: "environment-missing", Topic: TopicEnvironments, Where: j.environmentPage(name),
		What: "GitHub has no environment " + name + ".",
		Why:  "GitHub makes it when the first deploy references it, without protection, secrets or variables.",
		Fix:  "Make it under Settings → Environments → New environment, with that very name.",
	}
	if j.private() {
		f.Why += " A private repository has environments with GitHub Pro, Team or Enterprise only."
	}
	return f
}

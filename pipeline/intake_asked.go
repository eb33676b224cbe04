package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// headRead goes on with a start by hand at the commit that its branch leads to.
func (m *intakeMachine) headRead(o HeadRead) {
	if m.in.Command != nil {
		m.deployHead(o)
		return
	}
	a := m.in.Asked
	if o.SHA == "" {
		m.in.Result = a.Ref + " does not exist any more"
		return
	}
	m.in.Push = &Pushed{Ref: a.Ref, After: o.SHA, By: a.By}
	m.owe("read-config", ReadConfig{})
}

// asked reports whether pipelines begin by hand. If not, the commit says why,
// unless the repository has nothing that does: then its workflow means
// something else.
func (m *intakeMachine) asked(spec *Spec) bool {
	a := m.in.Asked
	manual := slices.ContainsFunc(spec.Pipelines, func(p *Pipeline) bool { return p.On.Manual })
	if !manual {
		m.in.Result = "no pipeline has manual: true"
		return false
	}
	var why []Refusal
	for _, p := range spec.Pipelines {
		ok, reason := p.StartedByHand(a.Environment, m.in.Push.Branch())
		if ok {
			return true
		}
		if a.Environment == "" || p.Environment == a.Environment {
			why = append(why, Refusal{Code: "not-by-hand", Reason: p.Name + " does not begin: " + reason, Fix: p.handFix()})
		}
	}
	if len(why) == 0 {
		why = []Refusal{{
			Code: "no-environment", Reason: fmt.Sprintf("No pipeline leads to %s.", quoted(a.Environment)),
			Fix: "Choose an environment of .github/gatehouse.yml, or name it among the options of release.yml.",
		}}
	}
	return m.notAsked(why...)
}

func (m *intakeMachine) notAsked(why ...Refusal) bool {
	m.in.Result = why[0].Reason
	m.owe("show", ShowProblems{SHA: m.in.Push.After, Asked: m.in.Asked.For, Refusals: why})
	return false
}

// StartedByHand reports whether somebody may start the pipeline at the head of
// a branch, and why. Where pushes start it too, the branch must be one of those:
// the form suggests the default branch, and a slip must not release it.
func (p *Pipeline) StartedByHand(environment, branch string) (ok bool, reason string) {
	switch {
	case environment != "" && environment != p.Environment:
		return false, fmt.Sprintf("It leads to %s.", p.Environment)
	case !p.On.Manual:
		return false, "It does not say manual: true."
	case strings.HasPrefix(branch, "refs/tags/"):
		return false, "A tag was chosen, and releases begin on branches."
	case len(p.On.Push) == 0:
		return true, "It says manual: true."
	}
	for _, pattern := range p.On.Push {
		if MatchBranch(pattern, branch) {
			return true, fmt.Sprintf("It says manual: true, and the branch %s matches %s.", branch, pattern)
		}
	}
	return false, fmt.Sprintf("The branch %s matches none of %s.", branch, listed(p.On.Push))
}

func (p *Pipeline) handFix() string {
	if !p.On.Manual {
		return "Choose another environment, or write manual: true under its on in .github/gatehouse.yml."
	}
	return "Press Run workflow again and choose a branch that fits under Use workflow from."
}

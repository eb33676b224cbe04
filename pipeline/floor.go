package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// ParsePolicy reads an approval policy that stands alone, as in the operator's
// bindings. The times and the gate that it leaves out bind nobody.
func ParsePolicy(src []byte, o Options) (*Policy, []Problem) {
	p := &parser{options: o, widths: lineWidths(src)}
	root, ok := p.document(src)
	if !ok {
		return nil, p.problems
	}
	policy := p.policy(root)
	if p.child(root, "expires") == root {
		policy.Expires = 0
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return policy, nil
}

// Loosens says where a policy asks for less than a floor does, or nil. Whoever
// meets a policy that is not looser meets the floor as well.
func (p *Policy) Loosens(floor Policy, environment string) *Refusal {
	var less []string
	if p == nil {
		less = []string{"there is none"}
	} else {
		less = p.looser(floor)
	}
	if len(less) == 0 {
		return nil
	}
	return &Refusal{
		Code:   "below-the-floor",
		Reason: fmt.Sprintf("The approval policy of %s asks for less than the operator's floor: %s.", environment, strings.Join(less, "; ")),
		Fix:    "Tighten approval: in .github/gatehouse.yml; a repository may ask for more than the operator does, never for less.",
	}
}

func (p *Policy) looser(floor Policy) []string {
	var less []string
	theirs, ours := p.places(), floor.places()
	holder := assign(len(ours), len(theirs), func(place, of int) bool { return theirs[place].within(ours[of]) })
	for i, n := range floor.Need {
		open := 0
		for place, need := range ours {
			if need.same(n) && holder[place] < 0 {
				open++
			}
		}
		if open > 0 && !slices.ContainsFunc(floor.Need[:i], n.same) {
			less = append(less, fmt.Sprintf("%d more of %s must approve", open, strings.Join(n.Who(), " or ")))
		}
	}
	less = append(less, p.helpers(floor)...)
	if p.AuthorMayApprove && !floor.AuthorMayApprove {
		less = append(less, "authors may approve their own work")
	}
	if floor.ReasonRequired && !p.ReasonRequired {
		less = append(less, "no reason is asked for (reason_required: true)")
	}
	if floor.Expires > 0 && p.Expires > floor.Expires {
		less = append(less, fmt.Sprintf("approvals are waited for longer than %s", spelled(floor.Expires)))
	}
	if floor.Gate == GateEnvironment && p.Gate != GateEnvironment {
		less = append(less, "the door need not be GitHub's (gate: environment)")
	}
	return less
}

// helpers are those of an escalation who may approve though the floor names them
// not for every place.
func (p *Policy) helpers(floor Policy) []string {
	var less []string
	for _, e := range p.Escalate {
		helps := Need{Team: e.Team, Users: []string{e.User}}
		if e.MayApprove && slices.ContainsFunc(floor.Need, func(n Need) bool { return !helps.within(n) }) {
			less = append(less, e.principal().Name()+" may approve after "+spelled(e.After))
		}
	}
	return less
}

// places is each place of the policy with the need that it belongs to.
func (p Policy) places() []Need {
	var all []Need
	for _, n := range p.Need {
		for range n.Count {
			all = append(all, n)
		}
	}
	return all
}

// within reports whether everybody who may fill a place of n may fill one of m.
func (n Need) within(m Need) bool {
	if len(n.AnyOf)+len(m.AnyOf) > 0 {
		return false // of rollbacks, which no floor speaks of
	}
	if n.Team != "" || m.Team != "" {
		return strings.EqualFold(n.Team, m.Team)
	}
	return !slices.ContainsFunc(n.Users, func(u string) bool {
		return !slices.ContainsFunc(m.Users, func(v string) bool { return strings.EqualFold(u, v) })
	})
}

func (n Need) same(m Need) bool { return n.within(m) && m.within(n) }

package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// graph judges how the stages of one pipeline hang together. It stops where a
// fault makes every further sentence a guess.
func (p *parser) graph(l *plan) {
	unique := p.unique(l)
	if l.broken || !unique || !p.needsKnown(l) || !p.acyclic(l) {
		return
	}
	if l.env != nil {
		p.approvals(l)
	}
}

// unique refuses ids and titles that come twice.
func (p *parser) unique(l *plan) bool {
	ok := true
	ids, titles := map[string]*draft{}, map[string]bool{}
	for _, d := range l.drafts {
		id, title := d.stage.ID, d.stage.Title
		switch {
		case id != "" && ids[id] != nil:
			ok = false
			p.refuse(d.idAt, codeDuplicateID, fmt.Sprintf("The id %s is taken by the stage on line %d.", quoted(id), ids[id].at.position().line), fmt.Sprintf("Give this one another: id: %s-2.", id))
		case titles[title]:
			p.refuse(d.titleAt, codeDuplicateTitle, fmt.Sprintf("Two stages have the title %s, so their checks would look the same.", quoted(title)), fmt.Sprintf("Give this one another: title: %s.", titled(id)))
		}
		ids[id], titles[title] = d, true
	}
	return ok
}

func (p *parser) needsKnown(l *plan) bool {
	var known []string
	for _, d := range l.drafts {
		known = append(known, d.stage.ID)
	}
	ok := true
	for _, d := range l.drafts {
		for _, n := range d.needs {
			if !slices.Contains(known, n.text) {
				ok = false
				p.refuse(n.at, codeUnknownNeed, fmt.Sprintf("There is no stage %s in this pipeline.", quoted(n.text)), didYouMean(n.text, known, "The stages are "+listed(known)+"."))
			}
		}
	}
	return ok
}

// acyclic refuses stages that wait for each other. Only a stage with needs of
// its own can close a circle, so it is the place to point at.
func (p *parser) acyclic(l *plan) bool {
	ok := true
	above := ancestors(l.stages())
	told := map[string]bool{}
	for _, d := range l.drafts {
		id := d.stage.ID
		if !above[id][id] || !d.hasNeeds || told[id] {
			continue
		}
		ok = false
		circle := []string{}
		for _, other := range l.drafts {
			if above[id][other.stage.ID] && above[other.stage.ID][id] {
				circle = append(circle, other.stage.ID)
				told[other.stage.ID] = true
			}
		}
		message := fmt.Sprintf("The stage %s needs itself.", quoted(id))
		if len(circle) > 1 {
			message = fmt.Sprintf("The stages %s wait for each other.", listed(circle))
		}
		p.refuse(d.needsAt(), codeCycle, message, "Remove one of these needs.")
	}
	return ok
}

func (d *draft) needsAt() value {
	if len(d.needs) > 0 {
		return d.needs[0].at
	}
	return d.at
}

func (l *plan) stages() []*Stage {
	var stages []*Stage
	for _, d := range l.drafts {
		stages = append(stages, d.stage)
	}
	return stages
}

// ancestors says for each stage which others must be over before it starts; in
// a circle a stage is its own ancestor.
func ancestors(stages []*Stage) map[string]map[string]bool {
	direct := map[string][]string{}
	for _, s := range stages {
		direct[s.ID] = s.Needs
	}
	above := map[string]map[string]bool{}
	for _, s := range stages {
		found := map[string]bool{}
		for open := slices.Clone(s.Needs); len(open) > 0; open = open[1:] {
			if id := open[0]; !found[id] {
				found[id] = true
				open = append(open, direct[id]...)
			}
		}
		above[s.ID] = found
	}
	return above
}

// approvals enforces the invariant: in an environment with a policy, whatever
// changes the target descends from an approval, and one approval names one
// deploy.
func (p *parser) approvals(l *plan) {
	above := ancestors(l.stages())
	gates := map[string]*draft{}
	for _, d := range l.drafts {
		if d.stage.Kind != KindApproval {
			continue
		}
		if l.env.Approval == nil {
			p.refuse(d.at, codeNoPolicy, fmt.Sprintf("Nobody is named who could approve: the environment %s has no policy.", l.env.Name), "Add approval: {need: [{team: release-approvers}]} to the environment, or remove this stage.")
			continue
		}
		gates[d.stage.ID] = d
	}
	if l.env.Approval == nil {
		return
	}
	for _, d := range l.drafts {
		p.approved(d, gates, above, l.env.Name)
	}
	for _, d := range l.drafts {
		if gates[d.stage.ID] != nil && d.stage.Approval.Deploy == "" {
			p.refuse(d.at, codeNoDeploy, "No deploy follows this approval, so nothing is approved by it.", "Write - deploy: {workflow: deploy.yml} after it, or remove it.")
		}
	}
}

// approved holds one stage to the invariant, and names a deploy in its gate.
func (p *parser) approved(d *draft, gates map[string]*draft, above map[string]map[string]bool, env string) {
	if !d.stage.Kind.Mutating() {
		return
	}
	nearest := nearestGates(d.stage.ID, gates, above)
	if len(nearest) == 0 {
		p.refuse(d.at, codeNotApproved, fmt.Sprintf("%s changes %s without an approval before it.", sentence(string(d.stage.Kind)), env), "Write - approval before it, or name one in its needs.")
		return
	}
	if d.stage.Kind != KindDeploy {
		return
	}
	if len(nearest) > 1 {
		p.refuse(d.at, codeTwoApprovals, fmt.Sprintf("This deploy would be opened by several approvals: %s.", listed(nearest)), "Keep one of them before it.")
	}
	for _, id := range nearest {
		gate := gates[id].stage.Approval
		if gate.Deploy != "" {
			p.refuse(d.at, codeTwoDeploys, fmt.Sprintf("The approval %s opens the deploy %s already; one approval names one deploy.", quoted(id), quoted(gate.Deploy)), "Write - approval before this deploy.")
			continue
		}
		gate.Deploy = d.stage.ID
	}
}

// nearestGates lists the approvals above a stage with no other approval between
// them and the stage.
func nearestGates(id string, gates map[string]*draft, above map[string]map[string]bool) []string {
	var nearest []string
	for gate := range gates {
		if !above[id][gate] {
			continue
		}
		behind := false
		for other := range gates {
			behind = behind || (above[id][other] && above[other][gate])
		}
		if !behind {
			nearest = append(nearest, gate)
		}
	}
	slices.SortFunc(nearest, strings.Compare)
	return nearest
}

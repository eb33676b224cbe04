package pipeline

import (
	"fmt"
	"slices"
)

// notAvailable is the code of a refusal for what this build cannot do yet.
const notAvailable = "not-available"

// Unavailable lists what the pipeline and its environment ask for and this
// build cannot do. A run is refused for any of it before it starts: leaving out
// a safety setting in silence would open what somebody meant to close.
func (s *Spec) Unavailable(p *Pipeline) []Refusal {
	var list []Refusal
	refuse := func(what, fix string) {
		list = append(list, Refusal{Code: notAvailable, Reason: what + " is not available in this version of Gatehouse.", Fix: fix})
	}
	unavailableIn(s.Environments[p.Environment], refuse)
	if gates(p) > 1 {
		refuse("A second approval in one pipeline", "Give each deploy with an approval of its own a pipeline of its own.")
	}
	for _, stage := range p.Stages {
		if !slices.Contains(Performed(), stage.Kind) {
			refuse(fmt.Sprintf("The kind %s of the stage %q", stage.Kind, stage.ID), "Remove the stage, or run a workflow of yours in its place: - workflow: "+stage.ID+".yml.")
		}
	}
	return list
}

func gates(p *Pipeline) int {
	n := 0
	for _, st := range p.Stages {
		if st.Kind == KindApproval {
			n++
		}
	}
	return n
}

func unavailableIn(env *Environment, refuse func(what, fix string)) {
	if env == nil {
		return
	}
	if env.Foreign == ForeignAsk {
		refuse(fmt.Sprintf("foreign: ask in %s", env.Name), "Write foreign: reject.")
	}
}

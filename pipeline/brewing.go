package pipeline

import (
	"strconv"
	"strings"
)

// Brewing reports whether what a slot shows is about to change by itself: the
// answer of something short is on its way, such as the dispatch of a workflow or
// a probe. A surface that waits for it a moment is written once and not twice.
func Brewing(s State, slot Slot) bool {
	if slot == SlotDeployment {
		if v := s.Lane.Verified; v != nil && v.Run == s.Run.ID {
			return false // only words are left
		}
		for _, sr := range s.Run.Stages {
			if sr.brewing() {
				return true
			}
		}
		return false
	}
	if g := s.Run.Gate; g != nil && (slot == SlotDoor || slot == SlotPeople) {
		return s.Run.gateBrewing(g.Stage)
	}
	id, attempt, ok := slot.Check()
	sr := s.Run.Stages[id]
	if !ok || sr == nil || sr.Attempt != attempt {
		return false
	}
	return sr.brewing() || s.Run.gateBrewing(id)
}

// Awaited reports whether people wait for what a slot shows: from the moment in
// which a gate asks them. Their decisions should be seen at once; that a build has
// begun may come a second later.
func Awaited(s State, _ Slot) bool {
	g := s.Run.Gate
	return g != nil && !g.OpenAt.IsZero()
}

// gateBrewing reports whether the gate is being set up, or what a person said
// there is being verified.
func (r *Run) gateBrewing(stage string) bool {
	g := r.Gate
	if g == nil || g.Stage != stage || r.Stages[stage].Status.Over() {
		return false
	}
	return g.OpenAt.IsZero() || g.Doing != "" || len(r.Asks) > 0
}

// brewing reports whether the stage runs and waits for an answer to ourselves,
// not for news from outside.
func (sr *StageRun) brewing() bool { return sr.Status == StageRunning && sr.Doing != "" }

// Check reads the slot of a check run. False: it is another kind of slot.
func (s Slot) Check() (stage string, attempt int, ok bool) {
	rest, ok := strings.CutPrefix(string(s), "check/")
	if !ok {
		return "", 0, false
	}
	stage, number, _ := strings.Cut(rest, "/")
	attempt, err := strconv.Atoi(number)
	return stage, attempt, err == nil
}

package pipeline

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// laneCommand plays a comment, most of which are about a lane; " | " ends a line
// of it.
func (w *theatre) laneCommand(args []string) []string {
	c, found := ParseComment(strings.ReplaceAll(strings.Join(args[1:], " "), " | ", "\n"))
	if !found {
		w.t.Fatalf("no command: %v", args)
	}
	in := &Intake{
		V: IntakeVersion, ID: "in", Repo: Repo{Installation: 7, ID: 1, Owner: "acme", Name: "app", DefaultBranch: "main"}, At: w.at, Cause: "delivery",
		Command: &CommandGiven{Command: c, By: w.who(args[0]), Where: ByComment(CommentRef{ID: 5, Issue: 1})},
	}
	w.tallies[args[0]], in.Limit = w.tallies[args[0]].Take(w.at, c.Verb)
	out, in := w.playIntake(in)
	if !in.Over {
		w.t.Errorf("the intake is not over: %+v", in)
	}
	return out
}

// spent has somebody give commands that are not told of.
func (w *theatre) spent(args []string) {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		w.t.Fatal(err)
	}
	for range n {
		w.tallies[args[0]], _ = w.tallies[args[0]].Take(w.at, VerbStatus)
	}
}

// changeLane takes a step of the lane itself, and carries out its errand.
func (w *theatre) changeLane(id LaneID, e LaneEvent) ([]string, Outcome) {
	l := w.lanes[id]
	if l == nil {
		l = &Lane{V: RunVersion, ID: id, Installation: 7}
	}
	step := NextLane(l, e)
	w.lanes[id] = step.Lane
	w.log = append(w.log, step.Log...)
	var out []string
	for _, line := range step.Log {
		out = append(out, strings.Join(strings.Fields("lane "+line.What+" "+line.On+" "+line.Why), " "))
	}
	if step.Errand != nil {
		told, _ := w.playIntake(&Intake{V: IntakeVersion, ID: "errand", Repo: Repo{Installation: 7}, At: w.at, Errand: step.Errand})
		out = append(out, told...)
	}
	return out, LaneChanged{Refused: step.Refused, Said: step.Said}
}

// cause names a command; the same one is never given twice.
func (w *theatre) cause() string {
	w.causes++
	return strconv.Itoa(w.causes)
}

func (w *theatre) laneTicks() []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(w.lanes)) {
		if at := WakeLane(w.lanes[id]); !at.IsZero() && !at.After(w.at) {
			told, _ := w.changeLane(id, LaneEvent{At: w.at, Cause: "time"})
			out = append(out, told...)
		}
	}
	return out
}

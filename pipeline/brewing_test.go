package pipeline

import (
	"testing"
	"time"
)

// A surface waits for what is on its way to Gatehouse itself, and never for
// people or for a workflow.
func TestBrewing(t *testing.T) {
	running := func(doing string) *StageRun { return &StageRun{Status: StageRunning, Attempt: 1, Doing: doing} }
	opened := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		slot Slot
		run  Run
		want bool
	}{
		{"dispatch in hand", "check/test/1", Run{Stages: map[string]*StageRun{"test": running("k")}}, true},
		{"workflow runs", "check/test/1", Run{Stages: map[string]*StageRun{"test": running("")}}, false},
		{"an older attempt", "check/test/1", Run{Stages: map[string]*StageRun{"test": {Status: StageRunning, Attempt: 2, Doing: "k"}}}, false},
		{"failed", "check/test/1", Run{Stages: map[string]*StageRun{"test": {Status: StageFailed, Attempt: 1, Doing: "k"}}}, false},
		{"probes behind a deploy", SlotDeployment, Run{Stages: map[string]*StageRun{"deploy": {Status: StagePassed}, "smoke": running("k")}}, true},
		{"nothing in hand", SlotDeployment, Run{Stages: map[string]*StageRun{"smoke": running("")}}, false},
		{"Slack is told at once", SlotSlack, Run{Stages: map[string]*StageRun{"test": running("k")}}, false},
		{"no such stage", "check/none/1", Run{}, false},
		{"gate being set up", "check/gate/1", Run{Gate: &Gate{Stage: "gate"}, Stages: map[string]*StageRun{"gate": running("")}}, true},
		{"gate waits for people", "check/gate/1", Run{
			Gate: &Gate{Stage: "gate", OpenAt: opened}, Stages: map[string]*StageRun{"gate": {Status: StageWaiting, Attempt: 1}},
		}, false},
		{"a click is being verified", "check/gate/1", Run{
			Gate: &Gate{Stage: "gate", OpenAt: opened}, Asks: map[string]Ask{"k": {Verb: VerbApprove}},
			Stages: map[string]*StageRun{"gate": {Status: StageWaiting, Attempt: 1}},
		}, true},
		{"gate passed", "check/gate/1", Run{
			Gate: &Gate{Stage: "gate", OpenAt: opened, Doing: "k"}, Stages: map[string]*StageRun{"gate": {Status: StagePassed, Attempt: 1}},
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Brewing(State{Lane: &Lane{}, Run: &tt.run}, tt.slot); got != tt.want {
				t.Errorf("Brewing = %v, want %v", got, tt.want)
			}
		})
	}
}

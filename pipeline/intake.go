package pipeline

import "time"

// Intake is what came in before a run or lane is known: a push, whose
// configuration must be read first, a command, whose run must be found, a start
// by hand, whose commit must be found, a job at our door that no run of ours
// started, or what a lane that changed by itself owes to its runs.
type Intake struct {
	V       int            `json:"v"`
	ID      string         `json:"id"`
	Repo    Repo           `json:"repo"`
	At      time.Time      `json:"at"`             // when it was received
	Cause   string         `json:"cause"`          // the delivery
	Push    *Pushed        `json:"push,omitempty"` // of a start by hand: the branch as if it were pushed now
	Asked   *Asked         `json:"asked,omitempty"`
	Command *CommandGiven  `json:"command,omitempty"`
	Foreign *DoorRequested `json:"foreign,omitempty"`
	Limit   *Limit         `json:"limit,omitempty"`  // its giver has given too many commands
	Spec    *Spec          `json:"spec,omitempty"`   // of a rollback, while it is judged
	Refs    []string       `json:"refs,omitempty"`   // of a deploy: what the word may mean, not yet tried
	Errand  *Errand        `json:"errand,omitempty"` // what a lane owes to its runs

	// Of a command about a lane, once the configuration was read.
	Lane       LaneID      `json:"lane,omitempty"`
	Ask        *LaneAsk    `json:"ask,omitempty"`
	Commanders []Principal `json:"commanders,omitempty"`

	Doing   []string `json:"doing,omitempty"` // keys of the effects still owed
	Started []RunID  `json:"started,omitempty"`
	Over    bool     `json:"over,omitempty"`
	Result  string   `json:"result,omitempty"` // for the log: why no run, or what began
}

// IntakeStep is the answer of NextIntake.
type IntakeStep struct {
	Intake  *Intake
	Effects []Owed
}

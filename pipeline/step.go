package pipeline

// Step is the answer of Next: the state to store, what is owed with it, what
// must be shown anew, and the lines of the audit trail that go with it.
type Step struct {
	State   State
	Effects []Owed
	Show    []Slot
	Log     []Entry
	Refused *Refusal // why the event changed nothing, for whoever sent it
}

// Slot is one surface that shows a run: the latest state wins.
//
//   - "check/<stage>/<attempt>": a check run on the commit
//   - "deployment": the status of GitHub's Deployment
//   - "slack": the run's message
//   - "slack/details": the reply in its thread
//   - "people": the direct messages in Slack to those who can approve
//   - "door": what Gatehouse says at its protection rule while the job waits
//   - "discord": the run's message there
//   - "observed": the one check run of an observed run
//   - "incident": the issue of a rollback that has begun to move something
type Slot string

// The slots that a run has once.
const (
	SlotDeployment Slot = "deployment"
	SlotSlack      Slot = "slack"
	SlotDetails    Slot = "slack/details"
	SlotPeople     Slot = "people"
	SlotDoor       Slot = "door"
	SlotDiscord    Slot = "discord"
	SlotObserved   Slot = "observed"
	SlotIncident   Slot = "incident"
)

// Rank orders the slots that are behind: the gate first, then where people are
// asked, then the checks, then what tells a story. A lower rank goes first.
func (s Slot) Rank() int {
	switch s {
	case SlotDoor:
		return 0
	case SlotSlack:
		return 1
	case SlotDeployment, SlotObserved:
		return 2
	case SlotPeople, SlotDiscord:
		return 3
	case SlotDetails:
		return 4
	}
	return 2 // a check run
}

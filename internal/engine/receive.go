package engine

import (
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Delivery is a webhook, translated into what it says. Storing it is what makes
// the 2xx true.
type Delivery struct {
	AppID      int64 // whose hook it came by: one GUID reaches every app of a repository
	GUID       string
	Event      string // GitHub's event name
	Action     string
	Repo       pipeline.Repo // with the installation
	ReceivedAt time.Time
	Signals    []Signal
}

// Signal is one fact and where it belongs. Exactly one field beside Fact is
// set; with none, it begins an intake (Pushed, CommandGiven, Asked).
type Signal struct {
	Run      pipeline.RunID // known from an external_id of ours
	Workflow int64          // the run that dispatched this workflow run; for DoorRequested an unknown one is foreign
	Commit   string         // every active run of this commit
	Fact     pipeline.Fact
}

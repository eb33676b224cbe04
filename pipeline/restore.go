package pipeline

import "time"

// Released is a release that went to a lane: what a rollback may return to.
type Released struct {
	Shipped
	Ref         string   `json:"ref,omitempty"`
	Verified    bool     `json:"verified,omitempty"` // deployed, smoke-tested, watched
	Bad         string   `json:"bad,omitempty"`      // why it is never offered again
	Before      string   `json:"before,omitempty"`   // blob of the snapshot before its deploy
	After       string   `json:"after,omitempty"`    // blob of the snapshot after it: what the release is
	AfterDigest string   `json:"after_digest,omitempty"`
	Flags       []string `json:"flags,omitempty"`      // Remote Config parameters that it names
	Migrations  []string `json:"migrations,omitempty"` // that it applied, in order
}

// Initial is the version of what was live before the first release.
const Initial = "initial"

// RestorePlan is how a lane goes back to an earlier release: which pointers
// move, from where to where, and what cannot be moved. It has no way to name
// anything but a [ComponentKind].
type RestorePlan struct {
	Target     Released `json:"target"`
	Moves      []Move   `json:"moves,omitempty"`
	Left       []Left   `json:"left,omitempty"`
	Same       int      `json:"same,omitempty"`       // components that are there already
	Migrations []string `json:"migrations,omitempty"` // applied since the target; they stay
}

// Move is one pointer and where it goes.
type Move struct {
	Kind    ComponentKind `json:"kind"`
	ID      string        `json:"id"`
	From    Component     `json:"from"`
	To      Component     `json:"to"`
	How     MoveHow       `json:"how"`
	Wave    int           `json:"wave"`              // a wave begins when the one before it is over
	Flags   []string      `json:"flags,omitempty"`   // of Remote Config: only these parameters move
	Takes   time.Duration `json:"takes"`             // until Google has done it
	Reaches time.Duration `json:"reaches,omitempty"` // until it has reached every user, at most
}

// Key names the component that moves.
func (m Move) Key() string { return string(m.Kind) + "/" + m.ID }

// MoveHow is by what means a component goes back.
type MoveHow string

// The means, fastest first.
const (
	MovePointer  MoveHow = "pointer"  // what it pointed to is still there
	MoveRecreate MoveHow = "recreate" // made again from the stored text
	MoveRebuild  MoveHow = "rebuild"  // built again from the stored source: minutes
)

// Left is a component that is not moved back, and why.
type Left struct {
	Kind ComponentKind `json:"kind"`
	ID   string        `json:"id"`
	Why  Refusal       `json:"why"`
}

package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// ComponentKind is a part of a Firebase project whose live version is a pointer.
// The set is closed, and it is everything that a rollback can move: there is no
// kind for balances, payments, chats or any other data of users.
type ComponentKind string

// The kinds of component.
const (
	ComponentFlags    ComponentKind = "remote-config"
	ComponentRules    ComponentKind = "rules"
	ComponentHosting  ComponentKind = "hosting"
	ComponentFunction ComponentKind = "function"
	ComponentService  ComponentKind = "service" // of Cloud Run, and no function
	ComponentIndexes  ComponentKind = "indexes" // recorded, never moved: an index is rebuilt in hours
)

// ComponentKinds lists every kind, in the order in which a rollback moves them.
func ComponentKinds() []ComponentKind {
	return []ComponentKind{ComponentFlags, ComponentRules, ComponentHosting, ComponentFunction, ComponentService, ComponentIndexes}
}

// Component is one part and where its pointer stands.
type Component struct {
	Kind    ComponentKind `json:"kind"`
	ID      string        `json:"id"`                // site, release of rules, location/function, namespace, database
	Pointer string        `json:"pointer,omitempty"` // version, ruleset, revision, number; empty: nothing is live
	Content string        `json:"content,omitempty"` // digest of what is there, where Google or its text tells; empty: compare pointers
	State   string        `json:"state,omitempty"`   // in Google's words: FINALIZED, ACTIVE …
	Blob    string        `json:"blob,omitempty"`    // what it can be made again from, in the blob store
	Gen     int           `json:"gen,omitempty"`     // generation of a function: 1 or 2
	Part    string        `json:"part,omitempty"`    // codebase of a function
}

// Key names the component within its project.
func (c Component) Key() string { return string(c.Kind) + "/" + c.ID }

// Same reports whether what is live there is the same.
func (c Component) Same(o Component) bool {
	if c.Content != "" && o.Content != "" {
		return c.Content == o.Content
	}
	return c.Pointer == o.Pointer
}

// Snapshot is pointers to everything that is live in a Firebase project.
type Snapshot struct {
	V          int         `json:"v"`
	Project    string      `json:"project"`
	At         time.Time   `json:"at"`
	Components []Component `json:"components"`
	Unread     []Unread    `json:"unread,omitempty"` // what could not be read: nothing is known of it
}

// SnapshotVersion is the version of the stored form of a Snapshot.
const SnapshotVersion = 1

// Unread is a kind of component that could not be read.
type Unread struct {
	Kind ComponentKind `json:"kind"`
	Why  Refusal       `json:"why"`
}

// Normalize puts the components in the order of their kinds and ids.
func (s *Snapshot) Normalize() {
	order := ComponentKinds()
	slices.SortFunc(s.Components, func(a, b Component) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.ID, b.ID))
	})
}

// Component returns the component of that key.
func (s Snapshot) Component(key string) (Component, bool) {
	i := slices.IndexFunc(s.Components, func(c Component) bool { return c.Key() == key })
	if i < 0 {
		return Component{}, false
	}
	return s.Components[i], true
}

// Knows reports whether the kind was read.
func (s Snapshot) Knows(k ComponentKind) bool {
	return !slices.ContainsFunc(s.Unread, func(u Unread) bool { return u.Kind == k })
}

// Digest names what is live, not when it was looked at.
func (s Snapshot) Digest() string {
	s.Normalize()
	b, err := json.Marshal(struct {
		Project    string
		Components []Component
	}{s.Project, s.Components})
	if err != nil {
		return "" // strings and numbers only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Change is one component that differs between two snapshots. From or To without
// a pointer says that it was not there.
type Change struct {
	Kind ComponentKind `json:"kind"`
	ID   string        `json:"id"`
	From Component     `json:"from"`
	To   Component     `json:"to"`
}

// Key names the component that changed.
func (c Change) Key() string { return string(c.Kind) + "/" + c.ID }

// Changes lists what differs between two snapshots, in the order of the kinds.
// A kind that one of them could not read is left out: see [Snapshot.Knows].
func Changes(before, after Snapshot) []Change {
	var all []Change
	for _, from := range before.Components {
		to, there := after.Component(from.Key())
		if after.Knows(from.Kind) && (!there || !from.Same(to)) {
			all = append(all, Change{Kind: from.Kind, ID: from.ID, From: from, To: to})
		}
	}
	for _, to := range after.Components {
		if _, there := before.Component(to.Key()); !there && before.Knows(to.Kind) {
			all = append(all, Change{Kind: to.Kind, ID: to.ID, To: to})
		}
	}
	order := ComponentKinds()
	slices.SortStableFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

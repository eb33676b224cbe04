package github

import "context"

// Priority says how far a call may go into the hourly budget and the pace of its installation. The set is closed.
type Priority int

// The priorities. A call without one is Do.
const (
	Do   Priority = iota // Do is work of a run: it leaves the last 2 % alone.
	Show                 // Show only informs: it leaves the last 20 % alone, of a minute's pace too, because the latest state can be shown later.
	Door                 // Door opens or closes a gate: it passes while anything is left, and at any pace.
)

type priorityKey struct{}

// WithPriority gives the priority to every call that is made with the context.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

func priorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}

package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// badDay is one fault of the story of faults: what goes wrong, and when.
type badDay struct {
	name  string
	rules []sandbox.Fault
	// atGate happens while the release waits, and has it approved; nil: it is just approved.
	atGate func(context.Context, *Teller, Told) error
	// words are what people are to read somewhere, all of them at one place; none:
	// they notice nothing.
	words []string
}

// The figures of the story.
const (
	stall    = 10 * time.Second // after which GitHub gives up by itself
	dispatch = "/dispatches"
	verdict  = "/deployment_protection_rule"
	checks   = "/check-runs"
)

// badDays are all faults, in the order in which they are told.
func badDays() []badDay {
	return []badDay{
		{name: "GitHub answers 5xx", rules: []sandbox.Fault{
			{Method: "POST", Contains: dispatch, Kind: sandbox.Status502, Ambiguous: true, Times: 1},
			{Method: "POST", Contains: checks, Kind: sandbox.Status500, Ambiguous: true, Times: 2},
			{Method: "POST", Contains: verdict, Kind: sandbox.Status502, Ambiguous: true, Times: 3}, // what is said at the door, and the verdict
			{Method: "PATCH", Contains: checks, Kind: sandbox.Status503, Times: 2},
			{Method: "GET", Contains: "/contents/", Kind: sandbox.Status500, Times: 2},
			{Method: "POST", Contains: "/statuses", Kind: sandbox.Status500, Times: 1},
		}},
		{name: "GitHub stalls for 10 seconds", rules: []sandbox.Fault{
			{Method: "POST", Contains: dispatch, Kind: sandbox.Status502, Ambiguous: true, Delay: stall, Times: 1},
			{Method: "POST", Contains: checks, Kind: sandbox.Slow, Delay: stall, Times: 1},
			{Method: "POST", Contains: verdict, Kind: sandbox.Status502, Delay: stall, Times: 2},
		}},
		{name: "429 without Retry-After", rules: limited(sandbox.Status429)},
		{name: "secondary limit without Retry-After", rules: limited(sandbox.SecondaryLimited)},
		{name: "hourly limit used up", rules: []sandbox.Fault{
			{Method: "PATCH", Contains: checks, Kind: sandbox.PrimaryLimited, RetryAfter: 3 * time.Second, Times: 1},
		}},
		{name: "token expires during a call", rules: []sandbox.Fault{
			{Method: "POST", Contains: dispatch, Kind: sandbox.TokenExpired, Times: 2},
			{Method: "POST", Contains: verdict, Kind: sandbox.TokenExpired, Times: 2},
			{Method: "POST", Contains: checks, Kind: sandbox.TokenExpired, Times: 1},
		}},
		{name: "installation suspended and back", atGate: suspended, words: []string{"suspended", "unsuspends it"}},
		{name: "permission actions withdrawn and given", atGate: withdrawn("actions"), words: missing("actions")},
		{name: "permission checks withdrawn and given", atGate: withdrawn("checks"), words: missing("checks")},
		{name: "Slack and Discord are away", rules: []sandbox.Fault{
			{Path: "/slack/api/", Kind: sandbox.Status503, Times: 3},
			{Path: "/discord/", Kind: sandbox.Status503, Times: 1},
		}},
		{name: "webhooks lost", rules: []sandbox.Fault{
			{Method: "webhook", Kind: sandbox.Lost, Probability: 0.4},
		}},
		{name: "webhooks sent twice", rules: []sandbox.Fault{{Method: "webhook", Kind: sandbox.Doubled}}},
		{name: "webhooks out of order", rules: []sandbox.Fault{{Method: "webhook", Kind: sandbox.Reordered}}},
	}
}

func limited(kind sandbox.FaultKind) []sandbox.Fault {
	return []sandbox.Fault{
		{Method: "POST", Contains: dispatch, Kind: kind, Times: 1},
		{Method: "POST", Contains: checks, Kind: kind, Times: 1},
		{Method: "POST", Contains: verdict, Kind: kind, Times: 2},
	}
}

// suspended has an owner suspend the installation. Somebody approves meanwhile,
// of which GitHub never tells; then it is back.
func suspended(ctx context.Context, t *Teller, told Told) error {
	t.Town.World.Suspend(Org)
	if err := t.Until(ctx, "people are told that the installation is suspended", t.said("suspended", "unsuspends it")); err != nil {
		return err
	}
	t.Town.World.Drain()
	before := len(t.Town.World.Record())
	if err := t.Town.Approve(told.Release); err != nil {
		return err
	}
	for _, c := range t.Town.World.Record()[before:] {
		if c.Kind == sandbox.KindGitHub && c.As != "app" {
			return fmt.Errorf("%w: a suspended installation was called: %s %s", ErrStuck, c.Method, c.Path)
		}
	}
	t.Town.World.Unsuspend(Org)
	return nil
}

// withdrawn has an owner withdraw a permission, approve meanwhile, and give it
// again once people are told which one is missing.
func withdrawn(permission string) func(context.Context, *Teller, Told) error {
	return func(ctx context.Context, t *Teller, told Told) error {
		w := t.Town.World
		w.SetPermission(Org, permission, "")
		if err := t.Town.Approve(told.Release); err != nil {
			return err
		}
		if err := t.Until(ctx, "people are told that a permission is missing", t.said(missing(permission)...)); err != nil {
			return err
		}
		w.SetPermission(Org, permission, "write")
		return nil
	}
}

// missing is what people are to read of a permission.
func missing(permission string) []string {
	return []string{"lacks the permission " + permission + ": ", "Grant the App"}
}

// said reports whether people could read all the words at one place.
func (t *Teller) said(words ...string) func() bool {
	return func() bool { return witness.Said(t.Town.World.Record(), words...) != "" }
}

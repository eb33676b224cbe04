package rollback

import (
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Holding says whether what a component pointed to can still be returned to.
type Holding struct {
	Pointer bool   // what it pointed to is there: the version, ruleset, or revision with its image
	Why     string // why not
}

// pace is what each move takes. Hosting: a release takes effect within a minute.
// Rules: new queries within a minute, active listeners within ten. Functions: a
// traffic change is seconds, a build minutes. Flags: a client fetches every 12
// hours unless it listens. (Google's documentation; facts of the project.)
func pace(k pipeline.ComponentKind, how pipeline.MoveHow) (takes, reaches time.Duration) {
	switch {
	case how == pipeline.MoveRebuild:
		return 3 * time.Minute, 3 * time.Minute
	case k == pipeline.ComponentFunction || k == pipeline.ComponentService:
		return 5 * time.Second, 10 * time.Second
	case k == pipeline.ComponentRules:
		return time.Second, 10 * time.Minute
	case k == pipeline.ComponentFlags:
		return time.Second, 12 * time.Hour
	default:
		return time.Second, time.Minute
	}
}

// Make says which pointers move so that what is live becomes what the target
// was. Holds tells of each component of the target, by key, whether it is still
// there. Since are the releases after the target, oldest first.
func Make(target pipeline.Released, was, now pipeline.Snapshot, holds map[string]Holding, since []pipeline.Released) (pipeline.RestorePlan, *pipeline.Refusal) {
	p := pipeline.RestorePlan{Target: target}
	for _, r := range since {
		p.Migrations = append(p.Migrations, r.Migrations...)
	}
	p.Left = unread(was, now)
	for _, c := range pipeline.Changes(now, was) {
		move, why := step(c, holds[c.Key()], named(since))
		if why != nil {
			p.Left = append(p.Left, pipeline.Left{Kind: c.Kind, ID: c.ID, Why: *why})
			continue
		}
		p.Moves = append(p.Moves, move)
	}
	p.Same = same(was, now)
	return p, fit(p)
}

// unread says of every kind of which one snapshot knows nothing that it stays.
func unread(was, now pipeline.Snapshot) (left []pipeline.Left) {
	for _, s := range []pipeline.Snapshot{was, now} {
		for _, u := range s.Unread {
			if !slices.ContainsFunc(left, func(l pipeline.Left) bool { return l.Kind == u.Kind }) {
				left = append(left, pipeline.Left{Kind: u.Kind, Why: u.Why})
			}
		}
	}
	return left
}

// named lists the flags that the releases name which are being left behind.
func named(since []pipeline.Released) (flags []string) {
	for _, r := range since {
		flags = append(flags, r.Flags...)
	}
	slices.Sort(flags)
	return slices.Compact(flags)
}

// step is how one component goes back, or why it stays. In the change, From is
// what is live now and To what it was.
func step(c pipeline.Change, h Holding, flags []string) (pipeline.Move, *pipeline.Refusal) {
	m := pipeline.Move{Kind: c.Kind, ID: c.ID, From: c.From, To: c.To, How: pipeline.MovePointer, Wave: 1}
	switch {
	case c.To.Key() == "/" || c.To.Pointer == "":
		return m, &pipeline.Refusal{
			Code: "added-since", Reason: fmt.Sprintf("%s %s did not exist in the target. It is left as it is.", c.Kind, c.ID),
			Fix: "If it does harm, take it away in the Firebase console.",
		}
	case c.Kind == pipeline.ComponentIndexes:
		return m, &pipeline.Refusal{
			Code: "indexes-stay", Reason: "Firestore's indexes differ from the target's. Building one takes minutes to hours, so a rollback leaves them.",
			Fix: "Create the missing ones if queries fail.",
		}
	case c.Kind == pipeline.ComponentFlags && len(flags) == 0:
		return m, &pipeline.Refusal{
			Code: "no-flags-named", Reason: "Remote Config differs from the target's, but the release names no flag of its own, so it is left as it is.",
			Fix: "Set a flag by hand if it belongs to the release.",
		}
	case c.Kind == pipeline.ComponentFlags:
		m.Wave, m.Flags = 0, flags
	}
	if !h.Pointer {
		if c.To.Blob == "" {
			return m, gone(c, h)
		}
		m.How = remade(c.Kind)
	}
	m.Takes, m.Reaches = pace(c.Kind, m.How)
	return m, nil
}

func remade(k pipeline.ComponentKind) pipeline.MoveHow {
	if k == pipeline.ComponentFunction {
		return pipeline.MoveRebuild
	}
	return pipeline.MoveRecreate
}

// The codes of what the target had and Google has no more, and of a target of which
// nothing else is left to move.
const (
	codeGone         = "target-gone"
	codeNothingMoves = "nothing-moves"
)

func gone(c pipeline.Change, h Holding) *pipeline.Refusal {
	why := h.Why
	if why == "" {
		why = "it is not known whether it is still there"
	}
	return &pipeline.Refusal{
		Code: codeGone, Reason: fmt.Sprintf("%s %s cannot go back to %s: %s.", c.Kind, c.ID, c.To.Pointer, why),
		Fix: "Go back to a later release, or deploy it anew from its commit.",
	}
}

func same(was, now pipeline.Snapshot) (n int) {
	for _, c := range was.Components {
		if o, there := now.Component(c.Key()); there && c.Same(o) {
			n++
		}
	}
	return n
}

// fit refuses a plan that would move nothing.
func fit(p pipeline.RestorePlan) *pipeline.Refusal {
	switch {
	case len(p.Moves) > 0:
		return nil
	case len(p.Left) == 0:
		return &pipeline.Refusal{Code: "already-live", Reason: fmt.Sprintf("Everything that is live is as it was in %s.", p.Target.Version)}
	}
	first := p.Left[0].Why
	return &pipeline.Refusal{
		Code: codeNothingMoves, Reason: fmt.Sprintf("Nothing of %s can be returned to. %s", p.Target.Version, first.Reason), Fix: first.Fix,
	}
}

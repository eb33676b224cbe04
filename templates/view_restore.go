package templates

import (
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Restore is what a run is that takes a lane back.
type Restore struct {
	Leaves     string // version that is left
	To         string // version that is returned to; "" until it is known
	Why        string
	By         string // who asked; "" for automation
	Automatic  bool
	BreakGlass bool
	Moves      []Move
	Left       []Part // what is not moved back
	Same       int    // components that are there already
	Migrations []string
	Restored   string // how long it took from the final approval; "" until it is done
}

// Move is one component on its way back.
type Move struct {
	Part
	From, To string
	How      string // by what means, in words
	Word     Word
	Took     string
	Takes    string // about how long Google needs for it
	Reaches  string // until it has reached everybody, at most
}

// Part is a component with what there is to say of it.
type Part struct {
	Name string // kind and id, as people write them
	Why  *pipeline.Refusal
}

// Found is what a stage found of what is live in Firebase.
type Found struct {
	Recorded int // components; 0: nothing was recorded
	At       time.Time
	Changes  []Change // that the deploy made
	Drift    []Change // that somebody else made since the last release
	Fragile  []Part   // what could not be returned to, or not read
}

// Change is a component that differs.
type Change struct{ Name, From, To string }

// componentName is a component as people write it.
func componentName(k pipeline.ComponentKind, id string) string {
	words := map[pipeline.ComponentKind]string{
		pipeline.ComponentFlags: "Remote Config", pipeline.ComponentRules: "rules", pipeline.ComponentHosting: "hosting site",
		pipeline.ComponentFunction: "function", pipeline.ComponentService: "Cloud Run service", pipeline.ComponentIndexes: "indexes of",
	}
	word := words[k]
	if word == "" {
		word = string(k)
	}
	if id == "" {
		return word
	}
	return word + " " + id
}

func (m *maker) restore() *Restore {
	x := m.run.Restore
	if x == nil {
		return nil
	}
	r := &Restore{Why: x.Why, By: x.By.Login, Automatic: x.Automatic(), BreakGlass: x.BreakGlass}
	if x.Leaves != nil {
		r.Leaves = x.Leaves.Version
	}
	if !x.RestoredAt.IsZero() {
		r.Restored = span(x.RestoredAt.Sub(x.ApprovedAt))
	}
	if x.Plan == nil {
		return r
	}
	r.To, r.Same, r.Migrations = x.Plan.Target.Version, x.Plan.Same, x.Plan.Migrations
	for _, mv := range x.Plan.Moves {
		r.Moves = append(r.Moves, moveOf(mv, x.Moves[mv.Key()]))
	}
	r.Left = parts(x.Plan.Left)
	return r
}

func moveOf(mv pipeline.Move, s *pipeline.MoveState) Move {
	out := Move{
		Part: Part{Name: componentName(mv.Kind, mv.ID)}, From: pointerWord(mv.From), To: pointerWord(mv.To), How: howWord(mv), Takes: span(mv.Takes), Reaches: span(mv.Reaches),
		Word: Word{"⚪", "not moved yet"},
	}
	if s == nil {
		return out
	}
	out.Why = s.Reason
	if !s.EndedAt.IsZero() {
		out.Took = span(s.EndedAt.Sub(s.StartedAt))
	}
	switch s.Status {
	case pipeline.MoveMoving:
		out.Word = Word{"🔄", "moving"}
	case pipeline.MoveMoved:
		out.Word = Word{"✅", "moved"}
	case pipeline.MoveFailed:
		out.Word = Word{"❌", "failed"}
	case pipeline.MovePending:
	}
	return out
}

func pointerWord(c pipeline.Component) string {
	if c.Pointer == "" {
		return "nothing"
	}
	return c.Pointer
}

func howWord(mv pipeline.Move) string {
	switch mv.How {
	case pipeline.MoveRecreate:
		return "made again from the stored text"
	case pipeline.MoveRebuild:
		return "built again from the stored source, some minutes"
	case pipeline.MovePointer:
	}
	if len(mv.Flags) > 0 {
		return "only " + list(mv.Flags)
	}
	return ""
}

func parts(left []pipeline.Left) []Part {
	var all []Part
	for _, l := range left {
		all = append(all, Part{Name: componentName(l.Kind, l.ID), Why: &l.Why})
	}
	return all
}

func changes(of []pipeline.Change) []Change {
	var all []Change
	for _, c := range of {
		all = append(all, Change{Name: componentName(c.Kind, c.ID), From: pointerWord(c.From), To: pointerWord(c.To)})
	}
	return all
}

// found is what a stage found; nil for one that does not look.
func (m *maker) found(sr *pipeline.StageRun) *Found {
	ref, l := sr.Snapshot, &Found{}
	if c := sr.Check; c != nil {
		ref, l.Changes = c.Before, changes(c.Changes)
		if c.After != nil {
			l.Fragile = fragile(c.After)
		}
	}
	if ref == nil {
		return nil
	}
	l.Recorded, l.At, l.Drift = ref.Parts, ref.At, changes(ref.Drift)
	if l.Fragile == nil {
		l.Fragile = fragile(ref)
	}
	return l
}

func fragile(ref *pipeline.SnapshotRef) []Part {
	all := parts(ref.Fragile)
	for _, u := range ref.Unread {
		all = append(all, Part{Name: componentName(u.Kind, ""), Why: &u.Why})
	}
	return all
}

// what is the rollback in a few words.
func (r *Restore) what() string {
	to := r.To
	if to == "" {
		to = "the release before"
	}
	kind := "Rollback"
	if r.Automatic {
		kind = "Automatic rollback"
	}
	return fmt.Sprintf("%s from %s to %s", kind, r.Leaves, to)
}

// who asked, in words.
func (r *Restore) who() string {
	switch {
	case r.Automatic:
		return "Gatehouse began it by itself."
	case r.BreakGlass:
		return r.By + " asked for it and broke the glass: somebody reviews it afterwards."
	}
	return r.By + " asked for it."
}

// RestorePlan renders what a rollback would do, as Markdown.
func RestorePlan(environment string, plan pipeline.RestorePlan) string {
	r, longest := planned(plan)
	var l lines
	l.add("A rollback of %s would go to **%s**: %s, %s.", md(environment), md(r.To), count(len(r.Moves), "move"), "done at Google within about "+longest)
	movesMD(&l, r)
	leftMD(&l, r)
	return l.String()
}

// planned is a plan that nobody has carried out, and about how long it would take.
func planned(plan pipeline.RestorePlan) (r *Restore, takes string) {
	r = &Restore{To: plan.Target.Version, Left: parts(plan.Left), Same: plan.Same, Migrations: plan.Migrations}
	longest := time.Duration(0)
	for _, mv := range plan.Moves {
		r.Moves = append(r.Moves, moveOf(mv, nil))
		longest = max(longest, mv.Takes)
	}
	return r, span(longest)
}

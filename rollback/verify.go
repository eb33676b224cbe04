package rollback

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The words of a deploy's verify, with the kinds that they mean.
func kindsOf(declared string) []pipeline.ComponentKind {
	switch declared {
	case "rules":
		return []pipeline.ComponentKind{pipeline.ComponentRules}
	case "hosting":
		return []pipeline.ComponentKind{pipeline.ComponentHosting}
	case "functions":
		return []pipeline.ComponentKind{pipeline.ComponentFunction, pipeline.ComponentService}
	}
	return nil
}

// Deployed says what keeps a deploy whose workflow succeeded from being a whole
// one. Declared are the words of its verify; sensitive are the files of rules,
// migrations and workflows that the release changes.
//
// A hosting deploy always makes a new version. Rules change only if the release
// changes their files, because the Firebase CLI does not upload equal text. A
// codebase of functions is deployed as a whole: if one of its functions was
// updated and another was not, half of the deploy is missing.
func Deployed(before, after pipeline.Snapshot, declared, sensitive []string) []pipeline.Refusal {
	d := deployed{before: before, after: after, changes: pipeline.Changes(before, after)}
	for _, word := range declared {
		for _, kind := range kindsOf(word) {
			if !d.known(kind) {
				return d.problems
			}
		}
	}
	if slices.Contains(declared, "hosting") && !d.changed(pipeline.ComponentHosting) {
		d.problem("hosting-unchanged", "The workflow succeeded, but no site has a new version.", "See whether its log has the hosting step.")
	}
	if slices.Contains(declared, "rules") && slices.ContainsFunc(sensitive, isRules) && !d.changed(pipeline.ComponentRules) {
		d.problem("rules-unchanged", "The release changes security rules, but the released rules are as they were.", "See whether the workflow's log has the rules step.")
	}
	if slices.Contains(declared, "functions") {
		d.functions()
	}
	return d.problems
}

type deployed struct {
	before, after pipeline.Snapshot
	changes       []pipeline.Change
	problems      []pipeline.Refusal
}

func (d *deployed) problem(code, reason, fix string) {
	d.problems = append(d.problems, pipeline.Refusal{Code: code, Reason: reason, Fix: fix})
}

func (d *deployed) known(kind pipeline.ComponentKind) bool {
	for _, s := range []pipeline.Snapshot{d.after, d.before} {
		for _, u := range s.Unread {
			if u.Kind == kind {
				d.problem("live-unknown", fmt.Sprintf("What is live of %s could not be read: %s", kind, u.Why.Reason), u.Why.Fix)
				return false
			}
		}
	}
	return true
}

func (d *deployed) changed(kind pipeline.ComponentKind) bool {
	return slices.ContainsFunc(d.changes, func(c pipeline.Change) bool { return c.Kind == kind })
}

func isRules(path string) bool { return strings.HasSuffix(path, ".rules") }

// functions asks for three things: each is in order, each serves its newest
// revision, and none of a codebase was left out.
func (d *deployed) functions() {
	updated, left := map[string]int{}, map[string][]string{}
	for _, c := range d.after.Components {
		if c.Kind != pipeline.ComponentFunction {
			continue
		}
		if c.State != "" && c.State != "ACTIVE" {
			d.problem("function-not-active", fmt.Sprintf("The function %s is %s.", c.ID, c.State), "See its log in the Google Cloud console.")
		}
		was, there := d.before.Component(c.Key())
		if there && was.Same(c) {
			left[c.Part] = append(left[c.Part], c.ID)
		} else {
			updated[c.Part]++
		}
	}
	for _, part := range slices.Sorted(maps.Keys(left)) {
		if n := updated[part]; n > 0 && part != "" {
			d.problem("functions-half", fmt.Sprintf("Of the codebase %s %d functions were updated and %d were not: %s.", part, n, len(left[part]), some(left[part])),
				"Quotas are the usual cause: see the workflow's log.")
		}
	}
}

// some names the first few.
func some(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

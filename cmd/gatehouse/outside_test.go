package main_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// facts are what the outside holds at the end, without ids and times.
func facts(w witness.World, told demo.Told) []string {
	name := strings.NewReplacer(told.Staging, "STAGING", told.Release, "RELEASE", told.Staging[:7], "STAGING", told.Release[:7], "RELEASE")
	var out []string
	add := func(format string, args ...any) { out = append(out, name.Replace(fmt.Sprintf(format, args...))) }
	for _, c := range w.Repo.CheckRuns {
		if c.App == "gatehouse" {
			add("check %s on %s: %s %s", c.Name, c.HeadSHA, c.Status, c.Conclusion)
		}
	}
	for _, r := range w.Repo.Runs {
		add("workflow %s on %s %s: %s %s attempt %d", r.Path, r.HeadSHA, r.Inputs["environment"], r.Status, r.Conclusion, r.Attempt)
		for _, j := range r.Jobs {
			if j.Gate != nil && j.Gate.NeedsRule {
				add("door of %s on %s: %s by rule, reviewed %t", r.Path, r.HeadSHA, j.Gate.Verdict, j.Gate.Reviewed)
			}
		}
	}
	for _, d := range w.Repo.Deployments {
		last := "none"
		if n := len(d.Statuses); n > 0 {
			last = d.Statuses[n-1].State
		}
		add("deployment of %s to %s via %s: %s", d.SHA, d.Environment, d.Via, last)
	}
	for _, c := range w.Repo.Comments {
		add("comment by %s%s with %d reactions", c.By, c.Via, len(c.Reactions))
	}
	for _, m := range w.Messages {
		add("slack message, reply %t: %.60s", m.Thread != "", m.Text)
	}
	slices.Sort(out)
	return out
}

func compare(want, got []string) string {
	var b strings.Builder
	count := map[string]int{}
	for _, f := range want {
		count[f]++
	}
	for _, f := range got {
		count[f]--
	}
	for f, n := range count {
		switch {
		case n > 0:
			fmt.Fprintf(&b, "lost %d×: %s\n", n, f)
		case n < 0:
			fmt.Fprintf(&b, "too much %d×: %s\n", -n, f)
		}
	}
	return b.String()
}

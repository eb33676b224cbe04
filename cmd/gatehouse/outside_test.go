package main_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// facts are what the outside holds at the end, without ids and times.
func facts(w witness.World, told demo.Told) []string {
	var names []string
	for sha, name := range map[string]string{told.Staging: "STAGING", told.Release: "RELEASE"} {
		if sha != "" { // else the story did not get there
			names = append(names, sha, name, sha[:7], name)
		}
	}
	name := strings.NewReplacer(names...)
	var out []string
	add := func(format string, args ...any) { out = append(out, name.Replace(fmt.Sprintf(format, args...))) }
	for _, c := range w.Repo.CheckRuns {
		if c.App == "gatehouse" {
			add("check %s on %s: %s %s", c.Name, c.HeadSHA, c.Status, strings.TrimSpace(c.Conclusion+" "+answer(c)))
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
	for _, m := range w.Discord {
		for _, e := range m.Embeds {
			if strings.Contains(e.Title, "succeeded") { // Discord cannot be asked for what a crash left behind, a bare title
				add("discord message: %s", e.Title)
			}
		}
	}
	slices.Sort(out)
	return out
}

// answer is what a check run says that answers a command.
func answer(c sandbox.CheckRun) string {
	if c.Name != "gatehouse / reply" {
		return ""
	}
	text, _, _ := strings.Cut(c.Output.Summary, "<!--")
	return strings.TrimSpace(text)
}

// compare says what is lost and what is too much; nothing if all is as it should be.
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

// doneTwice lists what was begun more often than it should, wherever that got to.
func doneTwice(want, got []string) (twice []string) {
	count := map[string]int{}
	for _, f := range want {
		what, _, _ := strings.Cut(f, ": ")
		count[what]++
	}
	for _, f := range got {
		what, _, _ := strings.Cut(f, ": ")
		if count[what]--; count[what] < 0 {
			twice = append(twice, what)
		}
	}
	return twice
}

package witness

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// checks are the app's check runs of the release.
func (f *facts) checks() []sandbox.CheckRun {
	return slices.DeleteFunc(f.w.Repo.CheckRunsOf(f.w.Release), func(c sandbox.CheckRun) bool { return c.App != appSlug })
}

// checkNames: two check runs of one name hide each other, on the commit and in branch protection.
func checkNames(f *facts) []string {
	seen := map[string]bool{}
	var saw []string
	for _, c := range f.checks() {
		if seen[c.Name] {
			saw = append(saw, "there are two check runs named "+c.Name)
		}
		seen[c.Name] = true
	}
	return saw
}

// written is what a request made or changed of a check run.
type written struct {
	call       sandbox.Call
	name       string
	conclusion string
	created    bool
}

// writes lists the accepted requests that made or changed check runs of the release.
func (f *facts) writes() []written {
	var out []written
	for _, c := range f.w.Calls {
		var in struct {
			Name       string `json:"name"`
			SHA        string `json:"head_sha"`
			Conclusion string `json:"conclusion"`
		}
		if c.Kind != sandbox.KindGitHub || !byApp(c) || !success(c) {
			continue
		}
		read(c.Body, &in)
		switch {
		case c.Method == "POST" && c.Route == routeChecks && in.SHA == f.w.Release:
			out = append(out, written{c, in.Name, in.Conclusion, true})
		case c.Method == "PATCH" && c.Route == routeCheck:
			for _, check := range f.checks() {
				if strconv.FormatInt(check.ID, 10) == path.Base(c.Path) {
					out = append(out, written{c, check.Name, in.Conclusion, false})
				}
			}
		}
	}
	return out
}

// checkMadeOnce: a check run made again leaves the first one open for ever.
func checkMadeOnce(f *facts) []string {
	counts := map[string]int{}
	for _, c := range f.checks() {
		counts[c.Name] = 0
	}
	for _, w := range f.writes() {
		if w.created {
			counts[w.name]++
		}
	}
	var saw []string
	for name, n := range counts {
		if n != 1 {
			saw = append(saw, fmt.Sprintf("the check run %s was made %d times, not once", name, n))
		}
	}
	slices.Sort(saw)
	return saw
}

// checksGreen: a release that is verified leaves nothing open and nothing red behind.
func checksGreen(f *facts) []string {
	var saw []string
	for _, c := range f.checks() {
		if c.Status != "completed" || c.Conclusion != "success" {
			saw = append(saw, strings.TrimSpace(fmt.Sprintf("%s ended as %s %s", c.Name, c.Status, c.Conclusion)))
		}
	}
	if len(f.checks()) == 0 {
		saw = append(saw, "the release has no check runs")
	}
	return saw
}

// checksLink: a check run without a link leaves its reader alone with a colour.
func checksLink(f *facts) []string {
	var saw []string
	for _, c := range f.checks() {
		if c.DetailsURL == "" {
			saw = append(saw, c.Name+" has no details_url")
		}
	}
	return saw
}

// gateWasShown: an approver sees buttons only on a gate that asks for action, and while it is not too late.
func gateWasShown(f *facts) []string {
	gate := f.w.Environment + " / Approval"
	opening, opened := f.opening()
	for _, w := range f.writes() {
		if w.name == gate && w.conclusion == "action_required" && (!opened || w.call.Seq < opening.Seq) {
			return nil
		}
	}
	return []string{gate + " never asked for action before the release was let in"}
}

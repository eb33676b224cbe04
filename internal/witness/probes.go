package witness

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// probe is a page that the starter's smoke tests ask for.
type probe struct {
	path string
	must bool // it has to answer 200
}

func probes(environment string) []probe {
	base := "/sites/" + environment
	out := []probe{{base, true}, {base + "/api/health", true}}
	if environment != staging {
		out = append(out, probe{base + "/beta", false})
	}
	return out
}

// probesHit: a release is verified by looking at it, after it was deployed.
func probesHit(f *facts) []string {
	var saw []string
	for _, p := range f.places() {
		done := f.deployed(p)
		for _, want := range probes(p.environment) {
			if !f.hit(want, done) {
				saw = append(saw, fmt.Sprintf("nobody looked at %s with success after the deploy of %s", want.path, short(p.commit)))
			}
		}
	}
	return saw
}

// hit reports whether the last look at a page after that time was as it must be.
func (f *facts) hit(want probe, after time.Time) bool {
	good := false
	for _, c := range f.visits(want.path) {
		if strings.TrimSuffix(c.Path, "/") == want.path && !after.IsZero() && !c.At.Before(after) {
			good = c.Status == 200 || c.Status != 0 && !want.must
		}
	}
	return good
}

// probesWaited: a look before the deploy is over sees the old release and proves nothing.
func probesWaited(f *facts) []string {
	var saw []string
	for _, p := range f.places() {
		done := f.deployed(p)
		for _, c := range f.visits("/sites/" + p.environment) {
			if !done.IsZero() && c.At.Before(done) {
				saw = append(saw, fmt.Sprintf("call %d looked at %s before the deploy of %s was over", c.Seq, c.Path, short(p.commit)))
			}
		}
	}
	return saw
}

// visits lists the requests to a page and what is below it.
func (f *facts) visits(base string) []sandbox.Call {
	var out []sandbox.Call
	for _, c := range f.w.Calls {
		if c.Kind == sandbox.KindSite && (c.Path == base || strings.HasPrefix(c.Path, base+"/")) {
			out = append(out, c)
		}
	}
	return out
}

// deployed is when the app could first know that the deploy was over; zero if it could not.
// The record is in order of the end of calls, so the first one found need not be the earliest.
func (f *facts) deployed(p place) time.Time {
	var first time.Time
	for _, run := range f.deploys(p.commit, p.environment) {
		for _, c := range f.w.Calls {
			if tellsEnd(c, run.ID) && (first.IsZero() || c.At.Before(first)) {
				first = c.At
			}
		}
	}
	return first
}

// tellsEnd reports whether a webhook or an answer told the app that a run is completed.
func tellsEnd(c sandbox.Call, id int64) bool {
	type run struct {
		ID     int64  `json:"id"`
		Status string `json:"status"`
	}
	var told struct {
		run
		Run  run   `json:"workflow_run"`
		Runs []run `json:"workflow_runs"`
	}
	raw := c.Answer
	switch {
	case c.Kind == sandbox.KindWebhook && c.Event == "workflow_run":
		raw = c.Body
	case c.Kind != sandbox.KindGitHub || !strings.Contains(c.Route, "/actions/"):
		return false
	}
	read(raw, &told)
	for _, r := range append(told.Runs, told.run, told.Run) {
		if r.ID == id && r.Status == "completed" {
			return true
		}
	}
	return false
}

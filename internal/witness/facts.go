package witness

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// The routes that rules look for.
const (
	routeVerdict  = "/repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule"
	routeDispatch = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches"
	routeChecks   = "/repos/{owner}/{repo}/check-runs"
	routeCheck    = "/repos/{owner}/{repo}/check-runs/{check_run_id}"
)

// facts are what several rules want to know of a world.
type facts struct {
	w          World
	dispatches []dispatch
	verdicts   []verdict
}

// dispatch is a workflow that was started, and what it was told.
type dispatch struct {
	call        sandbox.Call
	file        string
	environment string
	name        string // the input gatehouse_run
	sha         string // the input sha
	run         *sandbox.WorkflowRun
}

// verdict is an answer of the app for its protection rule.
type verdict struct {
	call        sandbox.Call
	run         int64
	environment string
	state       string
}

func gather(w World) *facts {
	f := &facts{w: w}
	for _, c := range w.Calls {
		if c.Kind != sandbox.KindGitHub || c.Method != "POST" {
			continue
		}
		switch c.Route {
		case routeDispatch:
			if byApp(c) && success(c) {
				f.dispatches = append(f.dispatches, f.dispatchOf(c))
			}
		case routeVerdict:
			if v := verdictOf(c); v.state != "" {
				f.verdicts = append(f.verdicts, v)
			}
		}
	}
	return f
}

func (f *facts) dispatchOf(c sandbox.Call) dispatch {
	var in struct {
		Inputs map[string]string `json:"inputs"`
	}
	var answer struct {
		Run int64 `json:"workflow_run_id"`
	}
	read(c.Body, &in)
	read(c.Answer, &answer)
	d := dispatch{
		call: c, file: f.fileOf(path.Base(path.Dir(c.Path))), environment: in.Inputs["environment"],
		name: in.Inputs["gatehouse_run"], sha: in.Inputs["sha"],
	}
	for i, run := range f.w.Repo.Runs {
		named := run.Inputs["gatehouse_run"] == d.name && path.Base(run.Path) == d.file
		if run.ID == answer.Run || answer.Run == 0 && named {
			d.run = &f.w.Repo.Runs[i]
		}
	}
	return d
}

// fileOf is the file name of a workflow that a path names by file or id.
func (f *facts) fileOf(name string) string {
	for _, wf := range f.w.Repo.Workflows {
		if strconv.FormatInt(wf.ID, 10) == name {
			return path.Base(wf.Path)
		}
	}
	return name
}

// commit is what a dispatch really started on; what it was told if that is unknown.
func (d dispatch) commit() string {
	if d.run != nil {
		return d.run.HeadSHA
	}
	return d.sha
}

func verdictOf(c sandbox.Call) verdict {
	var in struct {
		Environment string `json:"environment_name"`
		State       string `json:"state"`
	}
	read(c.Body, &in)
	id, err := strconv.ParseInt(path.Base(path.Dir(c.Path)), 10, 64)
	if err != nil {
		id = 0 // No run has this id, so the verdict counts as one for another run.
	}
	return verdict{call: c, run: id, environment: in.Environment, state: in.State}
}

func (v verdict) opened() bool { return v.state == "approved" && outcome(v.call) == 204 }

// dispatched tells whether the app started a run, by the record and by GitHub.
func (f *facts) dispatched(id int64) bool {
	return slices.ContainsFunc(f.dispatches, func(d dispatch) bool {
		return d.run != nil && d.run.ID == id && d.run.Actor == appLogin
	})
}

// deploys lists the runs of the deploy workflow that the app started for a commit.
func (f *facts) deploys(commit, environment string) []sandbox.WorkflowRun {
	var out []sandbox.WorkflowRun
	for _, run := range f.w.Repo.Runs {
		if path.Base(run.Path) == deployFile && run.HeadSHA == commit && run.Inputs["environment"] == environment && f.dispatched(run.ID) {
			out = append(out, run)
		}
	}
	return out
}

// releases reports whether a run deploys the release.
func (f *facts) releases(id int64) bool {
	return slices.ContainsFunc(f.deploys(f.w.Release, f.w.Environment), func(run sandbox.WorkflowRun) bool { return run.ID == id })
}

// opening is the call that let the release into its environment: the verdict or, without a door, the dispatch.
func (f *facts) opening() (c sandbox.Call, found bool) {
	if f.w.Gate == gateNone {
		for _, d := range f.dispatches {
			if d.file == deployFile && d.commit() == f.w.Release && d.environment == f.w.Environment {
				return d.call, true
			}
		}
		return sandbox.Call{}, false
	}
	for _, v := range f.verdicts {
		if v.opened() && f.releases(v.run) {
			return v.call, true
		}
	}
	return sandbox.Call{}, false
}

// places are the commits of the story and where each of them went.
func (f *facts) places() []place {
	return []place{{f.w.Staging, staging}, {f.w.Release, f.w.Environment}}
}

type place struct{ commit, environment string }

// before reports whether one call was over before the other had even come.
func before(a, b sandbox.Call) bool { return a.Seq < b.Seq && !a.At.After(b.At) }

func byApp(c sandbox.Call) bool {
	return c.As == "app" || strings.HasPrefix(c.As, "installation:")
}

// outcome is what the world made of a request, even where a fault hid it from the app.
func outcome(c sandbox.Call) int {
	if c.TrueStatus == 0 && c.Fault == "" {
		return c.Status
	}
	return c.TrueStatus
}

func success(c sandbox.Call) bool { return outcome(c) >= 200 && outcome(c) < 300 }

// read takes what it can from JSON; what does not decode stays empty and so counts against the story.
func read(raw []byte, into any) { _ = json.Unmarshal(raw, into) }

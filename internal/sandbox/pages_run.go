package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

type runData struct {
	Repo   string
	Run    WorkflowRun
	Jobs   []Job
	Doors  []door
	Stages []reviewLine
	// Attempt is the one that is shown.
	Attempt int
}

// door is an environment at which jobs of the run wait.
type door struct {
	Environment string
	Jobs        []string
	NeedsReview bool
	NeedsRule   bool
	Reviewers   []string
	// CanReview tells that the person at the browser may answer.
	CanReview bool
	Reports   []string
}

// reviewLine is an answer that was given in the dialog.
type reviewLine struct {
	Review
	Environment string
}

// run shows a workflow run, its jobs, and the Review deployments dialog while jobs wait.
func (p *pages) run(req *http.Request, you string) (pageResult, error) {
	name := req.PathValue("owner") + "/" + req.PathValue("repo")
	id, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
	if err != nil {
		return pageResult{}, errNoPage
	}
	run, err := p.w.Run(name, id)
	if err != nil {
		return pageResult{}, err
	}
	d := runData{Repo: name, Run: run, Attempt: run.Attempt}
	if n, err := strconv.Atoi(req.PathValue("attempt")); err == nil {
		d.Attempt = n
	}
	for _, j := range run.Jobs {
		if j.Attempt == d.Attempt {
			d.Jobs = append(d.Jobs, *j)
		}
	}
	d.Doors = p.doors(d.Jobs, you)
	for _, r := range run.Reviews {
		for _, env := range r.Environments {
			d.Stages = append(d.Stages, reviewLine{Review: r, Environment: env})
		}
	}
	return pageResult{title: run.DisplayTitle, data: d, form: slices.ContainsFunc(d.Doors, door.open)}, nil
}

// open tells that a person can answer now.
func (d door) open() bool { return d.NeedsReview }

// Closed words why the person at the browser cannot answer, empty if he can.
func (d door) Closed() string {
	switch {
	case !d.NeedsReview && d.NeedsRule:
		return "Waiting for the deployment protection rule of the app."
	case !d.NeedsReview:
		return "Waiting for a timer."
	case !d.CanReview:
		return "You are not among the reviewers of this environment."
	}
	return ""
}

func (p *pages) doors(jobs []Job, you string) []door {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	var out []door
	for _, j := range jobs {
		if j.Status != "waiting" || j.Gate == nil {
			continue
		}
		i := slices.IndexFunc(out, func(d door) bool { return d.Environment == j.Environment })
		if i < 0 {
			out = append(out, door{Environment: j.Environment, Reviewers: j.Gate.Reviewers})
			i = len(out) - 1
		}
		d := &out[i]
		d.Jobs = append(d.Jobs, j.Name)
		d.NeedsReview = d.NeedsReview || j.Gate.NeedsReview && !j.Gate.Reviewed
		d.NeedsRule = d.NeedsRule || j.Gate.NeedsRule && !j.Gate.RulePassed
		d.CanReview = p.w.isReviewer(j.Gate.Reviewers, you)
		d.Reports = append(d.Reports, j.Gate.Reports...)
	}
	return out
}

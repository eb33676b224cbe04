package stage

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// maxReports is how many reports GitHub takes for one deployment.
const maxReports = 10

// showDoor says on GitHub's own page of the waiting job what is missing, until
// our verdict says the rest. Reports cannot be read back: each try counts as one.
func showDoor(ctx context.Context, repo Doors, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	run := job.State.Run
	same := engine.Shown{Remote: job.Remote, Hash: job.Hash}
	g := run.Gate
	if g == nil || !g.Reports() {
		return same, nil
	}
	text, ok := templates.DoorReport(view)
	workflow := parkedAt(run, g.Deploy)
	sent := reports(job.Remote, workflow) + job.Tries
	if !ok || workflow == 0 || hashOf(text) == job.Hash || sent >= maxReports {
		return same, nil
	}
	out := engine.Shown{Remote: fmt.Sprintf("%d/%d", workflow, sent+1), Hash: hashOf(text)}
	err := repo.ReportDoor(ctx, workflow, g.Environment, text)
	switch github.ClassOf(err) {
	case github.NotFound, github.Invalid, github.Conflict, github.Forbidden:
		// The job waits no more, or GitHub has heard enough: the check says it too.
		return engine.Shown{Remote: fmt.Sprintf("%d/%d", workflow, maxReports), Hash: out.Hash}, nil
	case github.RateLimited, github.Unavailable, github.Ambiguous, github.Unauthorized, github.Suspended, github.Uninstalled, github.Canceled, github.Unexpected:
	}
	return out, err
}

// parkedAt is the workflow run that a stage dispatched, or 0.
func parkedAt(run *pipeline.Run, stage string) int64 {
	if sr := run.Stages[stage]; sr != nil && sr.Workflow != nil {
		return sr.Workflow.ID
	}
	return 0
}

// reports is how many reports a workflow run has had.
func reports(remote string, workflow int64) int {
	of, count, _ := strings.Cut(remote, "/")
	n, err := strconv.Atoi(count)
	if err != nil || of != strconv.FormatInt(workflow, 10) {
		return 0
	}
	return n
}

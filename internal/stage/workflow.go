package stage

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	// lookBack widens the search for a started workflow, because GitHub's clock is
	// not ours.
	lookBack = 2 * time.Minute
	// forceAfter is how long a workflow may take to end politely.
	forceAfter = 30 * time.Second
	// unlisted is how long GitHub may not know a run that it has just named.
	unlisted = 2 * time.Minute
)

// startWorkflow dispatches a workflow, once.
func (p *Performers) startWorkflow(ctx context.Context, repo Repo, job engine.Job, e pipeline.StartWorkflow) (pipeline.Outcome, error) {
	if e.Branch == "" {
		return nil, refuse("no-branch", "GitHub starts workflows on branches and tags only, and this release is neither.", "Push the commit to a branch.")
	}
	if job.Tries > 0 {
		found, err := p.lookForWorkflow(ctx, repo, job, e)
		if found != nil || err != nil {
			return found, err
		}
	}
	run, err := repo.Dispatch(ctx, github.Dispatch{File: e.File, Ref: e.Branch, Inputs: e.Inputs})
	if err != nil {
		return nil, judgeDispatch(err, e, isDeploy(job))
	}
	if run.ID == 0 {
		p.accepted(e.Nonce, true)
		return nil, &engine.Retry{Class: engine.RetryUnsure, Reason: "GitHub started " + e.File + " and did not say which run it is."}
	}
	url := run.HTMLURL
	if url == "" {
		url = p.Links.Workflow(job.Repo, run.ID)
	}
	return pipeline.WorkflowStarted{Workflow: pipeline.WorkflowRun{ID: run.ID, URL: url}}, nil
}

// lookForWorkflow finds what an earlier try may have started. Neither an outcome
// nor an error means that nothing was started.
func (p *Performers) lookForWorkflow(ctx context.Context, repo Workflows, job engine.Job, e pipeline.StartWorkflow) (pipeline.Outcome, error) {
	runs, err := repo.DispatchedSince(ctx, e.File, e.Branch, job.FirstAt.Add(-lookBack))
	if isNotFound(err) {
		return nil, missingFile(e.File, "on the default branch", isDeploy(job), e.Inputs)
	}
	if err != nil {
		return nil, err
	}
	self, err := p.App.Self(ctx)
	if err != nil {
		return nil, err
	}
	match, doubt := candidates(runs, self, job.Run, e)
	switch {
	case len(match) == 1:
		p.accepted(e.Nonce, false)
		return pipeline.WorkflowStarted{Workflow: workflowOf(match[0])}, nil
	case len(match) > 1:
		return nil, unsure("workflow-twice", fmt.Sprintf("%d runs of %s carry the mark of this attempt: %s.", len(match), e.File, links(match)),
			"Cancel all of them, then press Retry.")
	case len(doubt) > 0:
		return nil, unsure("workflow-unmarked", fmt.Sprintf("Gatehouse may have started %s already: these runs carry no mark of their attempt: %s.", e.File, links(doubt)),
			"Give the workflow the line run-name: \"… [gh:${{ inputs.gatehouse_run }}]\", cancel those runs, then press Retry.")
	case p.isAccepted(e.Nonce):
		return nil, &engine.Retry{Class: engine.RetryUnsure, Reason: "GitHub started " + e.File + " and does not list the run yet."}
	case job.Now.Before(job.FirstAt.Add(p.Lag)):
		return nil, &engine.Retry{Class: engine.RetryAt, At: job.FirstAt.Add(p.Lag), Reason: "GitHub may not list the run of " + e.File + " yet."}
	}
	return nil, nil //nolint:nilnil // Nothing was started, which is neither an outcome nor an error.
}

func isDeploy(job engine.Job) bool {
	e, ok := job.Effect.(pipeline.StartWorkflow)
	if !ok || job.Run == nil {
		return false
	}
	st := job.Run.Plan().Stage(e.Stage)
	return st != nil && st.Kind == pipeline.KindDeploy
}

// anyNonce is the mark that some attempt of Gatehouse put into a title.
var anyNonce = regexp.MustCompile(`[0-9a-f]{16}/[A-Za-z0-9._-]+/[0-9]+`)

// candidates sorts the runs that our App dispatched: those of this attempt, and
// those that do not say whose they are.
func candidates(runs []github.WorkflowRun, self github.Self, run *pipeline.Run, e pipeline.StartWorkflow) (match, doubt []github.WorkflowRun) {
	for _, w := range runs {
		file, _, _ := strings.Cut(w.Path, "@") // GitHub may add a ref
		ours := w.Actor.ID == self.BotID && self.BotID != 0 || w.Actor.Login == self.BotLogin
		if w.Event != "workflow_dispatch" || path.Base(file) != path.Base(e.File) || !ours || isKnown(run, w.ID) {
			continue
		}
		switch {
		case hasNonce(w.DisplayTitle, e.Nonce):
			match = append(match, w)
		case !strings.Contains(w.DisplayTitle, "[gh:") && !anyNonce.MatchString(w.DisplayTitle):
			doubt = append(doubt, w)
		}
	}
	return match, doubt
}

// hasNonce looks for the whole nonce: that of attempt 1 begins that of attempt 10.
func hasNonce(title, nonce string) bool {
	for _, found := range anyNonce.FindAllString(title, -1) {
		if found == nonce {
			return true
		}
	}
	return strings.Contains(title, "[gh:"+nonce+"]")
}

// isKnown says that a workflow run belongs to a stage already.
func isKnown(run *pipeline.Run, id int64) bool {
	if run == nil {
		return false
	}
	for _, sr := range run.Stages {
		if sr.Workflow != nil && sr.Workflow.ID == id {
			return true
		}
	}
	return false
}

func links(runs []github.WorkflowRun) string {
	var all []string
	for _, w := range runs {
		name := w.HTMLURL
		if name == "" {
			name = strconv.FormatInt(w.ID, 10)
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// judgeDispatch gives GitHub's refusals of a dispatch the lines that help.
func judgeDispatch(err error, e pipeline.StartWorkflow, deploys bool) error {
	said := strings.ToLower(err.Error())
	class := github.ClassOf(err)
	switch {
	case class == github.NotFound:
		return missingFile(e.File, "on the default branch", deploys, e.Inputs)
	case class != github.Invalid:
		return err
	case strings.Contains(said, "no ref found"):
		return refuse("branch-gone", fmt.Sprintf("The branch %s does not exist any more, so GitHub cannot start %s on it.", e.Branch, e.File),
			"Push the branch again.")
	case strings.Contains(said, "unexpected inputs"):
		return noInputs(e.File, undeclared(err.Error(), e.Inputs), e.Inputs)
	case strings.Contains(said, "workflow_dispatch"):
		return noTrigger(e.File, e.Inputs)
	}
	return err
}

// undeclared picks the inputs that GitHub names in its refusal.
func undeclared(said string, inputs map[string]string) []string {
	var names []string
	for _, name := range append(inputsOf(), slices.Sorted(maps.Keys(inputs))...) {
		if strings.Contains(said, `"`+name+`"`) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// readWorkflow reads a run as GitHub has it now.
func (p *Performers) readWorkflow(ctx context.Context, repo WorkflowRuns, job engine.Job, e pipeline.ReadWorkflow) (pipeline.Outcome, error) {
	w, err := repo.WorkflowRun(ctx, e.Workflow)
	if isNotFound(err) && job.Now.Before(job.FirstAt.Add(unlisted)) {
		return nil, &engine.Retry{Class: engine.RetryLater, Reason: "GitHub does not know the workflow run yet.", Err: err}
	}
	if isNotFound(err) {
		return nil, refuse("workflow-gone", fmt.Sprintf("The workflow run %d was deleted in GitHub.", e.Workflow), "Press Retry to start it anew.")
	}
	if err != nil {
		return nil, err
	}
	return pipeline.WorkflowRead{Workflow: workflowOf(w)}, nil
}

// readReviews reads who decided on a parked run, and where the run stands.
func (p *Performers) readReviews(ctx context.Context, repo WorkflowRuns, e pipeline.ReadReviews) (pipeline.Outcome, error) {
	w, err := repo.WorkflowRun(ctx, e.Workflow)
	if err != nil {
		return nil, err
	}
	reviews, err := repo.Approvals(ctx, e.Workflow)
	if err != nil {
		return nil, err
	}
	out := pipeline.ReviewsRead{Workflow: workflowOf(w)}
	for _, r := range reviews {
		if r.State != github.Approved && r.State != github.Rejected {
			continue
		}
		out.Reviews = append(out.Reviews, pipeline.Reviewed{
			Workflow: w.ID, Attempt: w.Attempt, Environments: r.Environments, Approved: r.State == github.Approved,
			By: personOf(r.User), Comment: r.Comment, At: w.UpdatedAt, // GitHub does not say when
		})
	}
	return out, nil
}

// cancelWorkflow asks politely first, looks again after half a minute, and then
// ends by force what still runs.
func (p *Performers) cancelWorkflow(ctx context.Context, repo WorkflowRuns, job engine.Job, e pipeline.CancelWorkflow) (pipeline.Outcome, error) {
	due := job.FirstAt.Add(forceAfter)
	force := job.Tries > 0 && !job.Now.Before(due)
	if job.Tries > 0 {
		w, err := repo.WorkflowRun(ctx, e.Workflow)
		if isNotFound(err) || err == nil && w.Status == github.Completed {
			return pipeline.Done{}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	err := repo.Cancel(ctx, e.Workflow, force)
	if isNotFound(err) || err == nil && force {
		return pipeline.Done{}, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, &engine.Retry{Class: engine.RetryAt, At: due, Reason: "GitHub was asked to cancel the workflow run; whether it ended is looked at after half a minute."}
}

func workflowOf(w github.WorkflowRun) pipeline.WorkflowRun {
	return pipeline.WorkflowRun{
		ID: w.ID, Attempt: w.Attempt, Status: string(w.Status), Conclusion: string(w.Conclusion), HeadSHA: w.HeadSHA,
		HeadBranch: w.HeadBranch, Path: w.Path, Title: w.DisplayTitle, URL: w.HTMLURL, UpdatedAt: w.UpdatedAt,
	}
}

func (p *Performers) accepted(nonce string, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if yes {
		p.dispatched[nonce] = true
		return
	}
	delete(p.dispatched, nonce)
}

func (p *Performers) isAccepted(nonce string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dispatched[nonce]
}

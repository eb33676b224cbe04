package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// performOne performs an effect: those that only change stored items here, all
// others outside.
func (e *Engine) performOne(ctx context.Context, t task) (pipeline.Outcome, error) {
	job := *t.effect
	cause := t.ref.ID + " " + job.Key
	switch f := job.Effect.(type) {
	case pipeline.Tell:
		return pipeline.Done{}, e.tell(ctx, job.Repo, f.Run, cause, f.Fact)
	case pipeline.TellRun:
		return pipeline.Done{}, e.tell(ctx, job.Repo, f.Run, cause, f.Fact)
	case pipeline.StartRun:
		return e.startRun(ctx, job, f, cause)
	case pipeline.ChangeLane:
		return e.changeLane(ctx, job, f, cause)
	case pipeline.PlanRestore:
		return e.planRestore(ctx, job, f)
	case pipeline.ReadPinned:
		return e.readPinned(ctx, job, f)
	case pipeline.FindRuns:
		return e.findRuns(ctx, job.Repo)
	case pipeline.Reply:
		if f.Where.Command != "" {
			return e.keepAnswer(ctx, job, f)
		}
		return e.performer.Perform(ctx, job)
	case pipeline.ReadRelease, pipeline.StartWorkflow, pipeline.ReadWorkflow, pipeline.CancelWorkflow, pipeline.ReadReviews, pipeline.RecordReview,
		pipeline.ReadChecks, pipeline.InspectGate, pipeline.VerifyPerson, pipeline.VerifyDoor, pipeline.AnswerDoor,
		pipeline.CreateDeployment, pipeline.RunProbes, pipeline.TakeSnapshot, pipeline.VerifyDeploy, pipeline.JudgeRequest, pipeline.LoadTarget,
		pipeline.MovePart, pipeline.JudgeTrouble, pipeline.SendNotice, pipeline.Remind, pipeline.Summon, pipeline.ReadHead, pipeline.ReadConfig, pipeline.ShowProblems,
		pipeline.ReadBehind, pipeline.SayBehind, pipeline.React:
		return e.performer.Perform(ctx, job)
	}
	return nil, fmt.Errorf("effect %T has no performer", job.Effect)
}

// tell gives another run of the same installation a fact, in a swap of that
// run's own, which also remembers the cause: after a crash between that swap and
// the outcome the run is told again, and must not take one command for two.
func (e *Engine) tell(ctx context.Context, repo pipeline.Repo, to pipeline.RunID, cause string, fact pipeline.Fact) error {
	t, err := e.update(ctx, RunRef(repo.Installation, to), func(t *tx) error {
		if !t.rec.hear(cause) {
			return errNothing
		}
		return t.apply(cause, fact)
	})
	if errors.Is(err, ErrNotFound) {
		e.log.WarnContext(ctx, "a run that is not there cannot be told", logRun, string(to), logFact, pipeline.FactKind(fact))
		return nil
	}
	if err != nil {
		return err
	}
	e.logRefusal(t)
	e.wake(ctx, *t.item)
	return nil
}

// startRun stores a new run and lets it enter its lane, in one swap. A run that
// is there already was started by an earlier try.
func (e *Engine) startRun(ctx context.Context, job Job, f pipeline.StartRun, cause string) (pipeline.Outcome, error) {
	if f.Run == nil || f.Run.Repo.Installation != job.Repo.Installation || f.Run.Repo.ID != job.Repo.ID {
		return nil, errors.New("a run can only be started in the repository that the push came from")
	}
	ref := RunRef(job.Repo.Installation, f.Run.ID)
	t, err := e.attempt(ctx, KindRun, func() (*tx, error) { return e.newRun(ctx, ref, f) }, func(t *tx) error {
		if t.item.Rev != "" {
			return errNothing
		}
		return t.apply(cause, pipeline.Started{})
	})
	if err != nil {
		return nil, fmt.Errorf("start run %s: %w", f.Run.ID, err)
	}
	e.log.InfoContext(ctx, "a run has started", logRun, string(f.Run.ID), logLane, string(f.Run.Lane), logDelivery, f.Run.Cause,
		logRepo, f.Run.Repo.FullName(), "pipeline", f.Run.Pipeline, "version", f.Run.Release.Version, "commit", f.Run.Release.SHA, "by", f.Run.StartedBy.Login)
	e.wake(ctx, *t.item)
	return pipeline.RunStarted{Run: f.Run.ID}, nil
}

// newRun loads the run if it exists, else it begins the item of a new one. The
// machine does not change the run it is given, so every attempt begins alike.
func (e *Engine) newRun(ctx context.Context, ref Ref, f pipeline.StartRun) (*tx, error) {
	t, err := e.load(ctx, ref)
	if err == nil || !errors.Is(err, ErrNotFound) {
		return t, err
	}
	t = &tx{e: e, ctx: ctx, now: e.now(), item: &Item{Ref: ref}, rec: &record{V: bodyVersion, Run: f.Run}}
	return t, t.loadLane()
}

// readPinned reads what a run of the same repository is pinned to.
func (e *Engine) readPinned(ctx context.Context, job Job, f pipeline.ReadPinned) (pipeline.Outcome, error) {
	runs, err := e.RunsByID(ctx, job.Repo.Installation, f.Run)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 || !sameRepo(runs[0].Repo, job.Repo) {
		return pipeline.Failed{Refusal: pipeline.Refusal{
			Code: "no-run", Reason: "Run " + string(f.Run) + ", whose configuration was to be used, is not there.", Fix: "Ask again.",
		}}, nil
	}
	return pipeline.ConfigRead{Spec: runs[0].Spec}, nil
}

// foundFailed bounds the failed runs that a command can reach.
const foundFailed = 20

// findRuns lists the runs of a repository that a command may mean, newest
// first: all active ones and the last failed ones.
func (e *Engine) findRuns(ctx context.Context, repo pipeline.Repo) (pipeline.Outcome, error) {
	var found pipeline.RunsFound
	for _, status := range []pipeline.RunStatus{pipeline.RunActive, pipeline.RunFailed} {
		q := Query{Kind: KindRun, Prefix: tenant(repo.Installation), Scope: scopeOf(repo), State: string(status)}
		if status == pipeline.RunFailed {
			q.Limit = foundFailed
		}
		err := e.each(ctx, q, func(item Item) error {
			rec, err := decodeRecord(item)
			if err != nil {
				e.log.WarnContext(ctx, "a stored run cannot be read and is left out", logItem, item.ID, logError, err)
				return nil
			}
			found.Runs = append(found.Runs, pipeline.FoundOf(rec.Run))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list the %s runs: %w", status, err)
		}
	}
	return found, nil
}

// eachAtOnce is how many items are in memory while many are read: a body may be large.
const eachAtOnce = 100

// each calls f for every item that a query finds: for Limit of them, or for all.
func (e *Engine) each(ctx context.Context, q Query, f func(Item) error) error {
	all := q.Limit == 0
	if all {
		q.Limit = eachAtOnce
	}
	for {
		items, err := e.store.List(ctx, q)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := f(item); err != nil {
				return err
			}
		}
		if !all || len(items) < q.Limit {
			return nil
		}
		q.After = items[len(items)-1].ID
	}
}

func sameRepo(a, b pipeline.Repo) bool { return a.Installation == b.Installation && a.ID == b.ID }

// logRefusal keeps the reason of a "no" findable.
func (e *Engine) logRefusal(t *tx) {
	if t.refused != nil {
		e.log.InfoContext(t.ctx, "a fact changed nothing", logRun, t.rec.id(), logFact, pipeline.FactKind(t.fact),
			logRefused, t.refused.Code, logReason, t.refused.Reason)
	}
}

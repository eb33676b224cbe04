package stage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// showAgain is when a surface is tried again that somebody has to repair first.
const showAgain = 30 * time.Minute

var _ engine.Shower = (*Performers)(nil)

// Show brings one slot up to date. See [engine.Shower].
func (p *Performers) Show(ctx context.Context, job engine.ShowJob) (engine.Shown, error) {
	shown, err := p.show(github.WithPriority(ctx, github.Show), job)
	if err == nil {
		return shown, nil
	}
	kept := engine.Shown{}
	var left *made
	if errors.As(err, &left) {
		kept.Remote = left.remote
	}
	outcome, err := outcomeOf(err, job.State.Run.Repo)
	if err != nil {
		return kept, err
	}
	why := "it cannot be shown"
	if failed, ok := outcome.(pipeline.Failed); ok {
		why = failed.Refusal.Error()
	}
	return kept, &engine.Retry{Class: engine.RetryAt, At: job.Now.Add(showAgain), Reason: why}
}

// made is the error of a try that left something behind: the next one goes on
// from there.
type made struct {
	remote string
	error
}

// Unwrap gives what went wrong.
func (m *made) Unwrap() error { return m.error }

func (p *Performers) show(ctx context.Context, job engine.ShowJob) (engine.Shown, error) {
	view := templates.NewView(job.State, job.Now, p.Links)
	if id, attempt, ok := job.Slot.Check(); ok {
		return p.showCheck(ctx, p.Repos(job.State.Run.Repo), job, view, id, attempt)
	}
	switch job.Slot {
	case pipeline.SlotDeployment:
		return showDeployment(ctx, p.Repos(job.State.Run.Repo), job, view)
	case pipeline.SlotSlack:
		return p.showSlack(ctx, job, view)
	case pipeline.SlotPeople:
		return p.showPeople(ctx, job, view)
	case pipeline.SlotDoor:
		return showDoor(github.WithPriority(ctx, github.Do), p.Repos(job.State.Run.Repo), job, view)
	case pipeline.SlotObserved:
		return showObserved(ctx, p.Repos(job.State.Run.Repo), job, view)
	case pipeline.SlotDetails:
		return p.showDetails(ctx, job, view)
	case pipeline.SlotIncident:
		return showIncident(ctx, p.Repos(job.State.Run.Repo), job, view)
	case pipeline.SlotDiscord:
		return p.showDiscord(ctx, job, view)
	}
	p.Logger.WarnContext(ctx, "a slot is not known to this version", "run", string(job.State.Run.ID), "slot", string(job.Slot))
	return engine.Shown{Remote: job.Remote, Hash: job.Hash}, nil
}

// showCheck writes the check run of one attempt of a stage.
func (p *Performers) showCheck(ctx context.Context, repo Checks, job engine.ShowJob, view templates.View, id string, attempt int) (engine.Shown, error) {
	run := job.State.Run
	sr := run.Stages[id]
	if sr == nil {
		return engine.Shown{Remote: job.Remote, Hash: job.Hash}, nil
	}
	if job.Remote == "" && job.Tries == 0 && !begun(sr) {
		return engine.Shown{Hash: job.Hash}, nil
	}
	check := checkOf(templates.CheckRun(view, id))
	if attempt != sr.Attempt {
		if job.Remote == "" && job.Tries == 0 {
			return engine.Shown{Hash: job.Hash}, nil // it was over before anybody saw it
		}
		check = followed(check, pipeline.ExternalID(run.ID, id, attempt), attempt, job.Now)
	}
	check.HeadSHA = run.Release.SHA
	own := check
	own.Text = "" // the run's story comes along, and is no reason to write
	digest := hashOf(own)
	if attempt != sr.Attempt {
		digest = "followed"
	}
	if digest == job.Hash && job.Remote != "" {
		return engine.Shown{Remote: job.Remote, Hash: digest}, nil
	}
	remote, err := writeCheck(ctx, repo, job, check, attempt == sr.Attempt)
	return engine.Shown{Remote: remote, Hash: digest}, err
}

// showObserved writes the one check run of an observed run.
func showObserved(ctx context.Context, repo Checks, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	check := checkOf(templates.ObservedCheck(view))
	check.HeadSHA = job.State.Run.Release.SHA
	remote, err := writeCheck(ctx, repo, job, check, true)
	return engine.Shown{Remote: remote, Hash: hashOf(check)}, err
}

// begun reports whether a stage has come to its turn: it gets its check run then,
// and not while it waits behind the gate.
func begun(sr *pipeline.StageRun) bool {
	switch sr.Status {
	case pipeline.StagePending, pipeline.StageSkipped, pipeline.StageCanceled:
		return false
	case pipeline.StageRunning, pipeline.StageWaiting, pipeline.StagePassed, pipeline.StageFailed:
	}
	return true
}

// followed ends the check run of an attempt after which another began.
func followed(c github.CheckRun, externalID string, attempt int, now time.Time) github.CheckRun {
	return github.CheckRun{
		Name: c.Name, ExternalID: externalID, DetailsURL: c.DetailsURL, Status: github.Completed, Conclusion: github.Failure,
		CompletedAt: now, Title: fmt.Sprintf("Attempt %d ended; another followed", attempt),
		Summary: "See the newer check run of the same name.",
	}
}

// writeCheck updates the check run, finds the one that an earlier try left, or
// makes it. One that somebody deleted is made anew.
func writeCheck(ctx context.Context, repo Checks, job engine.ShowJob, check github.CheckRun, create bool) (string, error) {
	id, _ := strconv.ParseInt(job.Remote, 10, 64) // empty is zero: not known
	if id == 0 && job.Tries > 0 {
		found, _, err := repo.FindCheck(ctx, check.HeadSHA, check.Name, check.ExternalID)
		if err != nil {
			return "", err
		}
		id = found
	}
	if id != 0 {
		err := repo.UpdateCheck(ctx, id, check)
		if !isNotFound(err) {
			return strconv.FormatInt(id, 10), err
		}
	}
	if !create {
		return "", nil
	}
	id, err := repo.CreateCheck(ctx, check)
	return strconv.FormatInt(id, 10), err
}

// showDeployment adds a status when the state changed. The same state is never
// added twice: people would be told twice.
func showDeployment(ctx context.Context, repo Deployments, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	status, ok := templates.DeploymentOf(view)
	same := engine.Shown{Remote: job.Remote, Hash: job.Hash}
	if !ok {
		return same, nil
	}
	deployment := job.State.Run.Deployment.ID
	out := engine.Shown{Remote: fmt.Sprintf("%d/%s", deployment, status.State), Hash: hashOf(status)}
	if out.Remote == job.Remote {
		return out, nil
	}
	if job.Tries > 0 {
		all, err := repo.DeploymentStatuses(ctx, deployment)
		if err != nil {
			return same, err
		}
		if len(all) > 0 && all[0].State == github.DeploymentState(status.State) && all[0].LogURL == status.LogURL {
			return out, nil
		}
	}
	err := repo.CreateDeploymentStatus(ctx, deployment, github.DeploymentStatus{
		State: github.DeploymentState(status.State), Description: status.Description, LogURL: status.LogURL, EnvironmentURL: status.EnvironmentURL,
	})
	return out, err
}

// hashOf names a rendered content.
func hashOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		b = fmt.Appendf(nil, "%+v", v) // still the same for the same content
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

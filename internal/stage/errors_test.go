package stage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// broken is a repository whose every reading fails in one way.
type broken struct {
	stage.Repo
	err error
}

func (b broken) Environment(context.Context, string) (github.Environment, error) {
	return github.Environment{}, b.err
}

// deadSlack fails every call in one way.
type deadSlack struct {
	stage.Slack
	err error
}

func (d deadSlack) Post(context.Context, slack.Message) (slack.Posted, error) {
	return slack.Posted{}, d.err
}

var soon = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)

func TestGitHubErrors(t *testing.T) {
	for class, want := range map[github.Class]engine.RetryClass{
		github.RateLimited: engine.RetryAt, github.Unavailable: engine.RetryLater, github.Ambiguous: engine.RetryUnsure,
		github.Canceled: engine.RetryLater, github.Unexpected: engine.RetryLater,
		github.Forbidden: "", github.Unauthorized: engine.RetryHindered, github.Suspended: engine.RetryHindered, github.Uninstalled: "", github.Invalid: "", github.Conflict: "",
	} {
		t.Run(string(class), func(t *testing.T) {
			err := error(&github.Error{Class: class, Op: "read an environment", Status: 400, Message: "Nope.", Permission: "actions: read", RetryAt: soon})
			r := newRig(t, func(o *stage.Options) { o.Repos = func(pipeline.Repo) stage.Repo { return broken{err: err} } })
			job := r.job(pipeline.InspectGate{Environment: "production"}, 0)
			if want == "" {
				golden(t, "github-"+string(class), text(perform[pipeline.Failed](r, job)))
				return
			}
			again := r.retries(job, want)
			if again.Hindered != nil {
				golden(t, "github-"+string(class), text(pipeline.Failed{Refusal: *again.Hindered}))
			}
			if want == engine.RetryAt {
				equal(t, "when", again.At, soon)
			}
		})
	}
	r := newRig(t, func(o *stage.Options) {
		o.Repos = func(pipeline.Repo) stage.Repo { return broken{err: errors.New("odd")} }
	})
	_ = r.retries(r.job(pipeline.InspectGate{}, 0), engine.RetryLater)
}

func TestSlackErrors(t *testing.T) {
	for class, want := range map[slack.Class]engine.RetryClass{
		slack.RateLimited: engine.RetryAt, slack.Unavailable: engine.RetryLater, slack.Ambiguous: engine.RetryUnsure,
		slack.Canceled: engine.RetryLater, slack.Unexpected: engine.RetryLater,
		slack.NotFound: "", slack.NotInChannel: "", slack.Auth: "", slack.Invalid: "",
	} {
		t.Run(string(class), func(t *testing.T) {
			err := error(&slack.Error{Class: class, Op: "chat.postMessage", Code: "some_code", Message: "invite the bot", RetryAt: soon})
			r := newRig(t, func(o *stage.Options) { o.Slack = deadSlack{err: err} })
			job := r.job(pipeline.SendNotice{Channel: "#releases"}, 0)
			if want == "" {
				got := perform[pipeline.Failed](r, job)
				equal(t, "fix", got.Refusal.Fix, "Invite the bot.")
				return
			}
			_ = r.retries(job, want)
		})
	}
}

// What the engine does itself never gets here unseen.
func TestForeignEffects(t *testing.T) {
	r := newRig(t)
	for _, e := range []pipeline.Effect{pipeline.FindRuns{}, pipeline.StartRun{}, pipeline.Tell{}, pipeline.TellRun{}, pipeline.ChangeLane{}} {
		equal(t, "code", perform[pipeline.Failed](r, r.job(e, 0)).Refusal.Code, "internal")
	}
}

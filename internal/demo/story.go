package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Teller tells a story in a town.
type Teller struct {
	Town *Town
	Out  io.Writer // what people are told
	Auto bool      // plays every part itself, the approver's too
	// Wait pauses between two looks at the town; an error ends the story.
	Wait func(context.Context) error
	Now  func() time.Time
	// Ponder says when the approver has looked at the release long enough; nil: at once.
	Ponder func() bool
	// AtGate is done while the release waits, and has it approved; nil: it is just approved.
	AtGate func(context.Context, Told) error
	// Outage breaks something from before the final approval of a rollback until
	// everything is back, which over ends; nil: all is well.
	Outage func() (over func(), err error)
}

// Told is what a story came to, for the witness.
type Told struct {
	Staging, Release string        // the commits
	Version          string        // of the release
	Since            int           // the last call before the release's push
	PushToCheck      time.Duration // from the release's push to its first check
	Took             time.Duration
}

// ErrStuck means that what the story waits for did not happen.
var ErrStuck = errors.New("the story does not go on")

// Release tells of a push to staging and a release behind the gate.
func (t *Teller) Release(ctx context.Context) (Told, error) {
	began := t.Now()
	told, err := t.ToTheGate(ctx)
	if err != nil {
		return told, err
	}
	approve := func(ctx context.Context, told Told) error { return t.approve(ctx, told.Release) }
	if t.AtGate != nil {
		approve = t.AtGate
	}
	if err := approve(ctx, told); err != nil {
		return told, err
	}
	if err := t.Until(ctx, "production is verified", t.green(told.Release, "production / Notify")); err != nil {
		return told, err
	}
	if err := t.Until(ctx, "everything is shown", t.quiet(told)); err != nil {
		return told, err
	}
	told.Took = t.Now().Sub(began)
	t.say("v1.2.0 is in production and verified.")
	return told, nil
}

// ToTheGate tells of a push to staging, and of a release until it waits.
func (t *Teller) ToTheGate(ctx context.Context) (told Told, err error) {
	told.Version = "v1.2.0"
	if told.Staging, err = t.staging(ctx); err != nil {
		return told, err
	}
	t.say("dana pushes release/v1.2.0.")
	pushed := t.Now()
	told.Since = len(t.Town.World.Record())
	if told.Release, err = t.Town.World.Push(Repo, sandbox.Push{
		Branch: "release/v1.2.0", From: "main", By: Dana, Message: "Release v1.2.0",
		Files: map[string]string{"package.json": "{\"name\": \"avalo\", \"version\": \"1.2.0\"}\n", "CHANGELOG.md": "# Changes\n\n## 1.2.0\n\n- The balance in the header.\n"},
	}); err != nil {
		return told, err
	}
	if err := t.Until(ctx, "the first check shows", func() bool { return len(t.checks(told.Release)) > 0 }); err != nil {
		return told, err
	}
	told.PushToCheck = t.Now().Sub(pushed)
	return told, t.gate(ctx, told.Release)
}

// staging tells of a push that needs nobody, until all of it is shown.
func (t *Teller) staging(ctx context.Context) (string, error) {
	t.say("dana merges a change to main. Staging needs nobody's approval.")
	sha, err := t.Town.World.Push(Repo, sandbox.Push{
		Branch: "main", By: Dana, Message: "Show the balance in the header",
		Files: map[string]string{"app-web/index.html": "<h1>Avalo</h1><p>Balance</p>\n"},
	})
	if err != nil {
		return "", err
	}
	if err := t.Until(ctx, "staging is verified", t.green(sha, "staging / Notify")); err != nil {
		return sha, err
	}
	if err := t.Until(ctx, "all of staging is shown", func() bool { return t.Town.Shown(sha) }); err != nil {
		return sha, err
	}
	t.say("staging has it: %s", t.Town.URL+"/"+Repo+"/commit/"+sha)
	return sha, nil
}

// gate waits until the release waits for people, who know of it.
func (t *Teller) gate(ctx context.Context, sha string) error {
	if err := t.Until(ctx, "the release waits at its gate", func() bool { return t.conclusion(sha, "production / Approval") == "action_required" }); err != nil {
		return err
	}
	if err := t.Until(ctx, "Slack asks the approvers", func() bool { return t.Town.Told("v1.2.0", "Approval") }); err != nil {
		return err
	}
	if t.Town.opt.Gate == GateReviewers {
		if err := t.Until(ctx, "Slack leads to the waiting run", func() bool { return t.Town.Told("v1.2.0", "Review deployments") }); err != nil {
			return err
		}
	}
	return nil
}

// approve tells people where to approve, or does it as ada.
func (t *Teller) approve(ctx context.Context, sha string) error {
	page := t.Town.URL + "/" + Repo + "/commit/" + sha
	if run := t.waiting(sha); run != 0 {
		page = fmt.Sprintf("%s/%s/actions/runs/%d", t.Town.URL, Repo, run)
	}
	if !t.Auto {
		t.say("The release waits. Now it is your turn: open\n\n    %s\n\nbe ada, and press Review deployments. (Slack: %s/slack, Discord: %s/discord)", page, t.Town.URL, t.Town.URL)
		return nil
	}
	if t.Ponder != nil {
		if err := t.Until(ctx, "the approver has looked at it", t.Ponder); err != nil {
			return err
		}
	}
	t.say("The release waits; ada presses Review deployments: %s", page)
	return t.Town.Approve(sha)
}

// Approve does as ada what the town's gate asks for.
func (t *Town) Approve(sha string) error {
	snap, err := t.World.Snapshot(Repo)
	if err != nil {
		return err
	}
	if t.opt.Gate == GateReviewers {
		for _, r := range snap.Runs {
			if r.HeadSHA == sha && r.Status == "waiting" {
				return t.World.Review(Ada, Repo, r.ID, []string{"production"}, "approved", "Looks good")
			}
		}
		return fmt.Errorf("%w: no workflow run waits at production", ErrStuck)
	}
	_, err = t.World.CommitComment(Ada, Repo, sha, "/approve")
	return err
}

func (t *Teller) waiting(sha string) int64 {
	snap, err := t.Town.World.Snapshot(Repo)
	if err != nil {
		return 0
	}
	for _, r := range snap.Runs {
		if r.HeadSHA == sha && r.Status == "waiting" {
			return r.ID
		}
	}
	return 0
}

func (t *Teller) say(format string, args ...any) {
	fmt.Fprintf(t.Out, format+"\n", args...)
}

// Until looks at the town until what is to happen has happened.
func (t *Teller) Until(ctx context.Context, what string, happened func() bool) error {
	for !happened() {
		if err := t.Wait(ctx); err != nil {
			return fmt.Errorf("%w: waited in vain for this: %s (%w)", ErrStuck, what, err)
		}
	}
	return nil
}

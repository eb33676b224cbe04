package stage_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func TestSendNotice(t *testing.T) {
	r := newRig(t)
	e := pipeline.SendNotice{Channel: "#releases"}
	perform[pipeline.Done](r, r.job(e, 0))
	perform[pipeline.Done](r, r.job(e, 1))
	equal(t, "messages", len(r.slack.Messages("releases")), 1)
	perform[pipeline.Done](r, r.job(pipeline.SendNotice{}, 0))
	got := perform[pipeline.Failed](r, r.job(pipeline.SendNotice{Channel: "#nowhere"}, 0))
	equal(t, "code", got.Refusal.Code, "slack-not-found")
}

func TestReply(t *testing.T) {
	r := newRig(t)
	issue, err := r.AddIssue(repoName, "bob", "Release", false)
	must(t, err)
	onIssue, err := r.Comment("bob", repoName, issue, "/approve")
	must(t, err)
	no := &pipeline.Refusal{Code: "author", Reason: "bob wrote it.", Fix: "Somebody else may approve."}
	where := pipeline.ByComment(pipeline.CommentRef{ID: onIssue, Issue: issue})
	perform[pipeline.Done](r, r.job(pipeline.Reply{Where: where, OK: true}, 0))
	before := len(r.snapshot().Comments)
	perform[pipeline.Done](r, r.job(pipeline.Reply{Where: where, Refused: no}, 0))
	perform[pipeline.Done](r, r.job(pipeline.Reply{Where: where, Refused: no}, 1))
	perform[pipeline.Done](r, r.job(pipeline.Reply{Where: where, Refused: no}, 1))
	all := r.snapshot().Comments
	equal(t, "comments", len(all), before+1)
	equal(t, "says why", strings.Contains(all[len(all)-1].Body, "bob wrote it."), true)
	status := r.job(pipeline.Reply{Where: pipeline.ByComment(pipeline.CommentRef{ID: onIssue, Issue: issue}), OK: true, Text: "status"}, 0)
	perform[pipeline.Done](r, status)
	all = r.snapshot().Comments
	equal(t, "status", strings.Contains(all[len(all)-1].Body, "v1.2.0"), true)
}

// A command is noticed once, only while that helps, and never at any price.
func TestReact(t *testing.T) {
	r := newRig(t)
	issue, err := r.AddIssue(repoName, "bob", "Release", false)
	must(t, err)
	id, err := r.Comment("bob", repoName, issue, "/approve")
	must(t, err)
	e := pipeline.React{Comment: pipeline.CommentRef{ID: id, Issue: issue}}
	perform[pipeline.Done](r, r.job(e, 0))
	perform[pipeline.Done](r, r.job(e, 1))
	got := r.snapshot().Comments[0].Reactions
	equal(t, "reactions", len(got), 1)
	equal(t, "eyes", got[0].Content, "eyes")
	late := r.job(e, 3)
	late.FirstAt = late.Now.Add(-2 * time.Minute)
	calls := r.calls("/reactions")
	perform[pipeline.Done](r, late)
	equal(t, "calls when it is late", r.calls("/reactions"), calls)
	r.SetPermission("acme", "issues", "read")
	perform[pipeline.Done](r, r.job(e, 0))
}

// A comment on a commit is answered by a check run there, and nothing is tried
// that would take contents: write.
func TestReplyByCheck(t *testing.T) {
	r := newRig(t)
	id, err := r.CommitComment("bob", repoName, r.sha, "/approve")
	must(t, err)
	e := pipeline.Reply{Where: pipeline.ByComment(pipeline.CommentRef{ID: id, SHA: r.sha}), Refused: &pipeline.Refusal{Code: "author", Reason: "bob wrote it."}}
	perform[pipeline.Done](r, r.job(e, 0))
	perform[pipeline.Done](r, r.job(e, 1))
	equal(t, "check runs", len(r.ours()), 1)
	equal(t, "conclusion", r.ours()[0].Conclusion, "neutral")
	equal(t, "says why", strings.Contains(r.ours()[0].Output.Summary, "bob wrote it."), true)
	equal(t, "tries to comment", r.calls("/comments"), 0)
	taken := r.job(pipeline.Reply{Where: pipeline.ByComment(pipeline.CommentRef{ID: id, SHA: r.sha}), OK: true}, 0)
	taken.Key = "reply/2"
	perform[pipeline.Done](r, taken)
	equal(t, "says so", strings.Contains(r.ours()[1].Output.Summary, "Taken"), true)
}

// Where nobody may answer at all, the run goes on.
func TestReplyForbidden(t *testing.T) {
	r := newRig(t)
	issue, err := r.AddIssue(repoName, "bob", "Release", false)
	must(t, err)
	id, err := r.Comment("bob", repoName, issue, "/cancel")
	must(t, err)
	r.SetPermission("acme", "issues", "read")
	r.SetPermission("acme", "checks", "read")
	no := &pipeline.Refusal{Code: "x", Reason: "No."}
	perform[pipeline.Done](r, r.job(pipeline.Reply{Where: pipeline.ByComment(pipeline.CommentRef{ID: id, Issue: issue}), Refused: no}, 0))
	perform[pipeline.Done](r, r.job(pipeline.Reply{Where: pipeline.ByComment(pipeline.CommentRef{ID: 99999, Issue: 99}), Refused: no}, 0))
}

func TestShowProblems(t *testing.T) {
	r := newRig(t)
	var problems []pipeline.Problem
	for i := range 60 {
		problems = append(problems, pipeline.Problem{File: ".github/gatehouse.yml", Line: i + 1, Column: 1, Message: "Wrong.", Fix: "Right it.", Code: "x"})
	}
	e := pipeline.ShowProblems{SHA: r.sha, Path: ".github/gatehouse.yml", Problems: problems}
	r.lose("/check-runs")
	job := r.job(e, 0)
	job.Run = nil
	_ = r.retries(job, engine.RetryUnsure)
	job.Tries = 1
	perform[pipeline.Done](r, job)
	equal(t, "check runs", len(r.ours()), 1)
	equal(t, "external id", r.ours()[0].ExternalID, "intake/in1")

	other := r.job(pipeline.ShowProblems{SHA: r.sha, Pipeline: "production", Refusals: []pipeline.Refusal{{Code: "x", Reason: "Not yet."}}}, 0)
	perform[pipeline.Done](r, other)
	equal(t, "conclusion", r.ours()[1].Conclusion, "failure")
}

// hooks lists deliveries and remembers which were asked for again.
type hooks struct {
	all   []github.HookDelivery
	since time.Time
	asked []int64
	err   error
}

func (h *hooks) Deliveries(_ context.Context, since time.Time) ([]github.HookDelivery, error) {
	h.since = since
	return h.all, nil
}

func (h *hooks) Redeliver(_ context.Context, id int64) error {
	h.asked = append(h.asked, id)
	return h.err
}

// nothing is an inbox after its disk was lost; everything is one that kept all.
func nothing(context.Context, int64, string) (bool, error)    { return false, nil }
func everything(context.Context, int64, string) (bool, error) { return true, nil }

func attempted(id int64, guid string, ago time.Duration, status int) github.HookDelivery {
	return github.HookDelivery{ID: id, GUID: guid, DeliveredAt: soon.Add(-ago), StatusCode: status, InstallationID: 7}
}

func TestRecover(t *testing.T) {
	clock := sandbox.NewManualClock(soon)
	at := attempted
	h := &hooks{all: []github.HookDelivery{
		at(6, "never", 1*time.Minute, 0), at(5, "mended", 2*time.Minute, 202), at(4, "twice", 3*time.Minute, 503),
		at(3, "mended", 4*time.Minute, 500), at(2, "twice", 5*time.Minute, 500), at(1, "fine", 6*time.Minute, 200),
	}}
	r := stage.NewRecovery(h, everything, clock.Now, nil)
	recovered := func() int {
		t.Helper()
		n, next, err := r.Recover(t.Context(), time.Time{})
		must(t, err)
		equal(t, "the next mark is GitHub's time", next, soon.Add(-time.Minute))
		return n
	}
	equal(t, "how many", recovered(), 2)
	equal(t, "window", h.since, soon.Add(-74*time.Hour))
	equal(t, "oldest first", h.asked[0], int64(4))
	equal(t, "then", h.asked[1], int64(6))

	equal(t, "not again at once", recovered(), 0)
	clock.Advance(5 * time.Minute)
	h.err = &github.Error{Class: github.NotFound, Op: "redeliver"}
	equal(t, "too old for GitHub", recovered(), 0)
	clock.Advance(5 * time.Minute)
	h.err = &github.Error{Class: github.RateLimited, Op: "redeliver"}
	if _, _, err := r.Recover(t.Context(), time.Time{}); github.ClassOf(err) != github.RateLimited {
		t.Errorf("got %v", err)
	}
	h.err = nil
	equal(t, "what a limit stopped is asked for again", recovered(), 2)
}

// What was acknowledged and is not stored is asked for, until it is; what was
// answered 200 never is.
func TestRecoverAcknowledged(t *testing.T) {
	at := attempted
	list := []github.HookDelivery{
		at(4, "refused in between", 1*time.Minute, 503), at(3, "refused in between", 2*time.Minute, 202),
		at(2, "of no interest", 3*time.Minute, 200), at(1, "stored", 4*time.Minute, 202),
	}
	for _, c := range []struct {
		what  string
		inbox stage.Inbox
		want  []int64
	}{
		{"all is stored", everything, nil},
		{"the disk was lost", nothing, []int64{1, 4}},
		{"a backup", func(_ context.Context, inst int64, guid string) (bool, error) {
			return inst == 7 && guid == "stored", nil
		}, []int64{4}},
	} {
		h := &hooks{all: list}
		_, _, err := stage.NewRecovery(h, c.inbox, func() time.Time { return soon }, nil).Recover(t.Context(), soon)
		must(t, err)
		if !slices.Equal(h.asked, c.want) {
			t.Errorf("%s: asked for %v, want %v", c.what, h.asked, c.want)
		}
	}
	said := at(5, "a rollback", 0, 202)
	said.Event = "issue_comment"
	again := at(6, "Re-run", 0, 202)
	again.Event, again.Action = "check_run", "rerequested"
	h := &hooks{all: []github.HookDelivery{said, again}}
	n, _, err := stage.NewRecovery(h, nothing, func() time.Time { return soon }, nil).Recover(t.Context(), soon)
	must(t, err)
	equal(t, "commands that may have been carried out", n, 0)

	broken := errors.New("no store")
	h = &hooks{all: list}
	r := stage.NewRecovery(h, func(context.Context, int64, string) (bool, error) { return false, broken }, func() time.Time { return soon }, nil)
	if n, _, err := r.Recover(t.Context(), soon); !errors.Is(err, broken) || n != 0 || h.asked != nil {
		t.Errorf("%d, %v: a store that does not answer says nothing is missing", n, err)
	}
}

// A clock of ours that is an hour off, either way, skips nothing and waits for
// nothing: marks are GitHub's time, and pauses are ours.
func TestRecoverWithAWrongClock(t *testing.T) {
	for _, wrong := range []time.Duration{-time.Hour, time.Hour} {
		h := &hooks{all: []github.HookDelivery{attempted(1, "lost", 0, 503)}}
		r := stage.NewRecovery(h, everything, func() time.Time { return soon.Add(wrong) }, nil)
		n, next, err := r.Recover(t.Context(), soon.Add(-time.Minute))
		must(t, err)
		equal(t, "recovered", n, 1)
		equal(t, "from", h.since, soon.Add(-16*time.Minute))
		equal(t, "next mark", next, soon)
	}
}

// A redelivery that fails is asked for again: soon at first, then later and later.
func TestRecoverAgain(t *testing.T) {
	clock := sandbox.NewManualClock(soon)
	h := &hooks{}
	r := stage.NewRecovery(h, everything, clock.Now, nil)
	for n, pause := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second} {
		h.all = append([]github.HookDelivery{{ID: int64(n + 1), GUID: "lost", DeliveredAt: clock.Now(), StatusCode: 503}}, h.all...)
		if pause > 0 {
			early, _, err := r.Recover(t.Context(), soon)
			must(t, err)
			equal(t, "too early", early, 0)
		}
		clock.Advance(pause)
		due, _, err := r.Recover(t.Context(), soon)
		must(t, err)
		equal(t, "due", due, 1)
	}
	equal(t, "asked for the newest", h.asked[len(h.asked)-1], int64(4))
}

// Through the real adapter: a webhook that was lost is sent once more.
func TestRecoverInTheSandbox(t *testing.T) {
	r := newRig(t)
	recovery := stage.NewRecovery(r.App.(stage.Hooks), everything, r.clock.Now, nil)
	r.Drain()
	lost := 0
	for _, d := range r.Deliveries() {
		if d.StatusCode < 200 || d.StatusCode > 299 {
			lost++
		}
	}
	n, _, err := recovery.Recover(t.Context(), r.clock.Now().Add(-time.Hour))
	must(t, err)
	equal(t, "redelivered", n, lost)
}

package templates

import (
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The limits of check runs, in characters. GitHub documents none for a name.
const (
	maxSummary    = 65535
	maxCheckName  = 100
	maxCheckTitle = 255
)

// CheckStatus is a check run's status.
type CheckStatus string

// The statuses that an app may set.
const (
	CheckQueued     CheckStatus = "queued"
	CheckInProgress CheckStatus = "in_progress"
	CheckCompleted  CheckStatus = "completed"
)

// Conclusion is how a completed check run ended.
type Conclusion string

// The conclusions that Gatehouse gives.
const (
	ConcludeActionRequired Conclusion = "action_required"
	ConcludeCancelled      Conclusion = "cancelled"
	ConcludeFailure        Conclusion = "failure"
	ConcludeNeutral        Conclusion = "neutral"
	ConcludeSkipped        Conclusion = "skipped"
	ConcludeSuccess        Conclusion = "success"
	ConcludeTimedOut       Conclusion = "timed_out"
)

// Check is a check run on a commit. Summary and Text are Markdown.
type Check struct {
	Name        string
	ExternalID  string // <run>/<stage>/<attempt>; empty where there is no run
	DetailsURL  string
	Status      CheckStatus
	Conclusion  Conclusion // empty until completed
	Title       string
	Summary     string
	Text        string
	StartedAt   time.Time // zero: not yet
	CompletedAt time.Time // zero: not yet
	Actions     []Action
	Annotations []Annotation // all of them; GitHub takes 50 a request
}

// Action is a button of a completed check run.
type Action struct {
	Label       string // at most 20 characters
	Description string // at most 40
	Identifier  string // at most 20; a pipeline.Button
}

// CheckRun renders the check run of a stage, as its current attempt stands. A
// stage that the run does not have gives the zero Check.
func CheckRun(v View, stageID string) Check {
	s := v.Stage(stageID)
	if s == nil {
		return Check{}
	}
	c := Check{
		Name:       clip(plain(v.Facts.Pipeline+" / "+s.Title), maxCheckName),
		ExternalID: pipeline.ExternalID(v.Facts.Run, s.ID, s.Attempt),
		DetailsURL: v.Facts.Page,
		StartedAt:  s.StartedAt,
	}
	c.Status, c.Conclusion = conclude(v, s)
	if c.Status == CheckCompleted {
		c.CompletedAt = s.EndedAt
		if c.CompletedAt.IsZero() {
			c.CompletedAt = s.StartedAt
		}
	}
	c.Actions = actions(v, s)
	c.Title = clip(checkTitle(v, s), maxCheckTitle)
	note := "The rest is on " + mdLink("the page of this run", v.Facts.Page) + "."
	c.Summary = cutMarkdown(checkSummary(v, s), maxSummary, note)
	c.Text = cutMarkdown(checkText(v), maxSummary, note)
	return c
}

// conclude maps a stage to GitHub's words. A gate that waits is completed, since
// buttons appear on nothing else and an open check goes stale after two weeks.
// A superseded stage is cancelled and not neutral: neutral satisfies a required
// check, and nothing was satisfied here.
func conclude(v View, s *Stage) (CheckStatus, Conclusion) {
	switch s.Status {
	case pipeline.StageRunning:
		return CheckInProgress, ""
	case pipeline.StageWaiting:
		if s.Kind == pipeline.KindApproval && v.Gate != nil && v.Gate.Open {
			return CheckCompleted, ConcludeActionRequired
		}
		return CheckQueued, ""
	case pipeline.StagePassed:
		return CheckCompleted, ConcludeSuccess
	case pipeline.StageFailed:
		if s.Reason != nil && (s.Reason.Code == "timed-out" || s.Reason.Code == "expired") {
			return CheckCompleted, ConcludeTimedOut
		}
		return CheckCompleted, ConcludeFailure
	case pipeline.StageSkipped:
		return CheckCompleted, ConcludeSkipped
	case pipeline.StageCanceled:
		return CheckCompleted, ConcludeCancelled
	case pipeline.StagePending:
	}
	return CheckQueued, ""
}

func actions(v View, s *Stage) []Action {
	switch {
	case s.Kind == pipeline.KindApproval && v.Gate != nil && !v.Gate.Open && v.Gate.MayWithdraw:
		return []Action{withdraw()}
	case s.Kind == pipeline.KindApproval && v.Gate != nil && v.Gate.Open:
		all := []Action{{"Reject", "End this release here", string(pipeline.ButtonReject)}}
		if v.Gate.MayWithdraw {
			all = append(all, withdraw())
		}
		if v.Gate.OneClick || v.Gate.NeedsReason {
			return all // a button brings neither GitHub's review nor a reason
		}
		approve := Action{"Approve", "Approve this release for " + plain(v.Facts.Environment), string(pipeline.ButtonApprove)}
		approve.Description = clip(approve.Description, 40)
		return append([]Action{approve}, all...)
	case s.MayRetry:
		return []Action{{"Retry", "Run this stage again", string(pipeline.ButtonRetry)}}
	}
	return nil
}

func withdraw() Action {
	return Action{"Withdraw", "Take your own approval back", string(pipeline.ButtonWithdraw)}
}

// checkTitle is the one line beside the check: plain text, not Markdown.
func checkTitle(v View, s *Stage) string {
	switch {
	case s.Kind == pipeline.KindApproval && s.Status == pipeline.StageWaiting && v.Gate != nil:
		return plain(v.Gate.remains())
	case s.Kind == pipeline.KindApproval && s.Status == pipeline.StagePassed && v.Gate != nil:
		return plain("Approved by " + list(v.Gate.Approvers()))
	case s.Parked:
		return "Waits behind the gate"
	case s.Status == pipeline.StagePassed && s.Took != "":
		return "Passed in " + s.Took
	case s.Reason != nil:
		return plain(s.Reason.Reason)
	}
	return first(s.Word.Text)
}

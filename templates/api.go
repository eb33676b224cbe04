package templates

import (
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// APIRun is a run in the JSON of the API: what its page says.
type APIRun struct {
	Run          pipeline.RunID     `json:"run"`
	Installation int64              `json:"installation"`
	Lane         pipeline.LaneID    `json:"lane"`
	Repository   string             `json:"repository"`
	Pipeline     string             `json:"pipeline"`
	Environment  string             `json:"environment"`
	Version      string             `json:"version"`
	Status       pipeline.RunStatus `json:"status"`
	Word         string             `json:"word"` // the status as people read it
	Headline     string             `json:"headline"`
	Next         string             `json:"next,omitempty"`
	StartedBy    string             `json:"started_by"`
	StartedAt    time.Time          `json:"started_at"`
	EndedAt      time.Time          `json:"ended_at,omitzero"`
	Page         string             `json:"page"`
	Trace        string             `json:"trace"`            // the OpenTelemetry trace
	Queued       int                `json:"queued,omitempty"` // place in the lane's queue, from 1
	Waits        []APIWait          `json:"waits,omitempty"`
	Gate         *APIGate           `json:"gate,omitempty"`
	Stages       []APIStage         `json:"stages,omitempty"`
	Release      *APIRelease        `json:"release,omitempty"`
	Log          []pipeline.Entry   `json:"log,omitempty"`
}

// APIWait is one thing that a run waits for.
type APIWait struct {
	Stage  string    `json:"stage,omitempty"`
	Reason string    `json:"reason"`
	Fix    string    `json:"fix,omitempty"`
	Who    []string  `json:"who,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

// APIGate is the approval of a run.
type APIGate struct {
	Open        bool          `json:"open"`
	Missing     int           `json:"missing"`
	Places      []APIPlace    `json:"places,omitempty"`
	Reviewers   []string      `json:"reviewers,omitempty"` // GitHub's own
	NeedsReview bool          `json:"needs_review,omitempty"`
	Approvals   []APIApproval `json:"approvals,omitempty"`
	ReviewURL   string        `json:"review_url,omitempty"`
	ExpiresAt   time.Time     `json:"expires_at,omitzero"`
}

// APIPlace is one need of the policy.
type APIPlace struct {
	Count   int      `json:"count"`
	Of      []string `json:"of"`
	Filled  []string `json:"filled,omitempty"`
	Missing int      `json:"missing"`
}

// APIApproval is one person's yes.
type APIApproval struct {
	By      string            `json:"by"`
	At      time.Time         `json:"at"`
	Surface string            `json:"surface"`
	Comment string            `json:"comment,omitempty"`
	Counts  bool              `json:"counts"`
	Why     *pipeline.Refusal `json:"why,omitempty"` // why it does not count
}

// APIStage is one stage of a run.
type APIStage struct {
	ID        string               `json:"id"`
	Title     string               `json:"title"`
	Kind      pipeline.Kind        `json:"kind"`
	Status    pipeline.StageStatus `json:"status"`
	Word      string               `json:"word"`
	Attempt   int                  `json:"attempt"`
	StartedAt time.Time            `json:"started_at,omitzero"`
	EndedAt   time.Time            `json:"ended_at,omitzero"`
	Reason    *pipeline.Refusal    `json:"reason,omitempty"`
	URL       string               `json:"url,omitempty"` // of the workflow run
}

// APIRelease is what a run ships.
type APIRelease struct {
	SHA       string   `json:"short_sha"`
	Message   string   `json:"message"`
	Branch    string   `json:"branch,omitempty"`
	Replaces  string   `json:"replaces,omitempty"`
	Compare   string   `json:"compare_url,omitempty"`
	Commits   int      `json:"commits"`
	Authors   []string `json:"authors,omitempty"`
	Sensitive []string `json:"sensitive,omitempty"`
	Unmatched []string `json:"authors_without_account,omitempty"`
}

// APILane is a lane in the JSON of the API.
type APILane struct {
	Installation int64           `json:"installation"`
	Lane         pipeline.LaneID `json:"lane"`
	Environments []string        `json:"environments,omitempty"`
	Repositories []string        `json:"repositories,omitempty"`
	Page         string          `json:"page"`
	Live         *APILive        `json:"live,omitempty"`
	Verified     *APILive        `json:"verified,omitempty"`
	Doubt        string          `json:"doubt,omitempty"` // why it is not known what is live
	Lock         *APILock        `json:"lock,omitempty"`
	Thaw         *APILock        `json:"thaw,omitempty"` // its freezes do not count until then
	Holder       *APIRun         `json:"holder,omitempty"`
	AtGate       []APIRun        `json:"at_gate,omitempty"`
	Queue        []APIRun        `json:"queue,omitempty"`
	Moving       []APIRun        `json:"moving,omitempty"`
}

// APILock is who keeps a lane's door shut, or lifts its freezes, and why.
type APILock struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason"`
}

// APILive is a release that went to a lane.
type APILive struct {
	Version   string    `json:"version"`
	SHA       string    `json:"short_sha"`
	At        time.Time `json:"at"`
	StartedBy string    `json:"started_by,omitempty"`
	Approvers []string  `json:"approvers,omitempty"`
	Page      string    `json:"page"`
}

// APIRunOf makes the JSON of a run in full.
func APIRunOf(line RunLine, installation int64, log []pipeline.Entry) APIRun {
	run := apiLine(line, installation)
	run.Log = log
	for _, s := range line.Stages {
		run.Stages = append(run.Stages, APIStage{
			ID: s.ID, Title: s.Title, Kind: s.Kind, Status: s.Status, Word: s.Word.Text, Attempt: s.Attempt,
			StartedAt: s.StartedAt, EndedAt: s.EndedAt, Reason: s.Reason, URL: s.Link,
		})
	}
	r := line.Release
	run.Release = &APIRelease{
		SHA: r.Short, Message: r.Message, Branch: r.Branch, Replaces: r.Replaces, Compare: r.Compare,
		Commits: r.Total, Authors: r.Authors, Sensitive: r.Sensitive, Unmatched: r.Unmatched,
	}
	return run
}

// apiLine makes the JSON of a run as a list has it.
func apiLine(line RunLine, installation int64) APIRun {
	v := line.View
	run := APIRun{
		Run: v.Facts.Run, Installation: installation, Lane: line.Lane, Repository: v.Facts.Repo, Pipeline: v.Facts.Pipeline,
		Environment: v.Facts.Environment, Version: v.Release.Version, Status: v.Facts.Status, Word: v.Status.Text,
		Headline: v.Headline, Next: v.Next, StartedBy: v.Facts.StartedBy, StartedAt: v.Facts.StartedAt,
		Page: v.Facts.Page, Trace: v.Facts.Trace, Queued: line.Position,
	}
	if v.End != nil {
		run.EndedAt = v.End.At
	}
	for _, w := range v.Waits {
		run.Waits = append(run.Waits, APIWait{Stage: w.Stage, Reason: w.Reason, Fix: w.Fix, Who: w.Who, Since: w.Since, Until: w.Until})
	}
	if v.Gate != nil {
		run.Gate = apiGate(v.Gate)
	}
	return run
}

func apiGate(g *Gate) *APIGate {
	gate := &APIGate{
		Open: g.Open, Missing: g.Missing(), Reviewers: g.Reviewers, NeedsReview: g.NeedsReview,
		ReviewURL: g.Review, ExpiresAt: g.ExpiresAt,
	}
	for _, p := range g.Places {
		gate.Places = append(gate.Places, APIPlace(p))
	}
	for _, all := range [][]Approval{g.Approvals, g.Disregarded} {
		for _, a := range all {
			gate.Approvals = append(gate.Approvals, APIApproval{
				By: a.By, At: a.At, Surface: a.Surface, Comment: a.Comment, Counts: a.Why == nil, Why: a.Why,
			})
		}
	}
	return gate
}

// APILaneOf makes the JSON of a lane.
func APILaneOf(v LaneView) APILane {
	lane := APILane{
		Installation: v.Installation, Lane: v.Lane, Environments: v.Environments, Repositories: v.Repos, Page: v.Page,
		Live: apiLive(v.Live), Verified: apiLive(v.Verified), Doubt: v.DoubtReason,
	}
	if v.Live != nil && v.Live.Verified {
		lane.Verified = lane.Live
	}
	if k := v.Lock; k != nil {
		lane.Lock = &APILock{By: k.By, At: k.At, Until: k.Until, Reason: k.Why}
	}
	if k := v.Thaw; k != nil {
		lane.Thaw = &APILock{By: k.By, At: k.At, Until: k.Until, Reason: k.Why}
	}
	if v.Holder != nil {
		holder := apiLine(*v.Holder, v.Installation)
		lane.Holder = &holder
	}
	lines := func(all []RunLine) []APIRun {
		var runs []APIRun
		for _, line := range all {
			runs = append(runs, apiLine(line, v.Installation))
		}
		return runs
	}
	lane.AtGate, lane.Queue, lane.Moving = lines(v.AtGate), lines(v.Queue), lines(v.Moving)
	return lane
}

func apiLive(l *Live) *APILive {
	if l == nil {
		return nil
	}
	return &APILive{Version: l.Version, SHA: l.Short, At: l.At, StartedBy: l.StartedBy, Approvers: l.Approvers, Page: l.Page}
}

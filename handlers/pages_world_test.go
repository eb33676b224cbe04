package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// shelf is a Reader with runs on it.
type shelf struct {
	mu    sync.Mutex
	lacks []pipeline.Lack
	lanes []*pipeline.Lane
	runs  map[pipeline.RunID]*pipeline.Run
	err   error
	reads int // of runs
}

func (s *shelf) Lacking(context.Context) ([]pipeline.Lack, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lacks), s.err
}

func (s *shelf) Installations(context.Context) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []int64
	for _, l := range s.lanes {
		all = append(all, l.Installation)
	}
	slices.Sort(all)
	return slices.Compact(all), s.err
}

func (s *shelf) Lanes(_ context.Context, inst int64) ([]*pipeline.Lane, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.lanes), func(l *pipeline.Lane) bool { return l.Installation != inst }), s.err
}

func (s *shelf) Run(_ context.Context, inst int64, id pipeline.RunID) (pipeline.State, engine.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[id]
	if r == nil || r.Repo.Installation != inst {
		return pipeline.State{}, engine.Info{}, errors.Join(engine.ErrNotFound, s.err)
	}
	i := slices.IndexFunc(s.lanes, func(l *pipeline.Lane) bool { return l.ID == r.Lane })
	return pipeline.State{Run: r, Lane: s.lanes[i]}, engine.Info{}, s.err
}

func (s *shelf) RunsByID(_ context.Context, _ int64, ids ...pipeline.RunID) ([]*pipeline.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var runs []*pipeline.Run
	for _, id := range ids {
		if r := s.runs[id]; r != nil {
			runs = append(runs, r)
			s.reads++
		}
	}
	return runs, s.err
}

func (s *shelf) History(_ context.Context, _ int64, lane pipeline.LaneID, before int64, limit int) ([]engine.Past, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var past []engine.Past
	for _, r := range s.runs {
		if r.Lane == lane && (before == 0 || r.Seq < before) {
			past = append(past, engine.Past{Seq: r.Seq, Run: r})
		}
	}
	slices.SortFunc(past, func(a, b engine.Past) int { return cmp.Compare(b.Seq, a.Seq) })
	past = past[:min(limit, len(past))]
	s.reads += len(past)
	return past, s.err
}

func (s *shelf) RunLog(_ context.Context, _ int64, lane pipeline.LaneID, id pipeline.RunID) ([]pipeline.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []pipeline.Entry{{Lane: lane, Seq: 1, At: pageNoon, Run: id, Who: "dana", What: "run-started", On: "production"}}, s.err
}

// change makes something of a run otherwise.
func (s *shelf) change(id pipeline.RunID, f func(*pipeline.Run)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := *s.runs[id]
	c.Stages = map[string]*pipeline.StageRun{}
	for name, sr := range s.runs[id].Stages {
		stage := *sr
		c.Stages[name] = &stage
	}
	f(&c)
	s.runs[id] = &c
}

var pageNoon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const pageLane = "avalo-c8c46"

// aRun is an active run of five stages; nothing of it has begun.
func aRun(id pipeline.RunID, seq int64, version string) *pipeline.Run {
	stages := []*pipeline.Stage{
		{ID: "test", Title: "Test", Kind: pipeline.KindWorkflow, Workflow: &pipeline.WorkflowStage{File: "test.yml"}},
		{ID: "approval", Title: "Approval", Kind: pipeline.KindApproval, Needs: []string{"test"}, Approval: &pipeline.ApprovalStage{Deploy: "deploy"}},
		{ID: "deploy", Title: "Deploy", Kind: pipeline.KindDeploy, Needs: []string{"approval"}, Deploy: &pipeline.DeployStage{File: "deploy.yml"}},
		{ID: "smoke", Title: "Smoke tests", Kind: pipeline.KindSmoke, Needs: []string{"deploy"}, Smoke: &pipeline.SmokeStage{}},
		{ID: "notify", Title: "Notify", Kind: pipeline.KindNotify, Needs: []string{"smoke"}, Notify: &pipeline.NotifyStage{}},
	}
	policy := &pipeline.Policy{Need: []pipeline.Need{{Team: "avalo/release-approvers", Count: 1}}, Expires: 72 * time.Hour}
	r := &pipeline.Run{
		V: pipeline.RunVersion, ID: id, Seq: seq, Pipeline: "production", Environment: "production", Lane: pageLane,
		Repo: pipeline.Repo{Installation: 5, ID: 42, Owner: "avalo", Name: "app"},
		Spec: &pipeline.Spec{
			Environments: map[string]*pipeline.Environment{"production": {Name: "production", URL: "https://avalo.app", Approval: policy}},
			Pipelines:    []*pipeline.Pipeline{{Name: "production", Environment: "production", Stages: stages}},
		},
		Release: pipeline.Release{
			Ref: "refs/heads/release/" + version, SHA: fmt.Sprintf("%040x", seq), Version: version, Message: "Checkout: keep the basket", Read: true, Total: 1,
			Commits: []pipeline.Commit{{SHA: fmt.Sprintf("%040x", seq), Message: "Checkout: keep the basket", Authors: []pipeline.Person{{ID: 3, Login: "dana"}}}},
		},
		StartedBy: pipeline.Person{ID: 3, Login: "dana"}, Status: pipeline.RunActive, CreatedAt: pageNoon.Add(time.Duration(seq) * time.Minute), Stages: map[string]*pipeline.StageRun{},
	}
	for _, st := range stages {
		r.Stages[st.ID] = &pipeline.StageRun{Status: pipeline.StagePending}
	}
	return r
}

// reach brings the stages up to this one to their end and gives it its status.
func reach(r *pipeline.Run, stage string, status pipeline.StageStatus) {
	at := r.CreatedAt
	for _, st := range r.Plan().Stages {
		sr := r.Stages[st.ID]
		sr.Attempt, sr.StartedAt = 1, at
		if st.ID == stage {
			sr.Status = status
			if status.Over() {
				sr.EndedAt = at.Add(40 * time.Second)
			}
			return
		}
		sr.Status, sr.EndedAt = pipeline.StagePassed, at.Add(90*time.Second)
		at = sr.EndedAt
	}
}

func atTheGate(r *pipeline.Run) *pipeline.Run {
	reach(r, "approval", pipeline.StageWaiting)
	r.Stages["deploy"].Attempt, r.Stages["deploy"].Workflow = 1, &pipeline.WorkflowRun{ID: 103, Status: "waiting"}
	r.Gate = &pipeline.Gate{
		Stage: "approval", Deploy: "deploy", Environment: "production", Kind: pipeline.GateByEnvironment, Parked: true, Door: pipeline.DoorShut,
		Reviewers: []string{"@avalo/release-approvers"}, Policy: r.Env().Approval, OpenAt: r.CreatedAt.Add(2 * time.Minute), ExpiresAt: r.CreatedAt.Add(72 * time.Hour),
	}
	return r
}

func ended(r *pipeline.Run, status pipeline.RunStatus, why *pipeline.Refusal) *pipeline.Run {
	r.Status, r.Reason, r.EndedAt = status, why, r.CreatedAt.Add(12*time.Minute)
	return r
}

const (
	idLive    pipeline.RunID = "6925000000000001"
	idFailed  pipeline.RunID = "6925000000000002"
	idHolder  pipeline.RunID = "6925000000000003"
	idGate    pipeline.RunID = "6925000000000004"
	idQueued  pipeline.RunID = "6925000000000005"
	idMoving  pipeline.RunID = "6925000000000006"
	idHostile pipeline.RunID = "6925000000000007"
)

// hostile is what people can write: markup, a text turned around, a word without end.
var hostile = `<script>alert(1)</script>"><b>` + "\u202etxt.exe\u200b " + strings.Repeat("long", 200) + " שלום"

// busyShelf has a run in every place of a lane.
func busyShelf() *shelf {
	live := aRun(idLive, 1, "v1.1.8")
	reach(live, "notify", pipeline.StagePassed)
	ended(live, pipeline.RunSucceeded, nil)
	failed := aRun(idFailed, 2, "v1.1.9")
	reach(failed, "test", pipeline.StageFailed)
	why := &pipeline.Refusal{
		Code: "workflow-failed", Reason: "Test: the workflow test.yml ended with failure.", Fix: "Add these lines, or press Retry.", Who: []string{"dana"},
		Lines: "on:\n  workflow_dispatch:\n    inputs: {sha: {type: string}}", Source: "https://github.com/avalo/app/actions/runs/99",
	}
	failed.Stages["test"].Reason, failed.Stages["test"].Workflow = why, &pipeline.WorkflowRun{ID: 99}
	ended(failed, pipeline.RunFailed, why)
	holder := aRun(idHolder, 3, "v1.1.10")
	reach(holder, "deploy", pipeline.StageRunning)
	queued := aRun(idQueued, 5, "v1.2.1")
	reach(queued, "deploy", pipeline.StageWaiting)
	queued.Stages["deploy"].Reason = &pipeline.Refusal{Code: "lane-held", Reason: "production is held by v1.1.10.", Fix: "This deploy starts by itself when that run ends."}
	moving := aRun(idMoving, 6, "v1.3.0")
	reach(moving, "test", pipeline.StageRunning)
	nasty := aRun(idHostile, 7, hostile)
	nasty.Release.Message, nasty.StartedBy.Login = hostile, hostile
	reach(nasty, "test", pipeline.StageFailed)
	ended(nasty, pipeline.RunFailed, &pipeline.Refusal{Code: "x", Reason: hostile, Fix: hostile, Lines: hostile, Source: "javascript:alert(1)"})
	s := &shelf{runs: map[pipeline.RunID]*pipeline.Run{}}
	lane := &pipeline.Lane{
		V: pipeline.RunVersion, ID: pageLane, Installation: 5, Holder: idHolder, Queue: []pipeline.RunID{idQueued}, Runs: map[pipeline.RunID]*pipeline.LaneRun{},
	}
	for _, r := range []*pipeline.Run{live, failed, holder, atTheGate(aRun(idGate, 4, "v1.2.0")), queued, moving, nasty} {
		s.runs[r.ID] = r
		if r.Status == pipeline.RunActive {
			lane.Runs[r.ID] = &pipeline.LaneRun{Pipeline: "42/production", Version: r.Release.Version, Seq: r.Seq}
		}
	}
	shipped := pipeline.Shipped{Run: idLive, Repo: 42, Version: "v1.1.8", SHA: live.Release.SHA, At: live.EndedAt}
	lane.Live, lane.Verified = &shipped, &shipped
	s.lanes = []*pipeline.Lane{lane}
	return s
}

// lack is what an installation is without.
func lack(inst int64) pipeline.Lack {
	return pipeline.Lack{Installation: inst, Account: "avalo", Page: "https://github.com/organizations/avalo/settings/installations/5", Missing: []pipeline.Missing{
		{Name: "actions: write", What: "The permission actions: write is granted as read only.", Without: "No workflow can be started.", Fix: hostile},
	}}
}

// openPages serves the pages of a shelf as a process would.
func openPages(t *testing.T, s *shelf) (url string, feed *Feed) {
	t.Helper()
	feed = NewFeed(time.Now)
	h, err := Pages(PagesConfig{
		Reader: s, Feed: feed, WebURL: "https://github.com", Hosts: []string{"gatehouse.example"}, Logger: slog.New(slog.DiscardHandler),
		Clock: func() time.Time { return pageNoon.Add(30 * time.Minute) },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Config.ReadTimeout = time.Minute
	server.Start()
	t.Cleanup(func() {
		feed.Close()
		server.Close()
	})
	return server.URL, feed
}

package templates

import (
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

var (
	noon  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	sites = Links{Public: "https://gatehouse.example", Web: "https://github.com"}

	alice = pipeline.Person{ID: 1, Login: "alice"}
	bob   = pipeline.Person{ID: 2, Login: "bob"}
	carol = pipeline.Person{ID: 3, Login: "carol"}
)

func after(d time.Duration) time.Time { return noon.Add(d) }

// build makes a run of the starter's shape that has just begun.
func build() pipeline.State {
	policy := &pipeline.Policy{
		Need: []pipeline.Need{{Team: "avalo/release-approvers", Count: 1}}, Expires: 72 * time.Hour, Gate: pipeline.GateAuto,
	}
	stages := []*pipeline.Stage{
		{ID: "lint", Title: "Lint", Kind: pipeline.KindWorkflow, Timeout: 30 * time.Minute, Workflow: &pipeline.WorkflowStage{File: "lint.yml"}},
		{ID: "test", Title: "Test", Kind: pipeline.KindWorkflow, Timeout: 30 * time.Minute, Workflow: &pipeline.WorkflowStage{File: "test.yml"}},
		{ID: "approval", Title: "Approval", Kind: pipeline.KindApproval, Needs: []string{"lint", "test"}, Approval: &pipeline.ApprovalStage{Deploy: "deploy"}},
		{ID: "deploy", Title: "Deploy", Kind: pipeline.KindDeploy, Needs: []string{"approval"}, Timeout: time.Hour, Deploy: &pipeline.DeployStage{File: "deploy.yml"}},
		{ID: "smoke", Title: "Smoke tests", Kind: pipeline.KindSmoke, Needs: []string{"deploy"}, Timeout: 5 * time.Minute, Smoke: &pipeline.SmokeStage{}},
		{ID: "notify", Title: "Notify", Kind: pipeline.KindNotify, Needs: []string{"smoke"}, Notify: &pipeline.NotifyStage{}},
	}
	run := &pipeline.Run{
		V: pipeline.RunVersion, ID: "6924f1c0a1b2c3d4", Seq: 7, Pipeline: "production", Environment: "production",
		Repo: pipeline.Repo{Installation: 5, ID: 42, Owner: "avalo", Name: "app", DefaultBranch: "main"}, Lane: "avalo-c8c46",
		Spec: &pipeline.Spec{
			Environments: map[string]*pipeline.Environment{"production": {Name: "production", URL: "https://avalo.app", Approval: policy}},
			Pipelines:    []*pipeline.Pipeline{{Name: "production", Environment: "production", Stages: stages}},
		},
		Release: pipeline.Release{
			Ref: "refs/heads/release/v1.2.0", SHA: "5e1f0c3a9b7d2468ace013579bdf02468ace0135", Version: "v1.2.0",
			Message: "Checkout: keep the basket", Read: true, Total: 2,
			Replaces: &pipeline.Shipped{Run: "6900000000000001", Version: "v1.1.9", SHA: "aaaabbbbccccddddeeeeffff0000111122223333"},
			Compare:  "https://github.com/avalo/app/compare/aaaabbb...5e1f0c3",
			Commits: []pipeline.Commit{
				{SHA: "1111111aaaa", Message: "Cart: round prices once", Authors: []pipeline.Person{bob}},
				{SHA: "5e1f0c3a9b7d2468ace013579bdf02468ace0135", Message: "Checkout: keep the basket", Authors: []pipeline.Person{carol, bob}},
			},
			Sensitive: []string{".github/workflows/deploy.yml"},
			Policy:    &pipeline.Commit{SHA: "2222222bbbb", Message: "Policy", Authors: []pipeline.Person{alice}},
		},
		StartedBy: carol, Status: pipeline.RunActive, CreatedAt: noon, Stages: map[string]*pipeline.StageRun{},
	}
	for _, st := range stages {
		run.Stages[st.ID] = &pipeline.StageRun{Status: pipeline.StagePending}
	}
	return pipeline.State{Run: run, Lane: &pipeline.Lane{V: pipeline.RunVersion, ID: run.Lane, Installation: 5}}
}

// set gives a stage its status, begun at from and, if it is over, ended at to.
func set(s pipeline.State, id string, status pipeline.StageStatus, from, to time.Duration, workflow int64) *pipeline.StageRun {
	sr := s.Run.Stages[id]
	sr.Status, sr.Attempt, sr.StartedAt = status, 1, after(from)
	if status.Over() {
		sr.EndedAt = after(to)
	}
	if workflow != 0 {
		sr.Workflow = &pipeline.WorkflowRun{ID: workflow, Attempt: 1}
	}
	return sr
}

// end ends the run, and what has not ended with it.
func end(s pipeline.State, status pipeline.RunStatus, at time.Duration, why *pipeline.Refusal) {
	s.Run.Status, s.Run.EndedAt, s.Run.Reason = status, after(at), why
	for _, sr := range s.Run.Stages {
		switch {
		case sr.Status == pipeline.StagePending:
			sr.Status, sr.Reason = pipeline.StageSkipped, why
		case !sr.Status.Over():
			sr.Status, sr.EndedAt, sr.Reason = pipeline.StageCanceled, after(at), why
		}
	}
}

// atGate brings a run to its gate; GitHub's reviewers are those of the environment.
func atGate(kind pipeline.GateKind, reviewers ...string) pipeline.State {
	s := build()
	set(s, "lint", pipeline.StagePassed, time.Second, 41*time.Second, 101)
	set(s, "test", pipeline.StagePassed, time.Second, 81*time.Second, 102)
	set(s, "approval", pipeline.StageWaiting, 82*time.Second, 0, 0)
	s.Run.Gate = &pipeline.Gate{
		Stage: "approval", Deploy: "deploy", Environment: "production", Kind: kind, Reviewers: reviewers,
		Policy: s.Run.Env().Approval, Door: pipeline.DoorShut, OpenAt: after(90 * time.Second), ExpiresAt: after(72*time.Hour + 90*time.Second),
	}
	if kind == pipeline.GateByEnvironment {
		s.Run.Gate.Parked = true
		s.Run.Stages["deploy"].Attempt = 1
		s.Run.Stages["deploy"].Workflow = &pipeline.WorkflowRun{ID: 103, Attempt: 1, Status: "waiting"}
		s.Run.Deployment = &pipeline.Deployment{ID: 9, Environment: "production"}
	} else {
		s.Run.Gate.Advisory = true
	}
	return s
}

func approve(s pipeline.State, p pipeline.Person, from pipeline.Surface) {
	s.Run.Gate.Approvals = append(s.Run.Gate.Approvals, pipeline.Approval{
		By: p, At: after(10 * time.Minute), Surface: from, Standing: &pipeline.Standing{Person: p, Role: "write", Teams: []string{"avalo/release-approvers"}},
	})
}

// opened is a run whose gate alice opened and whose deploy runs.
func opened() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	approve(s, alice, pipeline.SurfaceReview)
	s.Run.Gate.Reviewed, s.Run.Gate.Door, s.Run.Gate.DoorAt = true, pipeline.DoorOpen, after(11*time.Minute)
	set(s, "approval", pipeline.StagePassed, 82*time.Second, 10*time.Minute, 0)
	set(s, "deploy", pipeline.StageRunning, 11*time.Minute, 0, 103).Deadline = after(71 * time.Minute)
	s.Lane.Holder = s.Run.ID
	return s
}

func deployed() pipeline.State {
	s := opened()
	set(s, "deploy", pipeline.StagePassed, 11*time.Minute, 15*time.Minute, 103)
	return s
}

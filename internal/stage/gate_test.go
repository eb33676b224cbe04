package stage_test

import (
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// parked is a rig whose deploy waits at the protected environment.
func parked(t *testing.T) (*rig, int64) {
	t.Helper()
	r := newRig(t)
	must(t, r.SetEnvironment(repoName, sandbox.Environment{Name: "production", Reviewers: []string{"acme/approvers", "bob"}, CustomRule: true}))
	e := start("deploy.yml")
	e.Stage = "deploy"
	return r, perform[pipeline.WorkflowStarted](r, r.job(e, 0)).Workflow.ID
}

func TestInspectGate(t *testing.T) {
	r, _ := parked(t)
	got := perform[pipeline.GateInspected](r, r.job(pipeline.InspectGate{Environment: "production"}, 0))
	equal(t, "rule", got.Rule, true)
	equal(t, "reviewers", len(got.Reviewers), 2)
	equal(t, "team", got.Reviewers[0], "@acme/approvers")
	equal(t, "person", got.Reviewers[1], "bob")
	none := perform[pipeline.GateInspected](r, r.job(pipeline.InspectGate{Environment: "elsewhere"}, 0))
	equal(t, "exists", none.Exists, false)
}

func TestReadReviews(t *testing.T) {
	r, id := parked(t)
	must(t, r.Review("carol", repoName, id, []string{"production"}, "rejected", "not today"))
	got := perform[pipeline.ReviewsRead](r, r.job(pipeline.ReadReviews{Workflow: id}, 0))
	equal(t, "status", got.Workflow.Status, "completed")
	equal(t, "reviews", len(got.Reviews), 1)
	equal(t, "by", got.Reviews[0].By.Login, "carol")
	equal(t, "approved", got.Reviews[0].Approved, false)
	equal(t, "comment", got.Reviews[0].Comment, "not today")
}

func open(id int64) pipeline.AnswerDoor {
	return pipeline.AnswerDoor{Workflow: id, Environment: "production", Approve: true, Comment: "Approved by carol."}
}

func TestAnswerDoor(t *testing.T) {
	r, id := parked(t)
	must(t, r.Review("carol", repoName, id, []string{"production"}, "approved", ""))
	perform[pipeline.Done](r, r.job(open(id), 0))
	r.clock.Advance(10 * time.Second)
	w, err := r.Run(repoName, id)
	must(t, err)
	equal(t, "conclusion", w.Conclusion, "success")

	perform[pipeline.Done](r, r.job(open(id), 1)) // a second process looks first
	perform[pipeline.Done](r, r.job(open(id), 0)) // refused by GitHub: it was decided
	equal(t, "verdicts", r.calls("/deployment_protection_rule"), 2)
}

// A verdict whose answer was lost is not given twice.
func TestAnswerDoorAmbiguous(t *testing.T) {
	r, id := parked(t)
	must(t, r.Review("carol", repoName, id, []string{"production"}, "approved", ""))
	r.lose("/deployment_protection_rule")
	job := r.job(open(id), 0)
	if outcome, err := r.Perform(t.Context(), job); err != nil {
		r.clock.Advance(10 * time.Second)
		job.Tries = 1
		perform[pipeline.Done](r, job)
	} else {
		equal(t, "outcome", outcome, pipeline.Outcome(pipeline.Done{}))
	}
	equal(t, "verdicts", r.calls("/deployment_protection_rule"), 1)
}

func TestAnswerDoorRefused(t *testing.T) {
	r, id := parked(t)
	r.SetPermission("acme", "deployments", "read")
	golden(t, "door-forbidden", hinders(r, r.job(open(id), 0)))
	r.SetPermission("acme", "deployments", "write")
	golden(t, "door-gone", text(perform[pipeline.Failed](r, r.job(open(99999), 0))))
	closing := pipeline.AnswerDoor{Workflow: 99999, Environment: "production", Comment: "no"}
	perform[pipeline.Done](r, r.job(closing, 0))
	elsewhere := open(id)
	elsewhere.Environment = "staging" // GitHub refuses, and the run still waits
	_ = r.retries(r.job(elsewhere, 0), engine.RetryLater)
}

func (r *rig) person(login string) pipeline.Person {
	for _, u := range r.Users() {
		if u.Login == login {
			return pipeline.Person{ID: u.ID, Login: u.Login}
		}
	}
	r.t.Fatal(login)
	return pipeline.Person{}
}

func TestVerifyPerson(t *testing.T) {
	r := newRig(t)
	teams := []string{"approvers", "acme/approvers", "other/approvers", "ghosts"}
	ask := func(p pipeline.Person) pipeline.Standing {
		return perform[pipeline.PersonVerified](r, r.job(pipeline.VerifyPerson{Person: p, Teams: teams, Role: true}, 0)).Standing
	}
	carol := ask(r.person("carol"))
	equal(t, "role", carol.Role, "read")
	equal(t, "teams", len(carol.Teams), 2)
	equal(t, "bob writes", ask(r.person("bob")).CanWrite(), true)
	equal(t, "bob's teams", len(ask(r.person("bob")).Teams), 0)

	taken := r.person("bob")
	taken.ID++
	equal(t, "a login taken over", ask(taken).Role, "none")
	equal(t, "nobody", ask(pipeline.Person{ID: 9, Login: "ghost"}).Role, "none")
	equal(t, "bot", ask(pipeline.Person{ID: 9, Login: "x[bot]"}).Person.Bot, true)
	equal(t, "no id", ask(pipeline.Person{Login: "bob"}).Role, "none")
	taken = r.person("carol")
	taken.Login = "bob"
	equal(t, "a member whose login is another's", len(ask(taken).Teams), 0)
}

// For who is in a team, one request a team is all; only whom no team has is asked for.
func TestVerifyPersonByTeamAlone(t *testing.T) {
	r := newRig(t)
	ask := func(login string) pipeline.Standing {
		e := pipeline.VerifyPerson{Person: r.person(login), Teams: []string{"approvers"}}
		return perform[pipeline.PersonVerified](r, r.job(e, 0)).Standing
	}
	equal(t, "carol's teams", len(ask("carol").Teams), 1)
	equal(t, "permission reads", r.reads("/permission"), 0)
	equal(t, "bob's teams", len(ask("bob").Teams), 0)
	equal(t, "permission reads", r.reads("/permission"), 1)
}

func TestVerifyDoor(t *testing.T) {
	r := newRig(t)
	e := pipeline.VerifyDoor{Environment: "production", People: []pipeline.Person{r.person("carol"), r.person("bob")}}
	got := perform[pipeline.DoorVerified](r, r.job(e, 0))
	equal(t, "standings", len(got.Standings), 2)
	equal(t, "need", got.Policy.Need[0].Team, "approvers")
	equal(t, "team", got.Standings[0].Teams[0], "approvers")

	r.push("main", map[string]string{".github/gatehouse.yml": "version: 1\npipelines: 7\n"})
	equal(t, "broken", perform[pipeline.Failed](r, r.job(e, 0)).Refusal.Code, "config-broken")
	r.push("main", map[string]string{".github/gatehouse.yml": sandbox.Deleted})
	if perform[pipeline.DoorVerified](r, r.job(e, 0)).Policy != nil {
		t.Error("a policy was found without a file")
	}
}

func TestCreateDeployment(t *testing.T) {
	r := newRig(t)
	e := pipeline.CreateDeployment{SHA: r.sha, Environment: "production", Production: true, Version: "v1.2.0"}
	r.lose("/deployments")
	job := r.job(e, 0)
	_ = r.retries(job, engine.RetryUnsure)
	job.Tries = 1
	got := perform[pipeline.DeploymentMade](r, job)
	all := r.snapshot().Deployments
	equal(t, "deployments", len(all), 1)
	equal(t, "adopted", got.ID, all[0].ID)
	equal(t, "commit", all[0].SHA, r.sha)

	other := r.job(e, 1)
	other.Run.ID = "0000000000000000"
	perform[pipeline.DeploymentMade](r, other)
	equal(t, "another run's is not adopted", len(r.snapshot().Deployments), 2)
}

func TestReadChecks(t *testing.T) {
	r := newRig(t)
	for name, conclusion := range map[string]string{"build (linux)": "success", "build (mac)": "failure", "lint": ""} {
		_, err := r.OtherCheck(repoName, r.sha, "circle", name, conclusion)
		must(t, err)
	}
	must(t, r.OtherStatus("bob", repoName, r.sha, "ci/old", "success"))
	got := perform[pipeline.ChecksRead](r, r.job(pipeline.ReadChecks{SHA: r.sha, Names: []string{"build *", "lint", "ci/old", "e2e", "build (mac)"}}, 0))
	want := []string{"build (linux) completed success", "build (mac) completed failure", "lint pending ", "ci/old completed success", "e2e missing "}
	equal(t, "results", len(got.Results), len(want))
	for i, c := range got.Results[:min(len(want), len(got.Results))] {
		equal(t, "result", c.Name+" "+c.Status+" "+c.Conclusion, want[i])
	}
}

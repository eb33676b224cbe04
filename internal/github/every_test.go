package github_test

import (
	"context"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// everyCall is each method that talks to GitHub, with usable arguments.
func everyCall(a *github.App) map[string]func(context.Context) error {
	r, u := a.Repo(ref()), a.As(7, token)
	return map[string]func(context.Context) error{
		"Self":           func(c context.Context) error { _, err := a.Self(c); return err },
		"Settings":       func(c context.Context) error { _, err := a.Settings(c); return err },
		"Installations":  func(c context.Context) error { _, err := a.Installations(c); return err },
		"InstallationOf": func(c context.Context) error { _, err := a.InstallationOf(c, "octo", "shop"); return err },
		"Deliveries":     func(c context.Context) error { _, err := a.Deliveries(c, noon); return err },
		"Redeliver":      func(c context.Context) error { return a.Redeliver(c, 1) },
		"Dir":            func(c context.Context) error { _, err := r.Dir(c, "a/b", "main"); return err },
		"Info":           func(c context.Context) error { _, err := r.Info(c); return err },
		"File":           func(c context.Context) error { _, err := r.File(c, "a/b.yml", "main"); return err },
		"Head":           func(c context.Context) error { _, err := r.Head(c, "heads/main"); return err },
		"Commit":         func(c context.Context) error { _, err := r.Commit(c, "abc"); return err },
		"Compare":        func(c context.Context) error { _, err := r.Compare(c, "a", "b"); return err },
		"LastCommitOf":   func(c context.Context) error { _, err := r.LastCommitOf(c, "a.yml", "main"); return err },
		"CreateCheck": func(c context.Context) error {
			_, err := r.CreateCheck(c, github.CheckRun{Name: "x", HeadSHA: "abc"})
			return err
		},
		"UpdateCheck":  func(c context.Context) error { return r.UpdateCheck(c, 1, github.CheckRun{Name: "x"}) },
		"FindCheck":    func(c context.Context) error { _, _, err := r.FindCheck(c, "abc", "x", "y"); return err },
		"CommitChecks": func(c context.Context) error { _, err := r.CommitChecks(c, "abc"); return err },
		"Workflow":     func(c context.Context) error { _, err := r.Workflow(c, "ci.yml"); return err },
		"Dispatch": func(c context.Context) error {
			_, err := r.Dispatch(c, github.Dispatch{File: "ci.yml", Ref: "main"})
			return err
		},
		"AllDispatchedSince": func(c context.Context) error { _, err := r.AllDispatchedSince(c, noon); return err },
		"DispatchedSince":    func(c context.Context) error { _, err := r.DispatchedSince(c, "ci.yml", "main", noon); return err },
		"WorkflowRun":        func(c context.Context) error { _, err := r.WorkflowRun(c, 1); return err },
		"Jobs":               func(c context.Context) error { _, err := r.Jobs(c, 1); return err },
		"Cancel":             func(c context.Context) error { return r.Cancel(c, 1, false) },
		"PendingDeployments": func(c context.Context) error { _, err := r.PendingDeployments(c, 1); return err },
		"Approvals":          func(c context.Context) error { _, err := r.Approvals(c, 1); return err },
		"AnswerDoor":         func(c context.Context) error { return r.AnswerDoor(c, 1, "prod", github.Approved, "yes") },
		"ReportDoor":         func(c context.Context) error { return r.ReportDoor(c, 1, "prod", "soon") },
		"OpenIssue":          func(c context.Context) error { _, err := r.OpenIssue(c, github.Issue{Title: "x"}); return err },
		"EditIssue":          func(c context.Context) error { return r.EditIssue(c, 1, github.Issue{Title: "x"}) },
		"FindIssue":          func(c context.Context) error { _, _, err := r.FindIssue(c, noon, "m"); return err },
		"Environment":        func(c context.Context) error { _, err := r.Environment(c, "prod"); return err },
		"Environments":       func(c context.Context) error { _, err := r.Environments(c); return err },
		"EnvironmentSecrets": func(c context.Context) error { _, err := r.EnvironmentSecrets(c, "prod"); return err },
		"CreateDeployment": func(c context.Context) error {
			_, err := r.CreateDeployment(c, github.Deployment{SHA: "abc", Environment: "prod"})
			return err
		},
		"FindDeployments": func(c context.Context) error { _, err := r.FindDeployments(c, "abc", "prod"); return err },
		"CreateDeploymentStatus": func(c context.Context) error {
			return r.CreateDeploymentStatus(c, 1, github.DeploymentStatus{State: github.DeploymentSuccess})
		},
		"DeploymentStatuses": func(c context.Context) error { _, err := r.DeploymentStatuses(c, 1); return err },
		"Permission":         func(c context.Context) error { _, err := r.Permission(c, "ann"); return err },
		"Team":               func(c context.Context) error { _, err := r.Team(c, "octo", "ops"); return err },
		"User":               func(c context.Context) error { _, err := r.User(c, "ann"); return err },
		"Comment":            func(c context.Context) error { _, err := r.Comment(c, 3, "hello"); return err },
		"FindComment": func(c context.Context) error {
			_, _, err := r.FindComment(c, 3, time.Time{}, "marker")
			return err
		},
		"Branch":         func(c context.Context) error { _, err := r.Branch(c, "release/1"); return err },
		"BranchRules":    func(c context.Context) error { _, err := r.BranchRules(c, "release/1"); return err },
		"ActionsEnabled": func(c context.Context) error { _, err := r.ActionsEnabled(c); return err },
		"Workflows":      func(c context.Context) error { _, err := r.Workflows(c); return err },
		"TeamMembers":    func(c context.Context) error { _, err := r.TeamMembers(c, "octo", "ops"); return err },
		"Review": func(c context.Context) error {
			return u.Repo(ref()).Review(c, 1, []int64{2}, github.Approved, "yes")
		},
		"As":           func(c context.Context) error { _, err := u.Self(c); return err },
		"Repositories": func(c context.Context) error { _, err := u.Repositories(c); return err },
		"React":        func(c context.Context) error { return r.React(c, 1, github.Rocket) },
	}
}

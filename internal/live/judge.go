package live

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Judge says everything that the facts show, the worst first. Equal facts give equal findings.
func Judge(f Facts) []Finding {
	j := &judge{facts: f}
	j.app()
	j.repository()
	j.unread()
	j.config()
	if f.Config.Spec != nil && f.Branch != nil {
		j.workflows()
		j.environments()
		j.people()
		j.slack()
	}
	slices.SortFunc(j.found, compare)
	return slices.Compact(j.found)
}

// Failed reports whether a release would fail.
func Failed(found []Finding) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return f.Severity == Error })
}

type judge struct {
	facts Facts
	found []Finding
}

func (j *judge) add(f Finding) { j.found = append(j.found, f) }

// refuse adds what a run would be refused for.
func (j *judge) refuse(topic Topic, where string, no pipeline.Refusal) {
	j.add(Finding{Severity: Error, Code: no.Code, Topic: topic, Where: where, What: no.Reason, Fix: no.Fix, Lines: no.Lines})
}

// page is a page of the repository on GitHub.
func (j *judge) page(path string) string {
	base := j.facts.WebURL + "/" + j.facts.Repo.FullName()
	if j.facts.Info != nil && j.facts.Info.HTMLURL != "" {
		base = j.facts.Info.HTMLURL
	}
	return base + path
}

// protects reports whether a rule of a ruleset keeps people from pushing what nobody looked at.
func protects(rule string) bool {
	return slices.Contains([]string{"pull_request", "update", "merge_queue", "required_status_checks"}, rule)
}

func (j *judge) repository() {
	f := j.facts
	switch {
	case f.Info == nil:
		return
	case f.Info.Archived:
		j.add(Finding{
			Severity: Error, Code: "archived", Topic: TopicRepository, Where: j.page("/settings"), What: f.Repo.FullName() + " is archived.",
			Why: "GitHub takes no push, no check run and no deployment of it.", Fix: "Unarchive it under Settings → General → Danger Zone.",
		})
		return
	case f.Branch == nil && !j.isUnread("the branch "+f.Repo.DefaultBranch):
		j.add(Finding{
			Severity: Error, Code: "empty", Topic: TopicRepository, Where: j.page(""),
			What: fmt.Sprintf("%s has no branch %s: it is empty.", f.Repo.FullName(), f.Repo.DefaultBranch),
			Why:  "The configuration is read from the default branch.", Fix: "Push a first commit with .github/gatehouse.yml to " + f.Repo.DefaultBranch + ".",
		})
		return
	}
	if f.ActionsOff {
		j.add(Finding{
			Severity: Error, Code: "actions-off", Topic: TopicRepository, Where: j.page("/settings/actions"), What: "GitHub Actions is disabled.",
			Why: "Gatehouse starts workflows of GitHub Actions; GitHub refuses to.", Fix: "Allow actions under Settings → Actions → General → Actions permissions.",
		})
	}
	if f.ActionsUnknown {
		j.add(Finding{
			Severity: Note, Code: "actions-unknown", Topic: TopicRepository, Where: j.page("/settings/actions"), What: "Whether GitHub Actions is enabled is not known.",
			Why: "GitHub tells it only to Apps that may read the administration of a repository, and Gatehouse asks for no such thing.",
			Fix: "Look there whether Actions permissions allow the workflows of the configuration.",
		})
	}
	j.protection()
}

// protection warns where one person alone can change who has to approve.
func (j *judge) protection() {
	f := j.facts
	if f.Branch == nil || f.Branch.Protected || j.isUnread("the rules of the branch "+f.Branch.Name) ||
		slices.ContainsFunc(f.BranchRules, protects) {
		return
	}
	owners := "@" + f.Repo.Owner + "/YOUR-TEAM"
	if f.Config.Spec != nil {
		for _, env := range policies(f.Config.Spec) {
			if teams := env.Approval.Teams(); len(teams) > 0 {
				org, slug := teamOf(f.Repo, teams[0])
				owners = "@" + org + "/" + slug
			}
		}
	}
	why := "Anybody with write access can push to it, and so change alone who has to approve, and the workflows that deploy."
	if f.NoRulesets {
		why += " The plan of " + f.Repo.Owner + " has no protected branches in private repositories."
	}
	j.add(Finding{
		Severity: Warning, Code: "branch-unprotected", Topic: TopicRepository, Where: j.page("/settings/branches"),
		What: fmt.Sprintf("The default branch %s is not protected.", f.Branch.Name),
		Why:  why,
		Fix: fmt.Sprintf("Under Settings → Branches require a pull request with a review from Code Owners for %s, and let .github/CODEOWNERS say:",
			f.Branch.Name),
		Lines: "/.github/ " + owners + "\n",
	})
}

func (j *judge) isUnread(what string) bool {
	return slices.ContainsFunc(j.facts.Unread, func(u Unread) bool { return u.What == what })
}

// unread says what was not looked at. It counts as an error unless nothing rests on it.
func (j *judge) unread() {
	for _, u := range j.facts.Unread {
		severity, why := Error, "What could not be looked at may be wrong; Gatehouse could not read it in a release either."
		if u.Mild {
			severity, why = Note, "No release needs it; it is only not known whether it is right."
		}
		what := strings.ToUpper(u.What[:1]) + u.What[1:]
		j.add(Finding{
			Severity: severity, Code: "not-read", Topic: TopicApp, Where: j.installationPage(),
			What: what + " could not be looked at. " + u.Why.Reason, Why: why,
			Fix: strings.ReplaceAll(u.Why.Fix, "Then retry the stage or push again.", "Then check again."),
		})
	}
}

package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// Verdict is what a policy says of the approvals so far, with its reasons.
type Verdict struct {
	Met    bool
	Places []Places // one per need, in the policy's order
}

// Places is one need of a policy and who fills it.
type Places struct {
	Need    Need
	Filled  []Person
	Missing int
}

// Judge assigns people to the places of a policy: one person fills one place,
// and the assignment is the best possible, so that nobody who could help a
// narrow need is used up by a wide one.
func Judge(p Policy, approvals []Approval) Verdict {
	var people []Approval
	for _, a := range approvals {
		if a.Counts() && !slices.ContainsFunc(people, func(b Approval) bool { return b.By.ID == a.By.ID }) {
			people = append(people, a)
		}
	}
	var places []int // the need of each place
	for i, n := range p.Need {
		for range n.Count {
			places = append(places, i)
		}
	}
	holder := assign(len(places), len(people), func(person, place int) bool { return p.Need[places[place]].fits(*people[person].Standing) })
	v := Verdict{Met: true}
	for i, n := range p.Need {
		of := Places{Need: n, Missing: n.Count}
		for place, need := range places {
			if need == i && holder[place] >= 0 {
				of.Filled = append(of.Filled, people[holder[place]].By)
				of.Missing--
			}
		}
		v.Met = v.Met && of.Missing == 0
		v.Places = append(v.Places, of)
	}
	return v
}

// fits reports whether a person of this standing may fill a place of the need.
func (n Need) fits(s Standing) bool {
	anyOf := func(list []Principal) bool {
		return slices.ContainsFunc(list, func(p Principal) bool { return p.fits(s) })
	}
	if anyOf(n.Also) {
		return true
	}
	if len(n.AnyOf) > 0 {
		return anyOf(n.AnyOf)
	}
	if n.Team != "" {
		return slices.Contains(s.Teams, n.Team)
	}
	return slices.ContainsFunc(n.Users, func(u string) bool { return strings.EqualFold(u, s.Person.Login) })
}

// Who names a need as people write it.
func (n Need) Who() []string {
	who := n.Users
	switch {
	case len(n.AnyOf) > 0:
		who = names(n.AnyOf)
	case n.Team != "":
		who = []string{"@" + n.Team}
	}
	return slices.Concat(who, names(n.Also))
}

// principals are the teams and users who can fill the need's places.
func (n Need) principals() []Principal {
	all := slices.Concat(n.AnyOf, n.Also)
	if n.Team != "" {
		all = append(all, Principal{Team: n.Team})
	}
	for _, user := range n.Users {
		all = append(all, Principal{User: user})
	}
	return all
}

// Teams lists the teams that a policy asks for, to approve or to reject.
func (p Policy) Teams() []string {
	var teams []string
	add := func(team string) {
		if team != "" && !slices.Contains(teams, team) {
			teams = append(teams, team)
		}
	}
	for _, n := range p.Need {
		add(n.Team)
		for _, team := range teamsOf(n.AnyOf) {
			add(team)
		}
	}
	for _, who := range p.Reject {
		add(who.Team)
	}
	for _, e := range p.Escalate {
		if e.MayApprove { // asked for from the beginning, so that a standing is never too narrow
			add(e.Team)
		}
	}
	return teams
}

// Users lists the logins that a policy names, to approve or to reject.
func (p Policy) Users() []string {
	var users []string
	add := func(login string) {
		if login != "" && !slices.ContainsFunc(users, func(u string) bool { return strings.EqualFold(u, login) }) {
			users = append(users, login)
		}
	}
	for _, n := range p.Need {
		for _, login := range n.Users {
			add(login)
		}
	}
	for _, who := range p.Reject {
		add(who.User)
	}
	for _, n := range p.Need {
		for _, who := range n.Also {
			add(who.User)
		}
	}
	return users
}

// NamesUsers reports whether a need names people and not only teams. Whose login
// that is must then be verified too.
func (p Policy) NamesUsers() bool {
	return slices.ContainsFunc(p.Need, func(n Need) bool { return len(n.Users)+len(n.AnyOf) > 0 }) ||
		slices.ContainsFunc(p.Escalate, func(e Escalate) bool { return e.MayApprove && e.User != "" })
}

// names reports whether a person of this standing may fill a place at all.
func (p Policy) names(s Standing) bool {
	return slices.ContainsFunc(p.Need, func(n Need) bool { return n.fits(s) })
}

// Who lists everybody whom the policy names.
func (p Policy) Who() []string {
	var who []string
	for _, n := range p.Need {
		for _, name := range n.Who() {
			if !slices.Contains(who, name) {
				who = append(who, name)
			}
		}
	}
	return who
}

// Admit answers whether a person may approve this release under the policy: nil,
// or why not.
func Admit(p Policy, r Release, s Standing) *Refusal {
	who := s.Person.Login
	switch {
	case s.Person.Bot || s.Person.ID == 0:
		return &Refusal{Code: "not-a-person", Reason: who + " is not a person; only people approve.", Who: p.Who()}
	case !p.names(s):
		return p.stranger(s)
	case !p.AuthorMayApprove && r.authored(s.Person) != "":
		return &Refusal{
			Code: "author", Reason: fmt.Sprintf("%s made commit %s of this release, and authors do not approve their own work.", who, short(r.authored(s.Person))),
			Fix: "Somebody else of " + strings.Join(p.Who(), ", ") + " may approve.", Who: p.Who(),
		}
	case !p.AuthorMayApprove && r.Truncated:
		return &Refusal{
			Code: "authors-unknown", Reason: fmt.Sprintf("GitHub lists only %d of the %d commits of this release, so it is not known that %s made none of them.", len(r.Commits), r.Total, who),
			Fix: "Ship in smaller steps, or set author_may_approve: true for this environment.", Who: p.Who(),
		}
	}
	return nil
}

// stranger says why nobody's group has the person, which may be GitHub's not
// showing the App a group.
func (p Policy) stranger(s Standing) *Refusal {
	why := &Refusal{
		Code: "not-entitled", Reason: s.Person.Login + " is in none of the groups that the policy names.",
		Fix: "One of these may approve: " + strings.Join(p.Who(), ", ") + ".", Who: p.Who(),
	}
	if len(s.Unseen) > 0 {
		teams := "@" + strings.Join(s.Unseen, ", @")
		why.Code = "team-unseen"
		why.Reason += fmt.Sprintf(" GitHub shows Gatehouse no members of %s: there is no such team here, or it is secret, or the App lacks the permission Members: read.", teams)
		why.Fix = "Make the team visible, correct its name in .github/gatehouse.yml, or accept the App's permissions; gatehouse check --live says which it is."
	}
	return why
}

// MayReject answers whether a person may reject a release: nil, or why not. Who
// could approve it can always reject it, its authors too.
func MayReject(p Policy, repo Repo, s Standing) *Refusal {
	listed := slices.ContainsFunc(p.Reject, func(w Principal) bool { return w.fits(s) })
	switch {
	case s.Person.Bot || s.Person.ID == 0:
		return &Refusal{Code: "not-a-person", Reason: s.Person.Login + " is not a person; only people reject."}
	case p.names(s) || listed || len(p.Reject) == 0 && s.CanWrite():
		return nil
	case len(p.Reject) == 0:
		return needsWrite(s, repo, "reject a release")
	}
	who := append(p.Who(), names(p.Reject)...)
	return &Refusal{
		Code: "not-entitled", Reason: s.Person.Login + " is none of those who may reject.",
		Fix: "One of these may: " + strings.Join(who, ", ") + ".", Who: who,
	}
}

func needsWrite(s Standing, repo Repo, what string) *Refusal {
	return &Refusal{
		Code: "not-entitled", Reason: fmt.Sprintf("%s has the role %s in %s; to %s takes write access.", s.Person.Login, s.Role, repo.FullName(), what),
		Fix: "Ask somebody who may push there.",
	}
}

// authored returns the first commit that the person had a hand in, or "".
func (r Release) authored(p Person) string {
	for _, c := range r.Commits {
		for _, a := range c.Authors {
			if a.ID == p.ID || a.ID == 0 && a.Login != "" && strings.EqualFold(a.Login, p.Login) {
				return c.SHA
			}
		}
	}
	return ""
}

// ChooseGate says who holds the door of an environment, or why nobody can. It
// refuses what would let a deploy through before the policy is met.
func ChooseGate(choice GateChoice, env string, g GateInspected, jobs Jobs) (GateKind, *Refusal) {
	settings := "Settings → Environments → " + env
	ours := strings.EqualFold(jobs.Environment, env) || strings.Contains(jobs.Environment, "inputs.environment")
	switch {
	case choice == GateEnvironment && !g.Rule:
		return "", &Refusal{
			Code: "rule-missing", Reason: "Gatehouse's protection rule is not enabled on the environment " + env + ".",
			Fix: "Enable it under " + settings + " → Deployment protection rules, or write gate: gatehouse.",
		}
	case g.Rule && ours && choice != GateGatehouse:
		return GateByEnvironment, jobs.gateable(env)
	case choice == GateEnvironment:
		return "", &Refusal{
			Code: "no-environment-job", Reason: "No job of the deploy workflow references the environment " + env + ", so GitHub would ask nobody.",
			Fix: "Give the deploying job this line:", Lines: "environment: ${{ inputs.environment }}",
		}
	case len(g.Reviewers) > 0 && !g.Rule && ours:
		return "", &Refusal{
			Code: "reviewers-without-rule", Reason: "The environment " + env + " has required reviewers but not Gatehouse's protection rule: the first click would deploy.",
			Fix: "Enable Gatehouse under " + settings + " → Deployment protection rules, or remove the reviewers there.",
		}
	}
	return GateByGatehouse, nil
}

// keepsOut refuses a branch that the environment's branch policy does not let
// in: GitHub would fail the job at once, without asking anybody.
func (g GateInspected) keepsOut(branch, env string) *Refusal {
	if !g.Restricted || slices.ContainsFunc(g.Branches, func(p string) bool { return MatchBranch(p, branch) }) {
		return nil
	}
	pattern := branch
	if level, _, deep := strings.Cut(branch, "/"); deep {
		pattern = level + "/*"
	}
	allowed := "no branch"
	if len(g.Branches) > 0 {
		allowed = "only these branches: " + strings.Join(g.Branches, ", ")
	}
	return &Refusal{
		Code: "branch-kept-out", Reason: fmt.Sprintf("The branch %s may not deploy to the environment %s, which lets in %s.", branch, env, allowed),
		Fix: "Add " + pattern + " under Settings → Environments → " + env + " → Deployment branches and tags, then push the release branch again.",
	}
}

// gateable refuses a workflow whose parked job would not hold back everything.
func (j Jobs) gateable(env string) *Refusal {
	switch {
	case len(j.Jobs) > 1:
		return &Refusal{
			Code: "several-gated-jobs", Reason: "More than one job of the deploy workflow references an environment: " + strings.Join(j.Jobs, ", ") + ".",
			Fix: "Let exactly one job reference " + env + " and all others come after it (needs:).",
		}
	case len(j.Before) > 0:
		return &Refusal{
			Code: "ungated-job", Reason: "These jobs of the deploy workflow would run before the gate: " + strings.Join(j.Before, ", ") + ".",
			Fix: "Add to each of them:", Lines: "needs: " + strings.Join(j.Jobs, ", "),
		}
	case j.Concurrency:
		return &Refusal{
			Code: "gated-concurrency", Reason: "The deploy workflow has a concurrency group: GitHub could cancel the waiting job or hold it back after the gate.",
			Fix: "Remove concurrency: from it; Gatehouse lets one run at a time deploy.",
		}
	}
	return nil
}

package live

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

func (j *judge) people() {
	for _, env := range policies(j.facts.Config.Spec) {
		whole := true // everybody whom the policy names is known
		for _, need := range env.Approval.Need {
			if need.Team != "" {
				whole = j.team(need.Team) && whole
			}
			for _, login := range need.Users {
				whole = j.user(login) && whole
			}
		}
		if whole {
			j.meetable(env)
		}
		j.rejecters(env)
	}
	for _, e := range escalations(j.facts.Config.Spec) {
		j.known(pipeline.Principal{Team: e.Team, User: e.User}, "escalation-unknown", "an escalation", "Nobody is told in that name when something waits.")
	}
}

// rejecters looks for those who may reject. A release passes its gate without them, so that this only warns.
func (j *judge) rejecters(env *pipeline.Environment) {
	for _, who := range env.Approval.Reject {
		j.known(who, "rejecter-unknown", "reject: of "+env.Name, "Nobody can reject a release in that name.")
	}
}

// known warns of a name behind which GitHub shows nobody.
func (j *judge) known(who pipeline.Principal, code, named, why string) {
	known, name, line := j.facts.Teams[who.Team].Found, "no team @"+who.Team, "team: "+who.Team
	if who.Team == "" {
		_, known = j.facts.Users[strings.ToLower(who.User)]
		name, line = "nobody by the name "+who.User, who.User
	}
	if !known && !j.isUnread("the team "+who.Team) && !j.isUnread("the access of "+who.User) {
		j.add(Finding{
			Severity: Warning, Code: code, Topic: TopicPeople, Where: j.inConfig(line),
			What: fmt.Sprintf("GitHub shows the App %s, and %s names it.", name, named), Why: why, Fix: "Correct the name.",
		})
	}
}

// inConfig is the line of the configuration that holds a text.
func (j *judge) inConfig(texts ...string) string {
	return at(j.facts.Config.Name, j.facts.Config.Source, texts...)
}

// team reports whether the members of a team are known.
func (j *judge) team(team string) bool {
	org, slug := teamOf(j.facts.Repo, team)
	add := func(code, what, why, fix string) {
		j.add(Finding{Severity: Error, Code: code, Topic: TopicPeople, Where: j.inConfig("team: " + team), What: what, Why: why, Fix: fix})
	}
	t, known := j.facts.Teams[team]
	page := fmt.Sprintf("%s/orgs/%s/teams", j.facts.WebURL, org)
	switch {
	case j.isUnread("the team " + team):
		return false
	case !strings.EqualFold(org, j.facts.Repo.Owner):
		add("team-elsewhere", fmt.Sprintf("The team %s belongs to another organization than %s.", team, j.facts.Repo.Owner),
			"Its members count for nothing here, so nobody can fill its places.", "Name a team of "+j.facts.Repo.Owner+".")
		return false
	case !known:
		return false
	case !t.Found && j.facts.Info.OwnerType == "User":
		add("team-impossible", fmt.Sprintf("%s is a person's account, which has no teams.", j.facts.Repo.Owner), "Nobody can fill its places.", "Name people: users: [LOGIN].")
		return false
	case !t.Found:
		add("team-missing", fmt.Sprintf("GitHub shows the App no team @%s/%s.", org, slug), "Nobody can be recognized as a member, so the policy is never met.",
			"Make the team, or correct its name (the short one of its address), at "+page+". A secret team is shown to no App: make it visible.")
		return false
	case len(t.Members) == 0:
		add("team-empty", fmt.Sprintf("The team @%s/%s has no members.", org, slug), "Nobody can fill its places.", fmt.Sprintf("Add people at %s/%s/members.", page, slug))
		return false
	}
	return true
}

// user reports whether a person of a policy can take part.
func (j *judge) user(login string) bool {
	if j.isUnread("the access of " + login) {
		return false
	}
	can, known := j.facts.Users[strings.ToLower(login)]
	switch {
	case !known:
		j.add(Finding{
			Severity: Error, Code: "user-missing", Topic: TopicPeople, Where: j.inConfig(login), What: "GitHub knows nobody by the name " + login + ".",
			Why: "Nobody can fill that place.", Fix: "Correct the login.",
		})
		return false
	case can.Level == "none":
		j.add(Finding{
			Severity: Warning, Code: "user-no-access", Topic: TopicPeople, Where: j.page("/settings/access"), What: login + " has no access to " + j.facts.Repo.FullName() + ".",
			Why: "He sees no check run to approve on, and cannot comment.", Fix: "Give him at least the role Read on that page.",
		})
	}
	return true
}

// meetable lets everybody approve and looks whether the policy is met then; and whether it still is without any one of
// them, who may be an author of the release.
func (j *judge) meetable(env *pipeline.Environment) {
	everybody := j.everybody(*env.Approval)
	if v := pipeline.Judge(*env.Approval, everybody); !v.Met {
		j.add(Finding{
			Severity: Error, Code: "policy-unmeetable", Topic: TopicPeople, Where: j.inConfig("approval:"),
			What: fmt.Sprintf("The approval policy of %s can never be met: %s.", env.Name, short(v, everybody)),
			Why:  "One person fills one place only, so a release waits until it expires.", Fix: "Lower the count, or add people to the teams.",
		})
		return
	}
	if env.Approval.AuthorMayApprove {
		return
	}
	var needed []string
	for i, a := range everybody {
		others := slices.Concat(everybody[:i], everybody[i+1:])
		if !pipeline.Judge(*env.Approval, others).Met {
			needed = append(needed, a.By.Login)
		}
	}
	if len(needed) > 0 {
		j.add(Finding{
			Severity: Warning, Code: "policy-tight", Topic: TopicPeople, Where: j.inConfig("approval:"),
			What: fmt.Sprintf("The approval policy of %s cannot be met without %s.", env.Name, strings.Join(needed, " and without ")),
			Why:  "Authors do not approve their own work: a release with a commit of such a person, or one in his holidays, waits until it expires.",
			Fix:  "Add people to the teams.",
		})
	}
}

// short says what is missing, with the names of those who are there.
func short(v pipeline.Verdict, everybody []pipeline.Approval) string {
	var missing []string
	for _, p := range v.Places {
		if p.Missing > 0 {
			missing = append(missing, fmt.Sprintf("%d of %s (at best %d of %d)", p.Need.Count, strings.Join(p.Need.Who(), " or "), len(p.Filled), p.Need.Count))
		}
	}
	var names []string
	for _, a := range everybody {
		names = append(names, a.By.Login)
	}
	slices.Sort(names)
	if len(names) == 0 {
		names = []string{"nobody who can approve"}
	}
	return "it asks for " + strings.Join(missing, " and ") + ", and has " + strings.Join(names, ", ")
}

// everybody are approvals by all whom a policy names.
func (j *judge) everybody(p pipeline.Policy) []pipeline.Approval {
	var all []pipeline.Approval
	stand := func(who pipeline.Person, team string) {
		if who.Bot {
			return
		}
		i := slices.IndexFunc(all, func(a pipeline.Approval) bool { return a.By.ID == who.ID })
		if i < 0 {
			all = append(all, pipeline.Approval{By: who, Standing: &pipeline.Standing{Person: who}})
			i = len(all) - 1
		}
		if team != "" {
			all[i].Standing.Teams = append(all[i].Standing.Teams, team)
		}
	}
	for _, need := range p.Need {
		for _, m := range j.facts.Teams[need.Team].Members {
			stand(m, need.Team)
		}
		for _, login := range need.Users {
			can := j.facts.Users[strings.ToLower(login)]
			stand(pipeline.Person{ID: can.UserID, Login: login}, "")
		}
	}
	return all
}

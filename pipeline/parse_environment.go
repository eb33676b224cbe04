package pipeline

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxExpiry keeps an approval inside the life of what it approves: GitHub drops
// a parked workflow after 30 days.
const maxExpiry = 29 * day

// environments reads every environment and holds them against each other.
func (p *parser) environments(v value, s *Spec) {
	list, ok := p.pairs(v, "environments")
	if ok && len(list) == 0 {
		p.refuse(v, codeEmptyList, "There is no environment.", "Write environments: {staging: {firebase: my-project}}.")
	}
	owner := map[string]string{}
	for _, e := range list {
		p.name(e.key, e.name, "environment")
		env := p.environment(e.value, e.name)
		s.Environments[e.name] = env
		if env.Firebase == "" {
			continue
		}
		if first, taken := owner[env.Firebase]; taken {
			at := p.child(e.value, "firebase")
			p.refuse(at, codeSharedProject, fmt.Sprintf("The Firebase project %s belongs to %s already.", quoted(env.Firebase), first), "Give each environment a project of its own: a deploy to one must not change the other.")
			continue
		}
		owner[env.Firebase] = e.name
	}
}

// name refuses what cannot be the name of an environment or a pipeline, or the
// id of a stage.
func (p *parser) name(v value, name, what string) {
	if !slug(name) {
		p.refuse(v, codeName, fmt.Sprintf("%s cannot be the name of the %s.", quoted(name), what), "Use 1 to 40 small letters, digits and hyphens, a letter or digit first"+proposal(name)+".")
		return
	}
	switch name {
	case "gatehouse", "rollback", "initial":
		p.refuse(v, codeReserved, fmt.Sprintf("The name %s means something to Gatehouse itself.", quoted(name)), fmt.Sprintf("Choose another, for example my-%s.", name))
	}
}

func proposal(name string) string {
	if s := slugged(name); slug(s) {
		return ": " + s
	}
	return ""
}

func (p *parser) environment(v value, name string) *Environment {
	env := &Environment{Name: name, Foreign: ForeignReject}
	f, ok := p.fields(v, "an environment", "firebase", "url", "approval", "commanders", "freeze", "protected", "foreign", "break_glass", "behind")
	if !ok {
		return env
	}
	if f.require("firebase", "firebase: my-project, the id of the Firebase project") {
		env.Firebase = p.project(f)
	}
	if text, ok := f.text("url"); ok {
		env.URL = p.url(f.at("url"), text, "https://staging.example.com")
	}
	if f.has("approval") {
		env.Approval = p.policy(f.at("approval"))
	}
	if f.has("commanders") {
		env.Commanders = p.principals(f.at("commanders"), "a commander", "commanders", "{team: incident-commanders}")
	}
	if f.has("freeze") {
		env.Freeze = p.freezes(f.at("freeze"))
	}
	if f.has("protected") {
		env.Protected = textsOf(p.texts(f.at("protected"), "protected: [balances, transactions]"))
	}
	if foreign, ok := f.choice("foreign", string(ForeignReject), string(ForeignAsk)); ok {
		env.Foreign = Foreign(foreign)
	}
	env.BreakGlass = f.flag("break_glass", false)
	env.Behind = f.span("behind", behindAfter, 0, 365*day)
	return env
}

func (p *parser) project(f fields) string {
	id, ok := f.text("firebase")
	if !ok {
		return ""
	}
	good := len(id) >= 6 && len(id) <= 30 && id[0] >= 'a' && id[0] <= 'z' && !strings.HasSuffix(id, "-") &&
		only(id, func(r rune) bool { return r == '-' || isDigit(r) || (r >= 'a' && r <= 'z') })
	if !good {
		p.refuse(f.at("firebase"), codeProject, fmt.Sprintf("%s is no id of a Firebase project.", quoted(id)), "Write the project id (6 to 30 small letters, digits and hyphens) that the Firebase console shows, not its display name or number.")
		return ""
	}
	return id
}

// policy never answers nil: an environment whose policy is wrong still has one,
// so that its pipelines are judged as gated.
func (p *parser) policy(v value) *Policy {
	policy := &Policy{Gate: GateAuto, Expires: 72 * time.Hour}
	f, ok := p.fields(v, "an approval policy", "need", "expires", "remind", "escalate", "gate", "author_may_approve", "reason_required", "reject")
	if !ok {
		return policy
	}
	if f.require("need", "need: [{team: release-approvers, count: 1}]") {
		for _, e := range p.items(f.at("need"), "need: [{team: release-approvers, count: 1}]") {
			policy.Need = append(policy.Need, p.need(e))
		}
	}
	policy.Expires = f.span("expires", 72*time.Hour, time.Second, maxExpiry)
	policy.Remind = f.span("remind", 0, time.Second, maxExpiry)
	if policy.Remind >= policy.Expires {
		p.refuse(f.at("remind"), codeRemind, fmt.Sprintf("The reminder after %s comes when the approval has expired (%s).", spelled(policy.Remind), spelled(policy.Expires)), "Write a shorter time for remind, or a longer one for expires.")
	}
	if f.has("escalate") {
		policy.Escalate = p.escalations(f.at("escalate"), policy.Expires)
	}
	if gate, ok := f.choice("gate", string(GateAuto), string(GateEnvironment), string(GateGatehouse)); ok {
		policy.Gate = GateChoice(gate)
	}
	policy.AuthorMayApprove = f.flag("author_may_approve", false)
	policy.ReasonRequired = f.flag("reason_required", false)
	if f.has("reject") {
		policy.Reject = p.principals(f.at("reject"), "a person who may reject", "reject", "{team: quality}")
	}
	return policy
}

func (p *parser) need(v value) Need {
	f, ok := p.fields(v, "a need", "team", "users", "count")
	if !ok {
		return Need{}
	}
	n := Need{Count: f.number("count", 1, 1, 100)}
	if f.has("team") == f.has("users") {
		p.refuse(v, codeTeamOrUsers, "A need names either a team or users, exactly one of the two.", "Write {team: release-approvers, count: 1} or {users: [alice, bob], count: 1}.")
	}
	if f.has("team") {
		n.Team = p.team(f.at("team"))
	}
	if f.has("users") {
		n.Users = p.users(f.at("users"))
	}
	if len(n.Users) > 0 && n.Count > len(n.Users) {
		p.refuse(f.at("count"), codeCount, fmt.Sprintf("%d approvals are needed from %d people.", n.Count, len(n.Users)), fmt.Sprintf("Write count: %d, or name more users.", len(n.Users)))
	}
	return n
}

// team reads slug or org/slug.
func (p *parser) team(v value) string {
	text, ok := p.text(v)
	if !ok {
		return ""
	}
	org, team, qualified := strings.Cut(strings.TrimPrefix(text, "@"), "/")
	if !qualified {
		org, team = "org", org
	}
	good := login(org) && team != "" && alphanumeric(rune(team[0])) && only(team, func(r rune) bool {
		return strings.ContainsRune("-_.", r) || (alphanumeric(r) && (r < 'A' || r > 'Z'))
	})
	if !good || text[0] == '@' {
		example := "release-approvers"
		if s := slugged(team); s != "" && qualified {
			example = org + "/" + s
		} else if s != "" {
			example = s
		}
		p.refuse(v, codeTeam, fmt.Sprintf("%s is no team.", quoted(text)), "Write the team's slug, or org/slug, without @: "+example+".")
		return ""
	}
	return text
}

func (p *parser) users(v value) []string {
	var list []string
	seen := map[string]bool{}
	for _, e := range p.items(v, "users: [alice, bob]") {
		name := p.user(e)
		if name == "" {
			continue
		}
		if folded := strings.ToLower(name); seen[folded] {
			p.refuse(e, codeRepeated, fmt.Sprintf("%s is in this list twice.", quoted(name)), "Keep one of them: one person fills one place.")
		} else {
			seen[folded] = true
			list = append(list, name)
		}
	}
	return list
}

func (p *parser) user(v value) string {
	text, ok := p.text(v)
	if !ok {
		return ""
	}
	if !login(text) {
		p.refuse(v, codeUser, fmt.Sprintf("%s is no GitHub login.", quoted(text)), "Write the login without @, as in the address of the profile page.")
		return ""
	}
	return text
}

// login follows GitHub's rule; managed users carry _ and a short code.
func login(text string) bool {
	return text != "" && len(text) <= 48 && alphanumeric(rune(text[0])) &&
		only(text, func(r rune) bool { return r == '-' || r == '_' || alphanumeric(r) })
}

func (p *parser) principals(v value, what, key, example string) []Principal {
	var list []Principal
	for _, e := range p.items(v, key+": ["+example+"]") {
		if f, ok := p.fields(e, what, "team", "user"); ok {
			team, user := p.principal(f, example+" or {user: alice}")
			list = append(list, Principal{Team: team, User: user})
		}
	}
	return list
}

// principal reads exactly one of team and user.
func (p *parser) principal(f fields, example string) (team, user string) {
	if f.has("team") == f.has("user") {
		p.refuse(f.in, codeTeamOrUsers, "Exactly one of team and user must be named here.", "Write "+example+".")
	}
	if f.has("team") {
		team = p.team(f.at("team"))
	}
	if f.has("user") {
		user = p.user(f.at("user"))
	}
	return team, user
}

// child finds the value of a key without judging anything.
func (p *parser) child(v value, name string) value {
	quiet := &parser{widths: p.widths}
	list, _ := quiet.pairs(v, "")
	for _, e := range list {
		if e.name == name {
			return e.value
		}
	}
	return v
}

// twoDigits reads 00 to limit.
func twoDigits(text string, limit int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && len(text) == 2 && isDigit(rune(text[0])) && n <= limit
}

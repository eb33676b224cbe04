package pipeline

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

func (p *parser) notify(v value) Notify {
	var n Notify
	f, ok := p.fields(v, "notify", "slack", "discord", "people")
	if !ok {
		return n
	}
	if f.has("slack") {
		n.Slack = p.slack(f.at("slack"))
	}
	n.Discord = f.flag("discord", false)
	if f.has("people") {
		n.People = p.people(f.at("people"))
	}
	return n
}

// slack reads a channel. Unquoted, #name is a comment, which is worth a
// sentence of its own.
func (p *parser) slack(v value) string {
	if v.null() {
		p.refuse(v, codeSlack, "No channel is named; a # after a space starts a comment.", "Put the channel in quotes: slack: \"#releases\".")
		return ""
	}
	text, ok := p.text(v)
	if !ok {
		return ""
	}
	if name, named := strings.CutPrefix(text, "#"); named && name != "" && len(name) <= 80 && only(name, channelRune) {
		return text
	}
	if slackID(text, "CGD") {
		return text
	}
	p.refuse(v, codeSlack, fmt.Sprintf("%s is no Slack channel.", quoted(text)), "Write its name with # and in quotes, slack: \"#releases\", or its id, slack: C0123456789.")
	return ""
}

func channelRune(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsUpper(r) && !strings.ContainsRune("#<>&|", r)
}

func slackID(text, kinds string) bool {
	return len(text) >= 8 && len(text) <= 20 && strings.ContainsRune(kinds, rune(text[0])) &&
		only(text, func(r rune) bool { return isDigit(r) || (r >= 'A' && r <= 'Z') })
}

// people maps GitHub logins to Slack accounts. It serves mentions, never
// authority.
func (p *parser) people(v value) map[string]string {
	list, _ := p.pairs(v, "people")
	people := map[string]string{}
	for _, e := range list {
		if !login(e.name) {
			p.refuse(e.key, codeUser, fmt.Sprintf("%s is no GitHub login.", quoted(e.name)), "Write the login without @, as in the address of the profile page.")
		}
		id, ok := p.text(e.value)
		if ok && !slackID(id, "UW") {
			p.refuse(e.value, codeSlackPerson, fmt.Sprintf("%s is no Slack member id.", quoted(id)), "Write the id from \"Copy member ID\" in the Slack profile: U0123456789.")
		}
		people[e.name] = id
	}
	return people
}

func (p *parser) incident(v value) Incident {
	var i Incident
	f, ok := p.fields(v, "incident", "on_call", "playbook", "escalate")
	if !ok {
		return i
	}
	if text, ok := f.text("on_call"); ok {
		i.OnCall = p.url(f.at("on_call"), text, "https://example.pagerduty.com/schedules/P1")
	}
	if text, ok := f.text("playbook"); ok {
		i.Playbook = p.url(f.at("playbook"), text, "https://example.com/playbook")
	}
	if !f.has("escalate") {
		return i
	}
	for _, e := range p.items(f.at("escalate"), "escalate: [{after: 10m, team: leads}]") {
		if f, ok := p.fields(e, "an escalation", "after", "team", "user"); ok {
			i.Escalate = append(i.Escalate, p.escalation(f))
		}
	}
	return i
}

// escalations are those of a gate, which come before it expires.
func (p *parser) escalations(v value, expires time.Duration) []Escalate {
	var list []Escalate
	for _, e := range p.items(v, "escalate: [{after: 12h, team: leads}]") {
		f, ok := p.fields(e, "an escalation", "after", "team", "user", "may_approve")
		if !ok {
			continue
		}
		step := p.escalation(f)
		step.MayApprove = f.flag("may_approve", false)
		if step.After >= expires {
			p.refuse(f.at("after"), codeEscalate, fmt.Sprintf("The escalation after %s comes when the approval has expired (%s).", spelled(step.After), spelled(expires)), "Write a shorter time for after, or a longer one for expires.")
		}
		list = append(list, step)
	}
	return list
}

func (p *parser) escalation(f fields) Escalate {
	var e Escalate
	if f.require("after", "{after: 10m, team: leads}") {
		e.After = f.span("after", 0, 1, maxSpan)
	}
	e.Team, e.User = p.principal(f, "{after: 10m, team: leads} or {after: 10m, user: alice}")
	return e
}

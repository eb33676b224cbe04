package templates

import (
	"strings"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Call is a message of its own to people who can help: a reminder, or a word to
// those who are asked next. It is posted once, and never edited.
type Call struct {
	view  View
	icon  string
	about string // what is behind the title: "still waits"
	lines []callLine
	who   Mentions
}

// callLine is a sentence of a call; People stands for those who are mentioned.
type callLine struct {
	before string
	people bool
	after  string
}

// Mentions are the people of a call: Users by Slack's id, Logins whom nobody knows
// there; All by login, for where nobody can be mentioned.
type Mentions struct{ Users, Logins, All []string }

// CallMarker is hidden in a comment that calls people, so that it is found again.
func CallMarker(name string) string { return "<!-- gatehouse:call:" + name + " -->" }

// Reminder says that a gate still waits: for what, since when, and who can help.
func Reminder(v View, who Mentions) Call {
	c := Call{view: v, icon: "⏰", about: "still waits", who: who}
	c.say(sentence(v.Headline))
	if !who.none() {
		c.lines = append(c.lines, callLine{before: "These can still approve:", people: true, after: "."})
	}
	c.expires()
	return c
}

// Escalation tells the people of an escalation that a gate has waited for too
// long, or that an incident has no answer. Named is who the configuration names.
func Escalation(v View, who Mentions, named []string, incident bool) Call {
	c := Call{view: v, icon: "📣", about: "still waits", who: who}
	if incident {
		c.icon, c.about = "🚨", "nobody has answered"
	}
	if who.none() {
		who.Logins, who.All = named, named
		c.who = who
	}
	c.lines = append(c.lines, callLine{people: true, after: ": " + sentence(v.Headline)})
	if incident {
		c.say(answerIncident(v))
		return c
	}
	if g := v.Gate; g != nil {
		c.say(g.mayNow(named))
	}
	c.expires()
	return c
}

// BrokenGlass tells those who could have approved a rollback that it goes without
// them. Named is who the configuration names.
func BrokenGlass(v View, who Mentions, named []string) Call {
	if who.none() {
		who.Logins, who.All = named, named
	}
	c := Call{view: v, icon: "🚨", about: "the glass was broken", who: who}
	c.lines = append(c.lines, callLine{people: true, after: ": " + v.Restore.By + " rolls back without a final approval. " + sentence("The reason: "+v.Restore.Why)})
	c.say("Whoever sees a mistake in it speaks up now. Afterwards, one of you reviews it in the incident's issue.")
	return c
}

// EscalationComment says the same in the issue of an incident. Who is given as
// GitHub mentions them, without @.
func EscalationComment(v View, who []string, marker string) string {
	var l lines
	var names []string
	for _, w := range who {
		names = append(names, "@"+plain(w)) // from the configuration: checked to be a login or a team
	}
	l.add("%s: nobody has answered this incident yet. %s", list(names), md(sentence(v.Headline)))
	l.add("\n%s %s", md(answerIncident(v)), mdLink("The run", v.Facts.Page))
	l.text("\n" + marker)
	return l.String()
}

// answerIncident is what to type, so that nobody else is called.
func answerIncident(v View) string {
	env := plain(v.Facts.Environment)
	return "Who takes it comments /lock " + env + " REASON, and nobody else is called; when it is over, /unlock " + env + "."
}

// mayNow says what those who are told can do.
func (g *Gate) mayNow(named []string) string {
	for _, e := range g.Escalations {
		if e.Told && e.MayApprove && overlap(e.Who, named) {
			return either(e.Who) + " may approve it from now on, too."
		}
	}
	var of []string
	for _, p := range g.Places {
		if p.Missing > 0 {
			of = append(of, p.Of...)
		}
	}
	if len(of) == 0 {
		return ""
	}
	return "Find somebody who may approve it: " + either(of) + "."
}

func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if strings.EqualFold(x, y) {
				return true
			}
		}
	}
	return false
}

func (c *Call) say(text string) {
	if text != "" {
		c.lines = append(c.lines, callLine{before: text})
	}
}

func (c *Call) expires() {
	if g := c.view.Gate; g != nil && !g.ExpiresAt.IsZero() {
		c.say("It expires at " + stamp(g.ExpiresAt) + ".")
	}
}

func (m Mentions) none() bool { return len(m.Users)+len(m.Logins)+len(m.All) == 0 }

// Slack renders it with mentions.
func (c Call) Slack() SlackMessage {
	var who []string
	for _, u := range c.who.Users {
		who = append(who, "<@"+u+">")
	}
	who = append(who, each(c.who.Logins, mrkdwn)...)
	texts := c.texts(list(who), mrkdwn)
	texts[0] = c.icon + " " + texts[0]
	blocks := append([]api.Block{header(c.icon + " " + clip(plain(c.view.Title), maxHeader-40) + ": " + c.about)}, sections(texts)...)
	return message(first(c.about)+": "+c.view.Title+". "+c.view.Headline, append(blocks, api.NewActionBlock("", urlButton("run", "Details", c.view.Facts.Page, false))))
}

// Discord renders it with names: nobody is pinged there.
func (c Call) Discord() DiscordMessage {
	m := DiscordMessage{
		Title: c.icon + " " + discordTitle(c.view) + ": " + c.about, URL: safeURL(c.view.Facts.Page), Color: discordAmber,
		Description: discordFit(c.texts(list(each(c.who.All, dmd)), dmd), maxEmbedDescription), Footer: clip(discordFoot(c.view), maxEmbedFooter),
	}
	if c.icon == "🚨" {
		m.Color = discordRed
	}
	return m
}

func (c Call) texts(who string, escape func(string) string) []string {
	var texts []string
	for _, l := range c.lines {
		text := escape(l.before)
		if l.people && text != "" {
			text += " "
		}
		if l.people {
			text += who
		}
		texts = append(texts, text+escape(l.after))
	}
	return texts
}

// incidentCalls says who is called of an incident, and what ends that.
func incidentCalls(s pipeline.State) []string {
	var texts []string
	for _, e := range s.Calls() {
		if e.Told {
			texts = append(texts, "Called at "+stamp(e.At)+": "+list(e.Who)+".")
			continue
		}
		texts = append(texts, "If nobody has answered at "+stamp(e.At)+", "+list(e.Who)+" will be called.")
	}
	if len(texts) > 0 {
		texts = append(texts, "To answer: comment /lock "+s.Run.Environment+" REASON, or /unlock "+s.Run.Environment+" when it is over.")
	}
	return texts
}

// calls says who is told when, while the gate waits, and who has been.
func (g *Gate) calls() []string {
	if !g.Open {
		return nil
	}
	var texts []string
	for _, e := range g.Escalations {
		text := "If it still waits at " + stamp(e.At) + ", " + list(e.Who) + " will be told"
		if e.Told {
			text = "Told at " + stamp(e.At) + ": " + list(e.Who)
		}
		if e.MayApprove {
			text += ", and may approve from then on"
		}
		texts = append(texts, text+".")
	}
	return texts
}

package templates

import (
	"fmt"
	"strings"
)

// Lacking is the alert that an installation of the App is without something that
// Gatehouse needs, or has it again.
type Lacking struct {
	Account string // that installed the App
	Page    string // of the installation, on GitHub
	Needs   []Need // none: it has what it needs again
}

// Need is one thing that is missing.
type Need struct{ What, Without, Fix string }

func (l Lacking) title() string {
	switch len(l.Needs) {
	case 0:
		return "Gatehouse has what it needs on " + l.Account + " again"
	case 1:
		return "Gatehouse lacks something on " + l.Account
	}
	return fmt.Sprintf("Gatehouse lacks %d things on %s", len(l.Needs), l.Account)
}

func (l Lacking) texts(escape func(string) string, link func(text, address string) string) []string {
	var texts []string
	for _, n := range l.Needs {
		texts = append(texts, escape(n.What+" "+n.Without+" "+n.Fix))
	}
	if len(l.Needs) == 0 {
		texts = append(texts, "Runs that waited for it go on by themselves.")
	}
	if l.Page != "" {
		texts = append(texts, link("The installation", l.Page))
	}
	return texts
}

func (l Lacking) mark() string {
	if len(l.Needs) == 0 {
		return "✅ "
	}
	return "🔑 "
}

// maxAlert is more than all that can be missing; Slack cuts an incoming webhook at 40,000.
const maxAlert = 12_000

// Text is for an incoming webhook, in Slack's form.
func (l Lacking) Text() string {
	return clipEscaped(l.mark()+"*"+mrkdwn(l.title())+"*\n"+strings.Join(l.texts(mrkdwn, slackLink), "\n"), maxAlert)
}

// Discord renders it.
func (l Lacking) Discord() DiscordMessage {
	color := discordAmber
	if len(l.Needs) == 0 {
		color = discordGreen
	}
	return DiscordMessage{
		Title: l.mark() + dmd(clip(plain(l.title()), 200)), URL: safeURL(l.Page), Color: color,
		Description: discordFit(l.texts(dmd, discordLink), maxEmbedDescription),
	}
}

package templates

import (
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Lacking is the alert that an installation of the App is without something that
// Gatehouse needs, or has it again.
type Lacking struct{ pipeline.Lack }

// Title says whether something is missing.
func (l Lacking) Title() string {
	switch len(l.Missing) {
	case 0:
		return "Gatehouse has what it needs on " + l.Account + " again"
	case 1:
		return "Gatehouse lacks something on " + l.Account
	}
	return fmt.Sprintf("Gatehouse lacks %d things on %s", len(l.Missing), l.Account)
}

func (l Lacking) texts(escape func(string) string, link func(text, address string) string) []string {
	var texts []string
	for _, n := range l.Missing {
		texts = append(texts, escape(n.What+" "+n.Without+" "+n.Fix))
	}
	if len(l.Missing) == 0 {
		texts = append(texts, "Runs that waited for it go on by themselves.")
	}
	if l.Page != "" {
		texts = append(texts, link("The installation", l.Page))
	}
	return texts
}

func (l Lacking) mark() string {
	if len(l.Missing) == 0 {
		return "✅ "
	}
	return "🔑 "
}

// maxAlert is more than all that can be missing; Slack cuts an incoming webhook at 40,000.
const maxAlert = 12_000

// Text is for an incoming webhook, in Slack's form.
func (l Lacking) Text() string {
	return clipEscaped(l.mark()+"*"+mrkdwn(l.Title())+"*\n"+strings.Join(l.texts(mrkdwn, slackLink), "\n"), maxAlert)
}

// Discord renders it.
func (l Lacking) Discord() DiscordMessage {
	color := discordAmber
	if len(l.Missing) == 0 {
		color = discordGreen
	}
	return DiscordMessage{
		Title: l.mark() + dmd(clip(plain(l.Title()), 200)), URL: safeURL(l.Page), Color: color,
		Description: discordFit(l.texts(dmd, discordLink), maxEmbedDescription),
	}
}

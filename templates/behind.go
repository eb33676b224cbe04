package templates

import (
	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Behind is the message that a lane is further behind its branch than it should be.
type Behind struct {
	of   pipeline.Behind
	page string // of the lane
}

// NewBehind makes the message; page is that of the lane.
func NewBehind(b pipeline.Behind, page string) Behind { return Behind{of: b, page: page} }

func (b Behind) title() string { return b.of.Text(b.of.At) }

func (b Behind) texts(escape func(string) string, link func(text, address string) string) []string {
	texts := []string{"Waiting for " + escape(sentence(b.of.Awaits))}
	live := "Live is " + escape(b.of.Version) + "."
	if b.of.Compare != "" {
		live += " " + link("What is missing", b.of.Compare)
	}
	return append(texts, live)
}

// Slack renders it.
func (b Behind) Slack() SlackMessage {
	blocks := append([]api.Block{header("🐢 " + b.title())}, sections(b.texts(mrkdwn, slackLink))...)
	return message(b.title()+", waiting for "+b.of.Awaits, append(blocks, api.NewActionBlock("", urlButton("lane", "The lane", b.page, false))))
}

// Discord renders it.
func (b Behind) Discord() DiscordMessage {
	return DiscordMessage{
		Title: "🐢 " + dmd(clip(plain(b.title()), 200)), URL: safeURL(b.page), Color: discordAmber,
		Description: discordFit(b.texts(dmd, discordLink), maxEmbedDescription),
	}
}

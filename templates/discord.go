package templates

import (
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// What of Discord's limits a message uses, in characters. Together they stay
// below the 6000 that all parts of a message may have.
const (
	maxEmbedTitle       = 256
	maxEmbedDescription = 2000
	maxEmbedFieldName   = 60
	maxEmbedField       = 1024
	maxEmbedFooter      = 300
	maxStageFields      = 2
)

// DiscordMessage is one embed: a card that is edited in place.
type DiscordMessage struct {
	Title       string
	URL         string // where the title leads
	Description string
	Color       int // 0xRRGGBB
	Fields      []DiscordField
	Footer      string
}

// DiscordField is a titled part of the card.
type DiscordField struct{ Name, Value string }

// The colors of the card's edge.
const (
	discordGreen = 0x1a7f37
	discordRed   = 0xcf222e
	discordAmber = 0xbf8700
	discordBlue  = 0x0969da
	discordGrey  = 0x6e7781
)

// Discord renders the one message of a run, which is edited in place. What
// Slack has in the thread stands in the card: webhooks cannot open threads.
func Discord(v View) DiscordMessage {
	m := DiscordMessage{
		Title: v.Status.Icon + " " + discordTitle(v) + ": " + v.Status.Text, URL: safeURL(v.Facts.Page),
		Description: discordFit(append([]string{discordHeadline(v), ""}, discordRelease(v)...), maxEmbedDescription),
		Color:       discordColor(v), Footer: clip(discordFoot(v), maxEmbedFooter),
	}
	for i, text := range pack(discordStages(v), maxEmbedField) {
		if i == maxStageFields {
			break
		}
		name := "Stages"
		if i > 0 {
			name = "More stages"
		}
		m.field(name, text)
	}
	if g := v.Gate; g != nil && g.Open {
		m.field("Approval", discordFit(discordGate(v), maxEmbedField))
	} else if g != nil && len(g.Approvals) > 0 {
		m.field("Approved by", discordFit(discordApprovals(g), maxEmbedField))
	}
	return m
}

// DiscordOpening is how the message of a run begins. If its id is lost, nothing
// can find or edit it again, so it says only what stays true.
func DiscordOpening(v View) DiscordMessage {
	if v.Restore != nil {
		return DiscordMessage{
			Title: discordTitle(v), URL: safeURL(v.Facts.Page), Color: discordGrey, Footer: clip(discordFoot(View{Facts: v.Facts}), maxEmbedFooter),
			Description: dmd(clip(v.Facts.Environment, 100)) + " is being rolled back. " + discordLink("How it stands", v.Facts.Page) + " is on its page.",
		}
	}
	text := dmd(clip(v.Release.Version, 100)) + " goes through the pipeline " + dmd(clip(v.Facts.Pipeline, 100)) + ". " + discordLink("How it stands", v.Facts.Page) + " is on its page."
	return DiscordMessage{
		Title: discordTitle(v), URL: safeURL(v.Facts.Page), Description: text,
		Color: discordGrey, Footer: clip(discordFoot(View{Facts: v.Facts}), maxEmbedFooter),
	}
}

// discordTitle leaves room for a status. It is shortened before it is escaped,
// so that no escape is cut in two.
func discordTitle(v View) string {
	const room = maxEmbedTitle - 40
	for n := room; ; n /= 2 {
		if title := dmd(clip(plain(v.Title), n)); len(title) <= room {
			return title
		}
	}
}

func (m *DiscordMessage) field(name, text string) {
	if strings.TrimSpace(text) != "" {
		m.Fields = append(m.Fields, DiscordField{Name: clip(name, maxEmbedFieldName), Value: text})
	}
}

// discordFit keeps whole lines, so that no link or escape is cut in two.
func discordFit(texts []string, most int) string {
	var b strings.Builder
	for _, t := range texts {
		if b.Len()+len(t)+len("\n…") > most {
			return strings.TrimRight(b.String(), "\n") + "\n…"
		}
		b.WriteString(t + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func discordColor(v View) int {
	switch v.Facts.Status {
	case pipeline.RunSucceeded:
		return discordGreen
	case pipeline.RunFailed, pipeline.RunRejected, pipeline.RunExpired:
		return discordRed
	case pipeline.RunCanceled, pipeline.RunSuperseded:
		return discordGrey
	case pipeline.RunActive:
	}
	switch {
	case failedStage(v) != nil && !failedStage(v).MayFail:
		return discordRed
	case v.Gate != nil && v.Gate.Open, v.Status.waits():
		return discordAmber
	}
	return discordBlue
}

func discordHeadline(v View) string {
	text := dmd(sentence(v.Headline))
	text += v.advice(dmd)
	if v.End == nil {
		return text
	}
	if v.End.ByPage != "" {
		text += " " + discordLink("See the newer run", v.End.ByPage) + "."
	}
	if v.End.Why != nil && v.End.Why.Fix != "" {
		text += "\n" + dmd(sentence(v.End.Why.Fix))
		if v.End.Why.Lines != "" {
			text += " " + discordLink("The lines are on the check", v.Facts.Checks) + "."
		}
	}
	return text
}

func discordRelease(v View) []string {
	if v.Restore != nil {
		return restoreLines(v, dmd)
	}
	r := v.Release
	if r.Unread {
		return []string{discordLink(r.Short, r.Commit) + " " + dmd(r.Message)}
	}
	head := count(r.Total, "commit")
	if len(r.Authors) > 0 {
		head += " by " + dmd(list(few(r.Authors, 5)))
	}
	if r.Replaces != "" {
		head += ", in place of " + dmd(r.Replaces)
	}
	if r.Compare != "" {
		head += " · " + discordLink("compare", r.Compare)
	}
	texts := []string{head}
	for i, c := range r.Commits {
		if i == fewCommits {
			break
		}
		texts = append(texts, "• "+discordLink(c.Short, c.Page)+" "+dmd(clip(c.Message, 80))+" ("+dmd(list(few(c.Authors, 3)))+")")
	}
	if n := r.more(fewCommits); n > 0 && len(r.Commits) > 0 {
		texts = append(texts, "• and "+count(n, "more commit"))
	}
	if len(r.Sensitive) > 0 {
		texts = append(texts, "⚠️ It changes "+r.sensitive(dmd, 5))
	}
	if warning := r.unmatched(dmd); warning != "" {
		texts = append(texts, warning)
	}
	return texts
}

// discordStages is a line a stage; what failed says why.
func discordStages(v View) []string {
	var lines []string
	for _, s := range v.Stages {
		line := s.Word.Icon + " " + discordLink(clip(s.Title, 60), s.Link)
		if s.Took != "" {
			line += " " + s.Took
		}
		if s.Reason != nil && s.Status == pipeline.StageFailed {
			line += ": " + dmd(clip(sentence(s.Reason.Reason), 200))
		}
		lines = append(lines, line)
	}
	return lines
}

func discordGate(v View) []string {
	g := v.Gate
	var texts []string
	for _, p := range g.Places {
		text := "👤 " + count(p.Count, "approval") + " of " + dmd(either(p.Of))
		if len(p.Filled) > 0 {
			text += ": " + dmd(list(p.Filled)) + " approved"
			if p.Missing > 0 {
				text += ", " + count(p.Missing, "place") + " open"
			}
		}
		texts = append(texts, text)
	}
	var ways []string
	for _, w := range g.ways() {
		if w.command != "" {
			ways = append(ways, w.text+" "+code(w.command))
			continue
		}
		ways = append(ways, discordLink(w.text, w.address))
	}
	how := "How: " + either(ways) + "."
	if !g.ExpiresAt.IsZero() {
		how += " Expires at " + stamp(g.ExpiresAt) + "."
	}
	texts = append(texts, how)
	texts = append(texts, each(g.calls(), dmd)...)
	for _, w := range v.closed() {
		texts = append(texts, w.sign()+" "+dmd(sentence(w.Reason))+" "+dmd(w.Fix))
	}
	for _, a := range g.Disregarded {
		texts = append(texts, "✖️ "+dmd(a.By)+" does not count: "+dmd(clip(sentence(a.Why.Reason), 200)))
	}
	return texts
}

func discordApprovals(g *Gate) []string {
	var texts []string
	for _, a := range g.Approvals {
		text := "✅ " + dmd(a.By) + ", " + stamp(a.At) + ", " + dmd(a.Surface)
		if a.Comment != "" {
			text += ": “" + dmd(clip(a.Comment, 200)) + "”"
		}
		texts = append(texts, text)
	}
	return texts
}

// discordFoot is plain: Discord renders no markup in a footer.
func discordFoot(v View) string {
	text := plain(v.Facts.Pipeline) + " · started by " + plain(v.Facts.StartedBy) + ", " + stamp(v.Facts.StartedAt)
	if v.End != nil {
		text += " · took " + v.End.Took
	}
	return text
}

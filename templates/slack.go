package templates

import (
	"strings"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The limits of Slack, in characters, and how much of a list one message shows.
const (
	maxHeader    = 150
	maxSection   = 3000
	maxBlocks    = 50
	maxButton    = 75
	maxFallback  = 3000
	fewCommits   = 5
	maxSlackLine = 1500
)

// SlackMessage is what is posted: Blocks are shown, Text stands in for them in
// notifications and for screen readers.
type SlackMessage struct {
	Text   string
	Blocks []api.Block
}

// Slack renders the one message of a run, which is edited in place. With act it
// has buttons that decide, else links only.
func Slack(v View, act bool) SlackMessage {
	blocks := []api.Block{header(v.Status.Icon + " " + clip(plain(v.Title), maxHeader-40) + ": " + v.Status.Text)}
	blocks = append(blocks, sections([]string{slackHeadline(v)})...)
	blocks = append(blocks, sections(slackRelease(v))...)
	blocks = append(blocks, sections([]string{slackStages(v)})...)
	if v.Gate != nil && v.Gate.Open {
		blocks = append(blocks, sections(slackGate(v, act))...)
	} else if v.Gate != nil {
		blocks = append(blocks, sections(slackDecided(v.Gate))...)
	}
	blocks = append(blocks, slackButtons(v, act), contextLine(slackFoot(v)))
	return message(v.Status.String()+": "+v.Title+". "+v.Headline, blocks)
}

// SlackDetails renders the reply in the thread: every stage with its time and
// reason, the approvals, the notes.
func SlackDetails(v View) SlackMessage {
	texts := []string{"*Stages*"}
	for _, s := range v.Stages {
		texts = append(texts, stageSlack(s))
	}
	if g := v.Gate; g != nil && len(g.Approvals)+len(g.Disregarded) > 0 {
		texts = append(texts, "", "*Approvals*")
		for _, a := range g.Approvals {
			texts = append(texts, "✅ "+approvalSlack(a))
		}
		for _, a := range g.Disregarded {
			texts = append(texts, "✖️ "+approvalSlack(a)+" — does not count: "+mrkdwn(sentence(a.Why.Reason)))
		}
	}
	if g := v.Gate; g != nil && g.Open && g.Advisory {
		texts = append(texts, "", mrkdwn(advisory))
	}
	if len(v.Release.Sensitive) > 0 {
		texts = append(texts, "", "⚠️ It changes "+v.Release.sensitive(mrkdwn, 20))
	}
	if len(v.Notes) > 0 {
		texts = append(texts, "", "*Notes*")
	}
	for _, n := range v.Notes {
		texts = append(texts, stamp(n.At)+" "+noteText(n, mrkdwn))
	}
	return message("Details of "+v.Title, sections(texts))
}

// SlackNotice renders the closing message, which a notify stage sends while the
// run itself is about to end.
func SlackNotice(v View) SlackMessage {
	if v.Restore != nil {
		return message("↩️ "+v.Title, append([]api.Block{header("↩️ " + v.Title)}, append(sections(restoreLines(v, mrkdwn)), contextLine(slackFoot(v)))...))
	}
	icon, text := "✅", "is live in "+mrkdwn(v.Facts.Environment)+"."
	if !v.Deploy.Passed {
		text = "went through the pipeline " + mrkdwn(v.Facts.Pipeline) + "."
	}
	texts := []string{"*" + mrkdwn(v.Release.Version) + "* " + text}
	for _, s := range v.Stages {
		if s.Status == pipeline.StageFailed {
			icon = "⚠️"
			texts = append(texts, stageSlack(s))
		}
	}
	if g := v.Gate; g != nil && len(g.Approvals) > 0 {
		texts = append(texts, "Approved by "+mrkdwn(list(g.Approvers()))+".")
	}
	texts = append(texts, commitsHeadSlack(v.Release))
	blocks := append([]api.Block{header(icon + " " + v.Title)}, sections(texts)...)
	blocks = append(blocks, contextLine(slackFoot(v)))
	return message(icon+" "+v.Title+": "+v.Release.Version+" "+text, blocks)
}

func slackHeadline(v View) string {
	text := mrkdwn(sentence(v.Headline))
	if v.End != nil && v.End.ByPage != "" {
		text += " " + slackLink("See the newer run", v.End.ByPage) + "."
	}
	text += v.advice(mrkdwn)
	if v.End != nil && v.End.Why != nil && v.End.Why.Fix != "" {
		text += "\n" + mrkdwn(sentence(v.End.Why.Fix))
		if v.End.Why.Lines != "" {
			text += " " + slackLink("The lines are on the check", v.Facts.Checks) + "."
		}
	}
	return text
}

func slackRelease(v View) []string {
	if v.Restore != nil {
		return restoreLines(v, mrkdwn)
	}
	r := v.Release
	if r.Unread {
		return []string{slackLink(r.Short, r.Commit) + " " + mrkdwn(r.Message)}
	}
	texts := []string{commitsHeadSlack(r)}
	for i, c := range r.Commits {
		if i == fewCommits {
			break
		}
		texts = append(texts, "• "+slackLink(c.Short, c.Page)+" "+mrkdwn(clip(c.Message, 100))+" ("+mrkdwn(list(few(c.Authors, 3)))+")")
	}
	if n := r.more(fewCommits); n > 0 && len(r.Commits) > 0 {
		texts = append(texts, "• and "+count(n, "more commit"))
	}
	if len(r.Sensitive) > 0 {
		texts = append(texts, "⚠️ It changes "+r.sensitive(mrkdwn, 5))
	}
	if warning := r.unmatched(mrkdwn); warning != "" {
		texts = append(texts, warning)
	}
	return texts
}

func commitsHeadSlack(r Release) string {
	text := count(r.Total, "commit")
	if len(r.Authors) > 0 {
		text += " by " + mrkdwn(list(few(r.Authors, 5)))
	}
	if r.Replaces != "" {
		text += ", in place of " + mrkdwn(r.Replaces)
	}
	if r.Compare != "" {
		text += " · " + slackLink("compare", r.Compare)
	}
	return text
}

func slackStages(v View) string {
	var parts []string
	for _, s := range v.Stages {
		part := s.Word.Icon + " " + slackLink(clip(s.Title, 60), s.Link)
		if s.Took != "" {
			part += " " + s.Took
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "   ")
}

// slackDecided says who let the release go, and when.
func slackDecided(g *Gate) []string {
	var texts []string
	for _, a := range g.Approvals {
		texts = append(texts, "✅ Approved by "+approvalSlack(a))
	}
	return texts
}

func slackGate(v View, act bool) []string {
	g := v.Gate
	var texts []string
	for _, p := range g.Places {
		text := "👤 " + count(p.Count, "approval") + " of " + mrkdwn(either(p.Of))
		if len(p.Filled) > 0 {
			text += ": " + mrkdwn(list(p.Filled))
			if p.Missing > 0 {
				text += ", " + count(p.Missing, "place") + " open"
			}
		}
		texts = append(texts, text)
	}
	texts = append(texts, slackDecided(g)...)
	for _, a := range g.Disregarded {
		texts = append(texts, "✖️ "+mrkdwn(a.By)+" does not count: "+mrkdwn(sentence(a.Why.Reason)))
	}
	for _, w := range v.closed() {
		texts = append(texts, w.sign()+" "+mrkdwn(sentence(w.Reason))+" "+mrkdwn(w.Fix))
	}
	var ways []string
	if act && !g.OneClick {
		ways = append(ways, "press Approve here")
	}
	for _, w := range g.ways() {
		if w.command != "" {
			ways = append(ways, w.text+" `"+w.command+"`")
			continue
		}
		ways = append(ways, slackLink(w.text, w.address))
	}
	how := "How: " + either(ways) + "."
	if !g.ExpiresAt.IsZero() {
		how += " Expires at " + stamp(g.ExpiresAt) + "."
	}
	texts = append(texts, how)
	return append(texts, each(g.calls(), mrkdwn)...)
}

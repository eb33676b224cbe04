package templates

import (
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	maxComment     = 65000
	maxDoorComment = 1024
)

// Reply is the answer to a command in a comment: text, which is Markdown of
// this package such as [Status], or the refusal. The hidden marker at its end
// is how a second try finds the first one. Where nothing is to be said beside
// the reaction it is "".
func Reply(refusal *pipeline.Refusal, ok bool, text string, mark string) string {
	var l lines
	switch {
	case refusal != nil:
		whyMD(&l, *refusal)
		l.add("\n%s", code(refusal.Code))
	case text != "":
		l.text(text)
	case !ok:
		l.text("That did not work, and no reason is known. The page of the run may say more.")
	default:
		return ""
	}
	return cutMarkdown(strings.TrimRight(l.String(), "\n"), maxComment, "The rest was cut.") + "\n\n" + marker(mark)
}

// Started is the answer to /deploy when a run has begun.
func Started(page string) string { return "🚀 " + mdLink("The run has started", page) + "." }

// Status is the answer to /status: where the run stands, why, who can move it.
func Status(v View) string {
	var l lines
	l.add("**%s %s: %s**", v.Status.Icon, md(v.Title), v.Status.Text)
	l.add("\n%s %s", md(sentence(v.Headline)), md(v.Next))
	if v.End != nil && v.End.Why != nil && v.End.Why.Lines != "" {
		l.text("\n" + fence(v.End.Why.Lines))
	}
	for _, text := range append(v.Calls, v.Behind) {
		if text != "" {
			l.text("\n" + md(text))
		}
	}
	waits := v.otherWaits()
	if len(waits) > 0 {
		l.head("What it waits for")
	}
	for _, w := range waits {
		l.text("- " + waitMD(w))
	}
	if v.Gate != nil && v.Gate.Open {
		openGateMD(&l, v.Gate)
	}
	queueMD(&l, v)
	l.head("Stages")
	for _, s := range v.Stages {
		l.text("- " + stageMD(s))
	}
	l.add("\n%s", mdLink("Page of this run", v.Facts.Page))
	return cutMarkdown(l.String(), maxComment, "The rest is on "+mdLink("the page of this run", v.Facts.Page)+".")
}

func waitMD(w Wait) string {
	text := md(sentence(w.Reason))
	if w.Fix != "" {
		text += " " + md(sentence(w.Fix))
	}
	// A lock and a freeze say their times themselves.
	var times []string
	if since := stamp(w.Since); !w.Since.IsZero() && !strings.Contains(text, since) {
		times = append(times, "since "+since)
	}
	if until := stamp(w.Until); !w.Until.IsZero() && !strings.Contains(text, until) {
		times = append(times, "at most until "+until)
	}
	if len(times) > 0 {
		text += " " + first(sentence(strings.Join(times, ", ")))
	}
	return text
}

// DoorReport is what Gatehouse says at the environment while the job waits: what
// is missing, and who approved. False: nothing that GitHub's page does not say.
func DoorReport(v View) (string, bool) {
	g := v.Gate
	if g == nil || !g.Open && g.Missing() == 0 || g.Missing() == 0 && !g.NeedsReview {
		return "", false
	}
	text := code(v.Release.Version) + ": " + md(v.Gate.remains())
	if len(g.Approvals) > 0 {
		text += " Approved by " + list(few(approvedBy(g), 8)) + "."
	}
	if !g.ExpiresAt.IsZero() {
		text += " Expires at " + stamp(g.ExpiresAt) + "."
	}
	foot := "\n\n" + mdLink("Gatehouse run "+string(v.Facts.Run), v.Facts.Page)
	return clipEscaped(text, maxDoorComment-len(foot)) + foot, true
}

// approvedBy says of each approval that counts who, where and when.
func approvedBy(g *Gate) []string {
	var by []string
	for _, a := range g.Approvals {
		by = append(by, md(a.By)+" ("+md(a.Surface)+", "+stamp(a.At)+")")
	}
	return by
}

// DoorComment is what Gatehouse writes beside its verdict on a job that waits
// at the environment.
func DoorComment(v View, approve bool) string {
	foot := "\n\n" + mdLink("Gatehouse run "+string(v.Facts.Run), v.Facts.Page)
	var text string
	switch {
	case approve && v.Gate != nil && len(v.Gate.Approvals) > 0:
		text = code(v.Release.Version) + " for " + md(v.Facts.Environment) + ": approved by " + list(few(approvedBy(v.Gate), 8)) + "."
	case approve:
		text = code(v.Release.Version) + " for " + md(v.Facts.Environment) + ": no approval is asked for here."
	case v.End != nil && v.End.Why != nil:
		text = "Not opened: " + md(sentence(v.End.Why.Reason))
		if v.End.Why.Fix != "" {
			text += " " + md(sentence(v.End.Why.Fix))
		}
	default:
		text = "Not opened: " + md(sentence(v.Headline))
	}
	return clipEscaped(text, maxDoorComment-len(foot)) + foot
}

package templates

import (
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// manyCommits is how many commits a gate lists before it counts.
const manyCommits = 20

// gateSummary tells an approver all that a decision needs.
func gateSummary(l *lines, v View, s *Stage) {
	g := v.Gate
	if s.Reason != nil {
		l.text("")
		whyMD(l, *s.Reason)
	}
	if g.Open {
		openGateMD(l, g)
		for _, w := range v.closed() {
			l.add("\n%s %s", w.sign(), waitMD(w))
		}
	}
	approvalsMD(l, g)
	if v.Restore == nil {
		changesMD(l, v.Release)
	}
	if len(g.Behind) > 0 && s.Status != pipeline.StageFailed && s.Status != pipeline.StageCanceled {
		l.head("Behind this gate")
		l.text(strings.Join(each(g.Behind, md), " → "))
	}
}

func openGateMD(l *lines, g *Gate) {
	l.head("Who may approve")
	for _, p := range g.Places {
		l.text("- " + placeMD(p))
	}
	if len(g.Reviewers) > 0 {
		state := "one of them has reviewed"
		if g.NeedsReview {
			state = "none has reviewed yet"
		}
		l.add("- GitHub's own reviewers: %s (%s)", either(each(g.Reviewers, code)), state)
	}
	if g.OneClick {
		l.add("\n**One click remains: %s**", mdLink("Review deployments", g.Review))
	} else {
		l.add("\nHow: %s.", waysMD(g))
	}
	if g.NeedsReason {
		l.text("\nA reason is asked for: write it behind the command or in the review's comment.")
	}
	if !g.ExpiresAt.IsZero() {
		l.add("\nExpires at %s.", stamp(g.ExpiresAt))
	}
	for _, text := range g.calls() {
		l.text("\n" + md(text))
	}
	if g.Advisory {
		l.text("\n" + md(advisory))
	}
}

const advisory = "This gate is advisory: anyone with write access can start the deploy workflow by hand. " +
	"To close that, let Google's workload identity accept only workflow runs whose actor is Gatehouse."

func placeMD(p Place) string {
	text := count(p.Count, "approval") + " of " + either(each(p.Of, code)) + ": "
	if len(p.Filled) > 0 {
		text += md(list(p.Filled)) + " approved"
		if p.Missing > 0 {
			text += ", "
		}
	}
	if p.Missing > 0 {
		text += count(p.Missing, "place") + " open"
	}
	return text
}

func waysMD(g *Gate) string {
	var texts []string
	for _, w := range g.ways() {
		switch {
		case w.command != "":
			texts = append(texts, w.text+" "+code(w.command))
		default:
			texts = append(texts, mdLink(w.text, w.address))
		}
	}
	return either(texts)
}

func approvalsMD(l *lines, g *Gate) {
	if len(g.Approvals) == 0 && len(g.Disregarded) == 0 {
		return
	}
	l.head("Approvals")
	for _, a := range g.Approvals {
		l.text("- ✅ " + approvalMD(a))
	}
	for _, a := range g.Disregarded {
		l.text("- ✖️ " + approvalMD(a) + " — does not count: " + md(sentence(a.Why.Reason)) + fixMD(a.Why.Fix))
	}
	if g.MayWithdraw {
		l.add("\nTo take your own approval back before the door opens: comment %s.", code("/withdraw"))
	}
}

func fixMD(fix string) string {
	if fix == "" {
		return ""
	}
	return " " + md(sentence(fix))
}

func approvalMD(a Approval) string {
	text := md(a.By) + ", " + stamp(a.At) + ", " + md(a.Surface)
	if a.Comment != "" {
		text += ": “" + md(a.Comment) + "”"
	}
	return text
}

// changesMD lists what the release changes, dangerous things first.
func changesMD(l *lines, r Release) {
	l.head("What it changes")
	if r.Unread {
		l.text("The commits are being read.")
		return
	}
	if len(r.Sensitive) > 0 {
		l.add("⚠️ It changes %s\n", r.sensitive(code, 10))
	}
	if warning := r.unmatched(md); warning != "" {
		l.add("%s\n", warning)
	}
	l.text(commitsHeadMD(r))
	for i, c := range r.Commits {
		if i == manyCommits {
			break
		}
		l.add("- %s %s (%s)", mdLink(c.Short, c.Page), md(c.Message), md(list(few(c.Authors, 3))))
	}
	if n := r.more(manyCommits); n > 0 {
		l.add("- and %d more", n)
	}
	if r.Truncated {
		l.text("\nGitHub does not list all commits of this release, so not all authors are known.")
	}
	if r.Policy != nil {
		l.add("\nThe configuration was last changed by %s in %s.", md(list(few(r.Policy.Authors, 3))), mdLink(r.Policy.Short, r.Policy.Page))
	}
}

func commitsHeadMD(r Release) string {
	text := count(r.Total, "commit")
	if len(r.Authors) > 0 {
		text += " by " + md(list(few(r.Authors, 5)))
	}
	if r.Compare != "" {
		text += ": " + mdLink("compare", r.Compare)
	}
	return text
}

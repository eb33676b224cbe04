package templates

import (
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Issue is an issue on GitHub; Body is Markdown.
type Issue struct{ Title, Body string }

// IncidentMarker is hidden in the issue of a rollback, so that it is found again.
func IncidentMarker(run string) string { return "<!-- gatehouse:incident:" + run + " -->" }

// Incident renders the issue of a rollback: what happened and when, what was and
// was not moved back, where help is, and what is left to do.
func Incident(v View, help pipeline.Incident) Issue {
	r := v.Restore
	var l lines
	l.text(restoreLine(v))
	l.add("\nHow it stands: **%s**. %s %s", md(v.Status.Text), md(sentence(v.Headline)), mdLink("Page of the rollback", v.Facts.Page))
	if url := safeURL(help.OnCall); url != "" {
		l.add("\nOn call: %s", mdLink(url, url))
	}
	if url := safeURL(help.Playbook); url != "" {
		l.add("\nPlaybook: %s", mdLink(url, url))
	}
	for _, e := range help.Escalate {
		who := "@" + e.Team
		if e.Team == "" {
			who = e.User
		}
		l.add("\nCalled if nobody has taken it after %s: %s", span(e.After), code(who))
	}
	movesMD(&l, r)
	leftMD(&l, r)
	timelineMD(&l, v)
	l.head("What is left to do")
	if r.BreakGlass {
		l.add("- [ ] Review by somebody other than %s: the glass was broken, no second person approved this rollback", code(r.By))
	}
	for _, todo := range []string{
		"Find the root cause", "Mend it", "Test the mend in staging", "Ship it as a new version", "Write down what happened", "Bring the procedures up to date",
	} {
		l.add("- [ ] %s", todo)
	}
	l.add("\nThe lane of %s is locked until somebody comments `/unlock %s`.", md(v.Facts.Environment), plain(v.Facts.Environment))
	l.text("\n" + IncidentMarker(string(v.Facts.Run)))
	return Issue{
		Title: clip(plain(fmt.Sprintf("Incident: %s (%s)", r.what(), v.Facts.Environment)), maxCheckTitle),
		Body:  l.String(),
	}
}

func timelineMD(l *lines, v View) {
	l.head("Timeline")
	l.add("- %s asked for: %s", stamp(v.Facts.StartedAt), md(sentence(v.Restore.Why)))
	if v.Gate != nil {
		for _, a := range v.Gate.Approvals {
			l.add("- %s approved by %s", stamp(a.At), code(a.By))
		}
	}
	for _, s := range v.Stages {
		if !s.EndedAt.IsZero() {
			l.add("- %s %s: %s", stamp(s.EndedAt), md(s.Title), s.Word.Text)
		}
	}
	for _, n := range v.Notes {
		l.text("- " + stamp(n.At) + " " + noteText(n, md))
	}
	if v.Restore.Restored != "" {
		l.add("\nEverything that moves was back %s after the final approval.", v.Restore.Restored)
	}
}

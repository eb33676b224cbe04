package templates

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// lines collects Markdown, a line at a time.
type lines struct{ b strings.Builder }

func (l *lines) add(format string, args ...any) {
	fmt.Fprintf(&l.b, format, args...)
	l.b.WriteByte('\n')
}

// text adds a line that is no format.
func (l *lines) text(s string) { l.add("%s", s) }

// head opens a section.
func (l *lines) head(title string) { l.add("\n### %s\n", title) }

func (l *lines) String() string { return strings.Trim(l.b.String(), "\n") }

func checkSummary(v View, s *Stage) string {
	var l lines
	if v.Restore != nil {
		l.text(restoreLine(v))
	} else {
		l.text(releaseLine(v))
	}
	switch {
	case s.Kind == pipeline.KindApproval && v.Gate != nil:
		gateSummary(&l, v, s)
	case s.Parked:
		l.text("\nIts workflow has started and waits in GitHub until the gate opens.")
	case s.Reason != nil:
		l.text("")
		whyMD(&l, *s.Reason)
	}
	if v.Restore != nil {
		restoreMD(&l, v.Restore, s)
	}
	liveMD(&l, s.Found)
	stageLinks(&l, v, s)
	checksMD(&l, s.Checks)
	probesMD(&l, s.Probes)
	return l.String()
}

// releaseLine says what goes where and in place of what.
func releaseLine(v View) string {
	text := fmt.Sprintf("%s (%s) → **%s**", code(v.Release.Version), mdLink(v.Release.Short, v.Release.Commit), md(v.Facts.Environment))
	if v.Release.Replaces != "" {
		text += ", in place of " + code(v.Release.Replaces)
	}
	return text
}

// whyMD says a "no" in full: what, what to do, who can, lines, where.
func whyMD(l *lines, why pipeline.Refusal) {
	l.add("**%s**", md(sentence(why.Reason)))
	if why.Fix != "" {
		l.add("\nWhat to do: %s", md(sentence(why.Fix)))
	}
	if why.Lines != "" {
		l.text("\n" + fence(why.Lines))
	}
	if len(why.Who) > 0 {
		l.add("\nWho can: %s", list(each(why.Who, code)))
	}
	if safeURL(why.Source) != "" {
		l.add("\n%s", mdLink("See where it happened", why.Source))
	}
}

func stageLinks(l *lines, v View, s *Stage) {
	if s.Link != "" {
		l.add("\n%s", mdLink("Workflow run in GitHub", s.Link))
	}
	if s.Holder != "" {
		l.add("\n%s", mdLink("The run in front of it", s.Holder))
	}
	if v.End != nil && v.End.ByPage != "" && s.Status == pipeline.StageCanceled {
		l.add("\n%s", mdLink("The newer run", v.End.ByPage))
	}
	if s.Status == pipeline.StageRunning && !s.Deadline.IsZero() {
		l.add("\nRuns since %s, at most until %s.", stamp(s.StartedAt), stamp(s.Deadline))
	}
	if s.Attempt > 1 {
		l.add("\nAttempt %d.", s.Attempt)
	}
}

func checksMD(l *lines, checks []pipeline.CheckResult) {
	if len(checks) == 0 {
		return
	}
	l.head("Checks")
	for _, c := range checks {
		result := c.Conclusion
		if c.Status != "completed" {
			result = c.Status
		}
		l.add("- %s: %s", mdLink(c.Name, c.URL), md(result))
	}
}

func probesMD(l *lines, probes []pipeline.ProbeResult) {
	if len(probes) == 0 {
		return
	}
	l.head("Probes")
	for _, p := range probes {
		l.add("- %s %s%s", probeIcon(p), code("GET "+p.Get), md(probeEnd(p)))
	}
}

func probeIcon(p pipeline.ProbeResult) string {
	switch {
	case p.OK:
		return "✅"
	case p.Critical:
		return "❌"
	}
	return "⚠️"
}

func probeEnd(p pipeline.ProbeResult) string {
	var parts []string
	if p.Status != 0 {
		parts = append(parts, fmt.Sprintf("answered %d in %d ms", p.Status, p.Took/time.Millisecond))
	}
	if p.Reason != "" {
		parts = append(parts, strings.TrimSuffix(p.Reason, "."))
	}
	if p.Tries > 1 {
		parts = append(parts, fmt.Sprintf("%d tries", p.Tries))
	}
	if !p.OK && !p.Critical {
		parts = append(parts, "not critical")
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

// checkText is the story beside the summary. The other stages are not in it: each
// has a check run of its own, and what is said of them here would soon be old.
func checkText(v View) string {
	var l lines
	notesMD(&l, v.Notes)
	l.add("\nStarted by %s at %s. %s", md(v.Facts.StartedBy), stamp(v.Facts.StartedAt), mdLink("Page of this run", v.Facts.Page))
	return l.String()
}

func stageMD(s Stage) string {
	text := s.Word.Icon + " " + mdLink(s.Title, s.Link) + ": " + s.Word.Text
	if s.Took != "" {
		text += ", " + s.Took
	}
	if s.Reason != nil && s.Status != pipeline.StageSkipped {
		text += ". " + md(sentence(s.Reason.Reason))
	}
	return text
}

func notesMD(l *lines, notes []Note) {
	if len(notes) == 0 {
		return
	}
	l.head("Notes")
	for _, n := range notes {
		l.text("- " + stamp(n.At) + " " + noteText(n, md))
	}
}

// noteText names who did it, unless the text begins with the name.
func noteText(n Note, by func(string) string) string {
	if n.Who == "" || strings.Contains(n.Text, n.Who) {
		return by(n.Text)
	}
	return by(n.Who + " " + n.Text)
}

package templates

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Text renders a run for a terminal or a log: no markup, no color, nothing that
// a terminal would obey.
func Text(v View) string {
	var b strings.Builder
	say := func(format string, args ...any) {
		fmt.Fprintf(&b, format+"\n", args...)
	}
	say("%s: %s", plain(v.Title), v.Status.Text)
	say("%s", plain(sentence(v.Headline)))
	if v.Next != "" {
		say("%s", plain(v.Next))
	}
	if v.Behind != "" {
		say("%s", plain(v.Behind))
	}
	for _, text := range v.Calls {
		say("%s", plain(text))
	}
	for _, w := range v.otherWaits() {
		if w.Reason != v.Headline {
			say("Also: %s", plain(sentence(w.Reason)))
		}
		if w.Fix != "" {
			say("  %s", plain(sentence(w.Fix)))
		}
	}
	if v.End != nil && v.End.Why != nil && v.End.Why.Lines != "" {
		for line := range strings.Lines(v.End.Why.Lines) {
			say("    %s", indented(line))
		}
	}
	say("")
	if len(v.Observed) > 0 {
		observedText(say, v.Observed)
	} else {
		stagesText(&b, v.Stages)
	}
	if v.Gate != nil {
		say("")
		gateText(say, v.Gate)
	}
	for _, n := range v.Notes {
		say("%s  %s", stamp(n.At), noteText(n, plain))
	}
	say("\n%s", releaseText(v))
	say("Run %s, started by %s at %s", v.Facts.Run, plain(v.Facts.StartedBy), stamp(v.Facts.StartedAt))
	say("%s", v.Facts.Page)
	return b.String()
}

func observedText(say func(string, ...any), all []Decision) {
	for _, d := range all {
		title := plain(d.Title) + ": "
		if d.Title == "" {
			title = ""
		}
		if d.Refused == nil {
			say("%s%s", title, plain(d.Text))
			continue
		}
		say("❌ %s%s %s", title, plain(sentence(d.Refused.Reason)), plain(sentence(d.Refused.Fix)))
	}
}

func stagesText(b *strings.Builder, stages []Stage) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, s := range stages {
		line := "  " + plain(s.Title) + "\t" + s.Word.Text + "\t" + s.Took + s.SoFar + "\t"
		if s.Reason != nil {
			line += plain(s.Reason.Reason)
		}
		_, _ = fmt.Fprintln(w, line)
	}
	_ = w.Flush() // a strings.Builder takes everything
	for line := range strings.Lines(table.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

// indented is a line to paste: its spaces count, all else is as harmless as in plain.
func indented(line string) string {
	body := strings.TrimLeft(line, " ")
	return line[:len(line)-len(body)] + plain(body)
}

func gateText(say func(string, ...any), g *Gate) {
	for _, p := range g.Places {
		say("Needs %s of %s; missing: %d", count(p.Count, "approval"), plain(either(p.Of)), p.Missing)
	}
	for _, a := range g.Approvals {
		say("Approved by %s, %s, %s", plain(a.By), stamp(a.At), plain(a.Surface))
	}
	for _, a := range g.Disregarded {
		say("Does not count: %s, %s, %s. %s", plain(a.By), stamp(a.At), plain(a.Surface), plain(sentence(a.Why.Reason)))
	}
	if !g.Open {
		return
	}
	for _, w := range g.ways() {
		say("To approve: %s %s%s", w.text, w.command, w.address)
	}
	if g.NeedsReason {
		say("A reason is asked for.")
	}
	for _, text := range g.calls() {
		say("%s", plain(text))
	}
	if g.Advisory {
		say("%s", advisory)
	}
	if g.ExpiresIn != "" {
		say("Expires at %s, in %s", stamp(g.ExpiresAt), g.ExpiresIn)
	}
}

func releaseText(v View) string {
	if v.Restore != nil {
		return strings.Join(restoreLines(v, plain), "\n")
	}
	text := plain(v.Release.Version) + " (" + v.Release.Short + "), " + count(v.Release.Total, "commit")
	if len(v.Release.Authors) > 0 {
		text += " by " + plain(list(few(v.Release.Authors, 5)))
	}
	if v.Release.Replaces != "" {
		text += ", in place of " + plain(v.Release.Replaces)
	}
	if warning := v.Release.unmatched(plain); warning != "" {
		text += "\n" + warning
	}
	return text
}

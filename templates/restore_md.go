package templates

import (
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// restoreMD is what the check runs of a rollback say.
func restoreMD(l *lines, r *Restore, s *Stage) {
	switch s.Kind {
	case pipeline.KindTarget, pipeline.KindRestore, pipeline.KindApproval:
		movesMD(l, r)
		leftMD(l, r)
	default:
	}
}

func movesMD(l *lines, r *Restore) {
	if len(r.Moves) == 0 {
		return
	}
	l.head("What moves back")
	l.text("| | component | from | to | |\n|---|---|---|---|---|")
	for _, m := range r.Moves {
		note := m.How
		if m.Took != "" {
			note = joined(note, m.Took)
		}
		if m.Reaches != "" && m.Why == nil {
			note = joined(note, "reaches everybody within "+m.Reaches)
		}
		if m.Why != nil {
			note = joined(note, sentence(m.Why.Reason))
		}
		l.add("| %s %s | %s | %s | %s | %s |", m.Word.Icon, m.Word.Text, md(m.Name), code(m.From), code(m.To), md(note))
	}
	if r.Same > 0 {
		l.add("\n%s already there.", count(r.Same, "component"))
	}
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

func leftMD(l *lines, r *Restore) {
	if len(r.Left) > 0 {
		l.head("What stays as it is")
		partsMD(l, r.Left)
	}
	if len(r.Migrations) > 0 {
		l.add("\nMigrations applied since stay applied: %s.", list(each(r.Migrations, code)))
	}
	l.text("\nNever touched: balances, payments, chats, user data.")
}

func partsMD(l *lines, parts []Part) {
	for _, p := range parts {
		l.add("- **%s**: %s %s", md(p.Name), md(sentence(p.Why.Reason)), md(sentence(p.Why.Fix)))
	}
}

// liveMD is what a backup or a deploy found.
func liveMD(l *lines, v *Found) {
	if v == nil {
		return
	}
	l.add("\nRecorded at %s: %s.", stamp(v.At), count(v.Recorded, "component"))
	changesMDOf(l, "What this deploy changed", v.Changes)
	changesMDOf(l, "What changed outside of Gatehouse since the last release", v.Drift)
	if len(v.Fragile) > 0 {
		l.head("What could not be returned to")
		partsMD(l, v.Fragile)
	}
}

func changesMDOf(l *lines, title string, changes []Change) {
	if len(changes) == 0 {
		return
	}
	l.head(title)
	for i, c := range changes {
		if i == manyCommits {
			l.add("- and %d more", len(changes)-i)
			return
		}
		l.add("- %s: %s → %s", md(c.Name), code(c.From), code(c.To))
	}
}

// restoreLine says what goes back where.
func restoreLine(v View) string {
	r := v.Restore
	return fmt.Sprintf("%s in **%s**. %s\n\nReason: %s", md(r.what()), md(v.Facts.Environment), md(r.who()), md(sentence(r.Why)))
}

// restoreLines is the same for a message, escaped by the surface's own rule.
func restoreLines(v View, by func(string) string) []string {
	r := v.Restore
	texts := []string{by(r.what() + ". " + r.who()), by("Reason: " + sentence(r.Why))}
	for i, m := range r.Moves {
		if i == manyCommits {
			texts = append(texts, fmt.Sprintf("• and %d more", len(r.Moves)-i))
			break
		}
		text := "• " + m.Word.Icon + " " + by(m.Name+": "+m.From+" → "+m.To)
		if m.Why != nil {
			text += " — " + by(sentence(m.Why.Reason))
		}
		texts = append(texts, text)
	}
	for _, p := range r.Left {
		texts = append(texts, "• ⚠️ "+by(p.Name+" stays: "+sentence(p.Why.Reason)))
	}
	if r.Restored != "" {
		texts = append(texts, "Everything that moves was back "+r.Restored+" after the approval.")
	}
	return texts
}

package templates

import "github.com/gatehouse-app/gatehouse/pipeline"

// Decision is what a stage of an observed run would have come to.
type Decision struct {
	Title   string // of the stage; empty: the run as a whole
	Text    string
	Refused *pipeline.Refusal
}

func (m *maker) observed() []Decision {
	var all []Decision
	for _, d := range m.run.Decisions {
		out := Decision{Text: d.Text, Refused: d.Refused}
		if st := m.run.Plan().Stage(d.Stage); st != nil {
			out.Title = st.Title
		}
		all = append(all, out)
	}
	return all
}

// ObservedCheck renders the one check run of an observed run. It is neutral
// whatever it says: it must neither block a commit nor speak for it.
func ObservedCheck(v View) Check {
	c := Check{
		Name:       clip(plain(v.Facts.Pipeline+" (observe)"), maxCheckName),
		ExternalID: pipeline.ExternalID(v.Facts.Run, "observe", 1),
		DetailsURL: v.Facts.Page,
		Status:     CheckCompleted,
		Conclusion: ConcludeNeutral,
		StartedAt:  v.Facts.StartedAt,
		Title:      "Would begin; nothing was started",
	}
	if v.End != nil {
		c.CompletedAt = v.End.At
	}
	if n := refusals(v.Observed); n > 0 {
		c.Title = count(n, "thing") + " would stop it"
	}
	var l lines
	l.text(releaseLine(v))
	l.add("\n%s %s", md(v.Headline), md(v.Next))
	l.head("What would have happened")
	for _, d := range v.Observed {
		l.text("- " + decisionMD(d))
	}
	note := "The rest is on " + mdLink("the page of this run", v.Facts.Page) + "."
	c.Summary = cutMarkdown(l.String(), maxSummary, note)
	c.Text = cutMarkdown(checkText(v), maxSummary, note)
	return c
}

func decisionMD(d Decision) string {
	text := "**" + md(d.Title) + "**: "
	if d.Title == "" {
		text = ""
	}
	if d.Refused == nil {
		return text + md(d.Text)
	}
	text = "❌ " + text + md(sentence(d.Refused.Reason))
	if d.Refused.Fix != "" {
		text += " What to do: " + md(sentence(d.Refused.Fix))
	}
	if d.Refused.Lines != "" {
		text += "\n\n" + fence(d.Refused.Lines) + "\n"
	}
	return text
}

func refusals(all []Decision) int {
	n := 0
	for _, d := range all {
		if d.Refused != nil {
			n++
		}
	}
	return n
}

package templates

import (
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// runPage is what the page of a run is rendered from.
type runPage struct {
	View
	Line     RunLine
	Waits    []webWait // those that the gate does not say better
	Ways     []webWay
	Others   []string // who else is told if nobody approves, and when
	Advisory string
	Ended    *pipeline.Refusal // the "no" that ended the run, if it takes more than a sentence
	Log      []pipeline.Entry
	Acts     Acts
}

// webWay is one way to open a gate.
type webWay struct{ Text, URL, Command string }

// webWait is a wait with its "no" in the form that pages render.
type webWait struct {
	Stage        string
	Why          pipeline.Refusal
	Since, Until time.Time
}

// end says a long "no" once, where the page begins, and not again at its stage.
func (p *runPage) end() {
	if p.End == nil || p.End.Why == nil {
		return
	}
	why := p.End.Why
	if why.Lines == "" && len(why.Who) == 0 && safeURL(why.Source) == "" {
		return
	}
	p.Ended, p.Stages = why, slices.Clone(p.Stages)
	for i := range p.Stages {
		if r := p.Stages[i].Reason; r != nil && r.Fix == why.Fix && strings.HasSuffix(why.Reason, r.Reason) {
			p.Stages[i].Reason = &pipeline.Refusal{Reason: r.Reason}
		}
	}
}

// Main is the way that a page makes a button of; its URL is "" if there is none.
func (g *Gate) Main() Link {
	switch {
	case g.NeedsReview && g.Review != "":
		return Link{Text: "Review deployments", URL: g.Review}
	case !g.NeedsReason:
		return Link{Text: "Approve on the check", URL: g.Checks}
	}
	return Link{}
}

// Run renders the page of a run with its part of the audit trail, oldest first,
// and what the viewer can do.
func (p *Pages) Run(line RunLine, installation int64, log []pipeline.Entry, acts Acts) ([]byte, error) {
	v := line.View
	page := runPage{View: v, Line: line, Log: log, Acts: acts}
	page.end()
	for _, w := range v.otherWaits() {
		if w.Reason != v.Headline || w.Fix != "" || len(w.Who) > 0 {
			why := pipeline.Refusal{Reason: w.Reason, Fix: w.Fix, Who: w.Who, Source: w.Source}
			page.Waits = append(page.Waits, webWait{Stage: w.Stage, Why: why, Since: w.Since, Until: w.Until})
		}
	}
	if v.Gate != nil && v.Gate.Open {
		for _, w := range v.Gate.ways() {
			page.Ways = append(page.Ways, webWay{Text: first(strings.TrimSuffix(w.text, ":")), URL: w.address, Command: w.command})
		}
		page.Others = v.Gate.calls()
		if v.Gate.Advisory {
			page.Advisory = advisory
		}
	}
	follow := "run/" + tenantID(installation, string(v.Facts.Run)) + " lane/" + tenantID(installation, string(line.Lane))
	return p.render("run", frame{
		Title: plain(v.Release.Version) + " · " + plain(v.Facts.Environment) + " · " + v.Status.Text, Follow: follow, Now: v.Facts.Now, Page: page, Form: acts.Any(),
	})
}

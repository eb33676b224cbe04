package templates

import (
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// BackLink leads to the page on which a lane is taken back.
type BackLink struct {
	Action string
	To     string            // a run; "": the release that is usual
	NotHim *pipeline.Refusal // why the viewer may not
}

// BackPage is the page on which a lane is taken back to an earlier release.
type BackPage struct {
	Lane        LaneView
	Environment string
	Action      string // where its forms go
	Leaves      string // the run whose release is left; "": nothing is live
	Phrase      string // what is to be typed
	BreakGlass  bool   // it may be broken here
	Underway    string // page of a rollback that goes on already; "": none does
	Choices     []BackChoice
	Plan        *pipeline.RestorePlan // nil: none yet
	PlanID      string                // the command that asked for it
	PlannedAt   time.Time
	Pending     string            // the button whose answer is awaited
	Refused     *pipeline.Refusal // of the last button
	RefusedRun  string            // page of the run that ended with it; "": there was none
	NotHim      *pipeline.Refusal // set: the viewer may not; nothing else is shown
	Typed       BackTyped
	Now         time.Time
}

// BackChoice is a release that may be returned to, or why not.
type BackChoice struct {
	pipeline.Released
	Usual bool // the one that is meant where none is named
	Why   *pipeline.Refusal
}

// BackTyped is what stood in the form when it was sent.
type BackTyped struct {
	To, Phrase, Reason string
	BreakGlass         bool
}

// backPage is what the page is rendered from.
type backPage struct {
	BackPage
	Offered []BackChoice
	Others  []BackChoice
	Chosen  string // the run that the list shows
	Restore *Restore
	Takes   string
}

// renewAfter is how often, in seconds, a page looks whether its answer is there.
const renewAfter = 2

// Back renders it. While an answer is awaited the page renews itself; once there
// is a form, nothing does.
func (p *Pages) Back(b BackPage) ([]byte, error) {
	page := backPage{BackPage: b, Chosen: b.Typed.To}
	for _, c := range b.Choices {
		switch {
		case c.Why == nil:
			page.Offered = append(page.Offered, c)
		case string(c.Run) != b.Leaves:
			page.Others = append(page.Others, c)
		}
		if c.Usual && page.Chosen == "" {
			page.Chosen = string(c.Run)
		}
	}
	if b.Plan != nil {
		page.Restore, page.Takes = planned(*b.Plan)
		page.Chosen = string(b.Plan.Target.Run)
	}
	// The usual one first: it is what a hurried person means.
	slices.SortStableFunc(page.Offered, func(a, b BackChoice) int {
		switch {
		case a.Usual == b.Usual:
			return 0
		case a.Usual:
			return -1
		}
		return 1
	})
	f := frame{Title: "Roll back · " + plain(b.Environment), Now: b.Now, Page: page, Form: true}
	switch {
	case b.Pending != "":
		f.Renew = renewAfter
	case b.NotHim == nil:
		f.Follow = "lane/" + tenantID(b.Lane.Installation, string(b.Lane.Lane))
	}
	return p.render("back", f)
}
